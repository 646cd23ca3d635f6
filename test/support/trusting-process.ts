/**
 * A module in a Node process of its own that trusts an authority, for SDKs that speak https only: Node reads `NODE_EXTRA_CA_CERTS` when a
 * process starts. Its exported functions are called from here; arguments and answers go as JSON.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What the process was asked, and what it answers. */
interface Call {
  readonly id: number;
  readonly name: string;
  readonly given: readonly unknown[];
}
interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Readonly<Record<string, unknown>>;
}

type Exports = Readonly<Record<string, (...given: never[]) => unknown>>;
export interface TrustingProcess<Module> {
  readonly call: <Name extends keyof Module & string>(
    name: Name,
    ...given: Module[Name] extends (...given: infer Given) => unknown ? Given : never
  ) => Promise<Module[Name] extends (...given: never[]) => infer Value ? Awaited<Value> : never>;
  readonly stop: () => Promise<void>;
}

/** What the function threw: its own members, as far as they are JSON, with `message` and `name`. */
class ThrownThere extends Error {}

const root = new URL('../..', import.meta.url);

/** `module` exports functions only; `authority` is PEM. */
export async function startTrusting<Module>(
  module: URL,
  authority: string,
): Promise<TrustingProcess<Module>> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-trusting-'));
  const file = join(folder, 'ca.pem');
  await writeFile(file, authority);
  const child = fork(fileURLToPath(import.meta.url), [fileURLToPath(module)], {
    cwd: fileURLToPath(root),
    execArgv: ['--import', './test/support/typescript.mjs'],
    env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: file },
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  child.once('exit', (code) => {
    for (const [id, tell] of waiting) tell({ id, error: { message: `the process ended with ${code}` } });
  });
  let calls = 0;
  return {
    call: (name, ...given) =>
      new Promise((resolve, reject) => {
        const id = (calls += 1);
        waiting.set(id, ({ value, error }) => {
          waiting.delete(id);
          if (error) reject(Object.assign(new ThrownThere(), error));
          else resolve(value as never);
        });
        child.send({ id, name, given } satisfies Call);
      }),
    stop: async () => {
      if (child.exitCode === null) {
        child.disconnect();
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true });
    },
  };
}

async function serve(path: string): Promise<void> {
  const module = (await import(pathToFileURL(path).href)) as Exports;
  process.on('message', ({ id, name, given }: Call) => {
    const run = module[name] as (...all: readonly unknown[]) => unknown;
    void Promise.resolve(given)
      .then((all) => run(...all))
      .then(
        (value): Answer => ({ id, value }),
        (error: unknown): Answer => ({ id, error: membersOf(error) }),
      )
      .then((answer) => process.send!(answer));
  });
  process.on('disconnect', () => process.exit(0));
}

/** Causes too: what a server answered stands there, as an error or as it came. */
const membersOf = (thrown: unknown): Record<string, unknown> => ({
  ...(JSON.parse(JSON.stringify(thrown)) as object),
  ...(thrown instanceof Error && {
    name: thrown.name,
    message: thrown.message,
    ...(thrown.cause !== undefined && { cause: membersOf(thrown.cause) }),
  }),
});

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2]!);
