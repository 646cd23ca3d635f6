/**
 * A process with a sandbox in it, for what only the end of a process, or a signal to all of a terminal, can show. Says the id of a worker
 * that has run something; `hang` has one spin then, and `wait` has the real one wait, and says how that ended.
 */
import { writeFileSync } from 'node:fs';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { entry, scripted, scriptedWorker } from './scripted-worker.js';

const [, , what, file = ''] = process.argv;

async function useScriptedWorker(): Promise<void> {
  const sandbox = new Sandbox({ worker: () => scriptedWorker() });
  const answer = await sandbox.run(scripted('start(); log(String(pid)); done(); idle();'), entry, 10_000);
  process.stdout.write(`${answer.logs[0]!.text}\n`);
  if (what !== 'hang') return;
  const hang = scripted(
    'start(); require("fs").writeFileSync(event.request.hostname, String(pid)); for (;;);',
  );
  await sandbox.run(hang, { ...entry, event: { request: { hostname: file } } }, 600_000);
}

async function waitInTheRealWorker(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const sandbox = new Sandbox();
  await sandbox.warm();
  const code = `exports.onExecutePostLogin = async () => { await new Promise((resolve) => setTimeout(resolve, 1200)); };`;
  const run = sandbox.run({ key: 'wait', code, file: 'wait.js', modules: [] }, entry, 20_000);
  writeFileSync(file, '');
  const { error } = await run;
  process.stdout.write(`ended with ${error?.message ?? 'nothing'}\n`);
}

await (what === 'wait' ? waitInTheRealWorker() : useScriptedWorker());
