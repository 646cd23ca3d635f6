import { afterAll, beforeAll, expect, test } from 'vitest';
import { action, WorkerUnderTest } from './worker-under-test.js';
let worker: WorkerUnderTest;
beforeAll(async () => {
  worker = await WorkerUnderTest.start();
});
afterAll(() => worker.end());
test('x', async () => {
  const r = await worker.run(
    action(
      `  console.log('hi %s', event.user.user_id, {a:1}, new Map([[1,2]]), Buffer.from('x'), new Error('q'), [1,,3]);\n  api.idToken.setCustomClaim('https://x/y', { a: 1, __proto__x: 2 });\n  null.x`,
    ),
  );
  console.log(JSON.stringify(r, null, 1), worker.stderr);
  for (let i = 0; i < 5; i++) console.log(JSON.stringify(await worker.run(action('api.access.deny("x")'))));
  expect(r.error?.line).toBe(4);
});
