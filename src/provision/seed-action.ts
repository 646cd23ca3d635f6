import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ActionDeploymentService, SeededAction } from '../login/action-deployment.service.js';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { faultIn, faultInWords } from '../tenant/action-code.js';
import { ACTION_LIMITS } from '../tenant/action.js';
import type { SeedAction } from '../tenant/seed-action.js';
import { unreadable } from './start-error.js';

/** What is wrong with an Action of the seed, and with which member of it. */
interface SeedActionFault {
  readonly member: 'code' | 'dependencies';
  readonly detail: string;
}
interface ReadSeedAction {
  readonly action?: SeededAction;
  readonly fault?: SeedActionFault;
}

/** An Action of the seed file `file` with its code, which must be there, be JavaScript, and find its packages. */
export async function readSeedAction(
  { name, displayName, trigger, code: written, secrets, dependencies, runtime }: SeedAction,
  {
    file,
    tryPackages,
  }: { readonly file: string; readonly tryPackages: ActionDeploymentService['tryPackages'] },
): Promise<ReadSeedAction> {
  const path = resolve(dirname(file), written);
  const source = { file: written, path, modulesFrom: dirname(path) };
  let code: string;
  try {
    const { size } = await stat(path);
    if (size > ACTION_LIMITS.codeInBytes)
      return inCode(`${written} has more than ${ACTION_LIMITS.codeInBytes} bytes (100 kB)`);
    code = await readFile(path, 'utf8');
  } catch (error) {
    return inCode(`${path} cannot be read: ${unreadable(error)}; paths begin at the folder of the seed file`);
  }
  const broken = faultIn(code);
  if (broken) return inCode(`${written}:${faultInWords(broken)}`);
  try {
    await tryPackages({ code, dependencies, modulesFrom: source.modulesFrom });
  } catch (error) {
    if (!(error instanceof MintmarkError)) throw error;
    return { fault: { member: 'dependencies', detail: error.description } };
  }
  return {
    action: {
      body: {
        name,
        supported_triggers: [{ id: trigger }],
        code,
        dependencies: [...dependencies],
        runtime,
        secrets: [...secrets],
      },
      displayName,
      source,
    },
  };
}

const inCode = (detail: string): ReadSeedAction => ({ fault: { member: 'code', detail } });
