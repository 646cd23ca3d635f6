/** A process with a sandbox in it, for what only the end of a process can show. Says the id of the worker, and then what it did. */
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { entry, scripted, scriptedWorker } from './scripted-worker.js';

const sandbox = new Sandbox({ worker: () => scriptedWorker() });
const answer = await sandbox.run(scripted('start(); log(String(pid)); done(); idle();'), entry, 10_000);
process.stdout.write(`${answer.logs[0]!.text}\n`);
if (process.argv[2] === 'hang') {
  // The worker that is free is the one that has just answered, or the other; both are told.
  const hang = scripted(
    'start(); log(String(pid)); require("fs").writeFileSync(event.request.hostname, String(pid)); for (;;);',
  );
  await sandbox.run(hang, { ...entry, event: { request: { hostname: process.argv[3]! } } }, 600_000);
}
