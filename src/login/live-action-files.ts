/** Actions of the seed file, read again whenever their author saved them: a saved file is live at the next login. */
import { statSync, type BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ActionError } from '../actions/action-error.js';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { faultIn } from '../tenant/action-code.js';
import { ACTION_LIMITS, type DeployedAction } from '../tenant/action.js';

/**
 * File systems tell the time of a save in ticks, and two saves of one length may fall into one: a file that was saved just now is read
 * again, whatever they tell.
 */
const SETTLED_AFTER_MS = 2000;

/** Deploys what a file says now; done once, also where several instances see one save. */
export type DeploySaved = (action: DeployedAction, code: string) => Promise<void>;

/**
 * What each file was like when it was last found in order. A file that is gone, or that cannot be parsed, is told at each login until it
 * is mended: running the last version that worked would have its author look for a mistake that they have not made.
 */
export class LiveActionFiles {
  readonly #inOrder = new Map<string, string>();
  /** Files that are being looked at; of logins at once one does it. */
  readonly #looking = new Map<string, Promise<boolean>>();

  constructor(
    private readonly deploySaved: DeploySaved,
    private readonly clock: { now(): Date },
  ) {}

  /**
   * Looks at the files of these Actions, which costs a `stat` each. True where one was deployed anew, so that the caller loads the Actions
   * again. Throws ActionError `action_unusable`, with file and line, where one cannot run as it was saved.
   */
  async refresh(actions: readonly DeployedAction[]): Promise<boolean> {
    let isAnyNew = false;
    for (const action of actions)
      if (action.liveFile !== null && this.#hasChanged(action.liveFile, action))
        isAnyNew = (await this.#look(action.liveFile, action)) || isAnyNew;
    return isAnyNew;
  }

  #hasChanged(path: string, { id }: DeployedAction): boolean {
    const known = this.#inOrder.get(id);
    const stats = statsOf(path);
    return known === undefined || stats === undefined || stampOf(path, stats) !== known;
  }

  #look(path: string, action: DeployedAction): Promise<boolean> {
    const key = JSON.stringify([action.id, path]);
    const looking =
      this.#looking.get(key) ??
      this.#deployIfChanged(path, action).finally(() => {
        this.#looking.delete(key);
      });
    this.#looking.set(key, looking);
    return looking;
  }

  async #deployIfChanged(path: string, action: DeployedAction): Promise<boolean> {
    const stats = statsOf(path);
    const code = await savedCode(path, stats, action);
    const isNew = code !== action.code;
    if (isNew) {
      refuseBroken(code, action);
      await this.#deploy(action, code);
    }
    const age = Math.abs(this.clock.now().getTime() - Number(stats?.mtimeMs));
    if (stats && age > SETTLED_AFTER_MS) this.#inOrder.set(action.id, stampOf(path, stats));
    else this.#inOrder.delete(action.id);
    return isNew;
  }

  async #deploy(action: DeployedAction, code: string): Promise<void> {
    try {
      await this.deploySaved(action, code);
    } catch (error) {
      if (!(error instanceof MintmarkError)) throw error;
      throw unusable(action, '', error.description, error);
    }
  }
}

const statsOf = (path: string): BigIntStats | undefined => {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // a part of its path is no folder, or may not be entered; reading it will tell
    return undefined;
  }
};

const stampOf = (path: string, { mtimeNs, size, ino }: BigIntStats): string =>
  [mtimeNs, size, ino, path].join(' ');

async function savedCode(
  path: string,
  stats: BigIntStats | undefined,
  action: DeployedAction,
): Promise<string> {
  if (stats && stats.size > ACTION_LIMITS.codeInBytes)
    throw unusable(action, '', `it has more than ${ACTION_LIMITS.codeInBytes} bytes`);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(
      action,
      '',
      'it cannot be read; save it there again, or take the Action out of the seed file and start anew',
      error,
    );
  }
}

function refuseBroken(code: string, action: DeployedAction): void {
  // editors empty a file before they write it
  if (code.trim() === '') throw unusable(action, '', 'it is empty');
  const fault = faultIn(code);
  if (fault)
    throw unusable(
      action,
      [fault.line, fault.column].map((count) => (count === null ? '' : `:${count}`)).join(''),
      fault.message,
    );
}

const unusable = (
  { name, file }: DeployedAction,
  place: string,
  what: string,
  cause?: unknown,
): ActionError =>
  new ActionError(
    'action_unusable',
    `The Action ${JSON.stringify(name)} cannot run as it was saved: ${file}${place}: ${what}.`,
    { cause },
  );
