/** Packages from the operator's folder, bundled by the server and required in the sandbox. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { bundlePackages } from '../../src/sandbox/package-bundles.js';
import type { RunReport } from '../../src/sandbox/messages.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { entry } from './scripted-worker.js';

const sandbox = new Sandbox();
afterAll(() => sandbox.close());

const run = async (
  body: string,
  names: readonly string[],
  event: Readonly<Record<string, unknown>> = {},
): Promise<RunReport> => {
  const code = `exports.onExecutePostLogin = async (event, api) => {\n${body}\n};`;
  const modules = await bundlePackages({
    code,
    dependencies: names.map((name) => ({ name, version: 'latest' })),
    from: import.meta.dirname,
  });
  return sandbox.run(
    { key: code, code, file: 'action.js', modules },
    { ...entry, event: { request: {}, ...event } },
    10_000,
  );
};

test('jsonwebtoken signs and verifies, run after run', async () => {
  for (let count = 0; count < 3; count += 1) {
    const { error, logs } = await run(
      `const jwt = require('jsonwebtoken');
      const token = jwt.sign({ sub: 'alice' }, 'secret', { expiresIn: '1m' });
      console.log(jwt.verify(token, 'secret').sub);`,
      ['jsonwebtoken'],
    );
    expect(error).toBeNull();
    expect(logs).toEqual([{ level: 'log', text: 'alice' }]);
  }
});

test('jose, which is ES modules, signs and verifies', async () => {
  const { error, logs } = await run(
    `const { SignJWT, jwtVerify } = require('jose');
    const key = new TextEncoder().encode('a secret of at least thirty-two bytes');
    const token = await new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'HS256' }).sign(key);
    console.log((await jwtVerify(token, key)).payload.sub);`,
    ['jose'],
  );
  expect(error).toBeNull();
  expect(logs).toEqual([{ level: 'log', text: 'alice' }]);
});

test('axios fetches, and tells a refusal with its status', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/no' ? 403 : 200, { 'content-type': 'application/json' });
    response.end('{"roles":["admin"]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (let count = 0; count < 3; count += 1) {
    const { error, logs } = await run(
      `const axios = require('axios');
      const { data } = await axios.get(event.base + '/');
      const refused = await axios.post(event.base + '/no', { a: 1 }).catch((reason) => reason);
      console.log(data.roles.join(), refused.response.status, axios.isAxiosError(refused));`,
      ['axios'],
      { base },
    );
    expect(error).toBeNull();
    expect(logs).toEqual([{ level: 'log', text: 'admin 403 true' }]);
  }
  server.close();
});

test('a package that is not declared is not there', async () => {
  const { error } = await run(`require('axios');`, []);
  expect(error).toMatchObject({ kind: 'threw', line: 2, message: expect.stringContaining('axios') });
});
