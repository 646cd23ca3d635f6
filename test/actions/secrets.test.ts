/** A secret goes where its author sends it, on the wire; it stands in no timeline, no page, no error and no log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bindHandlers,
  executedIn,
  idTokenOf,
  inspectionOf,
  makeParties,
  oidcLogin,
  responseXmlOf,
  samlLogin,
  type LoginView,
} from '../support/actions.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { textsOf } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const SECRET = 'k3y-of-"the"-office\\vault';
/** Parts of it that stand in no other text, in whatever way it is written. */
const PARTS = ['k3y-of', 'office', 'vault'] as const;
const withSecret = (body: string, name = 'Knows') => ({ name, body, secrets: { KEY: SECRET } });
const show = (body: string): ReturnType<typeof withSecret> =>
  withSecret(`const key = event.secrets.KEY; ${body}`);

const partsIn = (text: string): readonly string[] => PARTS.filter((part) => text.includes(part));

/** In what is told of a login beside the bytes that it sent. */
async function expectHidden(login: LoginView): Promise<void> {
  const { timeline, failure } = await inspectionOf(server, login);
  const shown = JSON.stringify([timeline, failure, login.reason, login.error_description]);
  expect(shown).toContain('(secret)');
  expect(partsIn(shown)).toEqual([]);
}

test('a secret in a claim or an attribute is on the wire as its author wants, and not in the timeline', async () => {
  await bindHandlers(server, [
    show(
      `api.idToken.setCustomClaim('https://app.example.test/key', key); api.samlResponse.setAttribute('key', key);`,
    ),
  ]);
  const oidc = await oidcLogin(server);
  expect(idTokenOf(oidc)['https://app.example.test/key']).toBe(SECRET);
  await expectHidden(oidc);
  const saml = await samlLogin(server);
  expect(textsOf(responseXmlOf(saml), 'key')).toEqual([SECRET]);
  await expectHidden(saml);
});

test.each([
  ['an exception', `throw new Error('they refused ' + key);`],
  ['the name of an exception', `const error = new Error('no'); error.name = key; throw error;`],
  ['a text that is thrown', `throw key;`],
  ['a denial', `api.access.deny('not with ' + key);`],
  ['a validation error', `api.validation.error('no', key);`],
  [
    'the console',
    `console.log(key, { key }, JSON.stringify({ key })); throw new Error(encodeURIComponent(key));`,
  ],
  ['a refused argument', `api.samlResponse.setSignatureAlgorithm(key);`],
  ['metadata', `api.transaction.setMetadata(key, key); api.user.setAppMetadata('k', { [key]: [key] });`],
  ['a cache', `api.cache.set('key', key); api.cache.get('key');`],
  ['a redirect', `api.redirect.sendUserTo('https://page.example.test/?key=' + encodeURIComponent(key));`],
  ['a token', `api.redirect.encodeToken({ secret: key, payload: { key } }); console.log(key);`],
])('a secret is hidden in what is told of %s', async (_what, body) => {
  await bindHandlers(server, [show(body)]);
  for (const login of [await oidcLogin(server), await samlLogin(server)]) {
    await expectHidden(login);
    expect(partsIn(responseXmlOf(login))).toEqual([]);
  }
});

test('a secret of one Action is hidden where a later one replaces, prints or throws it', async () => {
  await bindHandlers(server, [
    {
      ...show(`api.idToken.setCustomClaim('a', key); api.transaction.setMetadata('k', key);`),
      name: 'First',
    },
    {
      name: 'Second',
      body: `api.idToken.setCustomClaim('a', 'other'); console.log(event.transaction.metadata.k);
             throw new Error('found ' + event.transaction.metadata.k);`,
      secrets: { KEY: 'another-secret' },
    },
  ]);
  const login = await oidcLogin(server);
  expect(login.error_description).toBe('found (secret)');
  await expectHidden(login);
  expect(executedIn(await inspectionOf(server, login))[1]!.console).toEqual([
    { level: 'log', text: '(secret)' },
  ]);
});

test('an Action has its own secrets, and no other’s', async () => {
  await bindHandlers(server, [
    withSecret(`api.idToken.setCustomClaim('first', Object.keys(event.secrets));`, 'First'),
    {
      name: 'Second',
      body: `api.idToken.setCustomClaim('second', { ...event.secrets });`,
      secrets: { OTHER: 'of the second' },
    },
    { name: 'Third', body: `api.idToken.setCustomClaim('third', { ...event.secrets });` },
  ]);
  expect(idTokenOf(await oidcLogin(server))).toMatchObject({
    first: ['KEY'],
    second: { OTHER: 'of the second' },
    third: {},
  });
});

test('secrets that a test gives stand in for an Action’s own, and are hidden as well', async () => {
  await bindHandlers(server, [
    withSecret(
      `console.log(event.secrets.KEY, event.secrets.MORE); api.idToken.setCustomClaim('seen', { ...event.secrets });`,
    ),
  ]);
  const login = await oidcLogin(server, { event: { secrets: { KEY: 'of-the-test', MORE: 'added-secret' } } });
  expect(idTokenOf(login)['seen']).toEqual({ KEY: 'of-the-test', MORE: 'added-secret' });
  const { timeline } = await inspectionOf(server, login);
  expect(JSON.stringify(timeline)).not.toMatch(/of-the-test|added-secret/);
  expect(executedIn({ timeline, failure: null, droppedClaims: [] })[0]!.console[0]!.text).toBe(
    '(secret) (secret)',
  );
});

test('a private key is shown nowhere, wherever an Action puts it', async () => {
  const line = KEYS.other.key.split('\n')[3]!;
  for (const body of [
    `api.samlResponse.setCert(event.secrets.CERT); api.samlResponse.setKey(event.secrets.KEY); console.log({ ...event.secrets });`,
    `api.samlResponse.setCert(event.secrets.KEY); api.samlResponse.setKey(event.secrets.CERT);`,
    `console.log(event.secrets.KEY.split('\\n')); throw new Error(event.secrets.KEY);`,
  ]) {
    await bindHandlers(server, [
      { name: 'Signs', body, secrets: { CERT: KEYS.other.cert, KEY: KEYS.other.key } },
    ]);
    const login = await samlLogin(server);
    const path = `/debug/transactions/${login.id}`;
    for (const accept of ['application/json', 'text/html']) {
      const shown = JSON.stringify((await server.api('GET', path, undefined, { accept })).body);
      expect(shown).toContain(login.id);
      expect(shown.includes(line)).toBe(false);
    }
    expect(JSON.stringify(login).includes(line)).toBe(false);
    expect(responseXmlOf(login).includes(line)).toBe(false);
  }
});

test('the log of the server tells no secret, and nothing that an Action said', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-log-'));
  const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', path('test/support/typescript.mjs'), path('src/main.ts')],
    {
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        DATABASE_URL: `file:${join(folder, 'log.sqlite')}`,
        MINTMARK_CERTS: join(folder, 'certs'),
        MINTMARK_SEED: 'none',
        MINTMARK_LOG_LEVEL: 'trace',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  try {
    const baseUrl = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        log += chunk.toString();
        const url = /is ready at (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1];
        if (url !== undefined) resolve(url);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('close', () => reject(new Error(log)));
    });
    const other: TestServer = {
      ...server,
      baseUrl,
      api: async (method, at, body, headers = {}) => {
        const response = await fetch(baseUrl + at, {
          method,
          headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        return {
          status: response.status,
          headers: response.headers,
          body: (text === '' ? undefined : JSON.parse(text)) as never,
        };
      },
    };
    await makeParties(other);
    await bindHandlers(other, [
      show(`console.log('said', key); console.error(key); throw new Error('no ' + key);`),
    ]);
    expect((await oidcLogin(other)).error_description).toBe('no (secret)');
    await bindHandlers(other, [show(`process.stdout?.write?.(key); api.access.deny(key);`)]);
    await oidcLogin(other);
    await bindHandlers(other, [
      show(`setTimeout(() => { throw new Error(key); }); await new Promise(() => {});`),
    ]);
    expect((await oidcLogin(other)).status).toBe('failed');
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'close');
    await rm(folder, { recursive: true, force: true });
  }
  expect(log).toContain('is ready at');
  expect(partsIn(log)).toEqual([]);
});
