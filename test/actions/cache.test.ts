/** `api.cache`: what one login leaves is there in the next one of its trigger, on any instance, until it expires. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Clock } from '../../src/login/ports.js';
import {
  accessTokenOf,
  bindHandlers,
  exchange,
  idTokenOf,
  makeParties,
  oidcLogin,
} from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let other: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-cache-'));
  const env = {
    DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
    MINTMARK_CERTS: join(folder, 'certs'),
  };
  server = await startTestServer(env);
  other = await startTestServer(env);
  await makeParties(server);
});
afterAll(async () => {
  await Promise.all([server.close(), other.close()]);
  await rm(folder, { recursive: true });
});

/** Clocks of both instances, so many milliseconds ahead. */
const ahead = (milliseconds: number): void => {
  for (const { app } of [server, other]) app.get(Clock).now = () => new Date(Date.now() + milliseconds);
};
const seenBy = async (instance: TestServer): Promise<unknown> =>
  idTokenOf(await oidcLogin(instance))['cached'];
const READ = (key: string): string =>
  `api.idToken.setCustomClaim('cached', api.cache.get('${key}')?.value ?? null);`;
const onlyAtFirst = (key: string, set: string): string => `${READ(key)} if (!api.cache.get('${key}')) ${set}`;

test('what a login sets is read in the next one, and on another instance', async () => {
  await bindHandlers(server, [onlyAtFirst('shared', `api.cache.set('shared', 'from the first');`)]);
  expect(await seenBy(server)).toBeNull();
  expect(await seenBy(server)).toBe('from the first');
  expect(await seenBy(other)).toBe('from the first');
});

test('a later Action of the same login sees it, and what is deleted is gone for all', async () => {
  await bindHandlers(server, [
    `api.cache.set('passed', 'on'); api.cache.set('passed', 'on, again');`,
    `${READ('passed')} api.cache.delete('passed');`,
    `api.idToken.setCustomClaim('gone', api.cache.get('passed') === undefined && api.cache.delete('passed').code);`,
  ]);
  const login = await oidcLogin(server);
  expect(idTokenOf(login)).toMatchObject({ cached: 'on, again', gone: 'CacheKeyDoesNotExist' });
  await bindHandlers(server, [READ('passed')]);
  expect(await seenBy(other)).toBeNull();
});

test('it expires after a quarter of an hour, or as its author says, by the server’s clock', async () => {
  await bindHandlers(server, [onlyAtFirst('usual', `api.cache.set('usual', 'x');`)]);
  await seenBy(server);
  try {
    ahead(14 * 60_000);
    expect(await seenBy(other)).toBe('x');
    ahead(15 * 60_000 + 1000);
    expect(await seenBy(other)).toBeNull();
    ahead(0);
    await bindHandlers(server, [onlyAtFirst('short', `api.cache.set('short', 'x', { ttl: 5000 });`)]);
    await seenBy(server);
    ahead(4000);
    expect(await seenBy(server)).toBe('x');
    ahead(6000);
    expect(await seenBy(server)).toBeNull();
    // the clock of a transaction is its own affair
    const long = { now: '2001-01-01T00:00:00Z' };
    await bindHandlers(server, [onlyAtFirst('now', `api.cache.set('now', 'x', { ttl: 5000 });`)]);
    await oidcLogin(server, long);
    expect(idTokenOf(await oidcLogin(server, long))['cached']).toBe('x');
  } finally {
    ahead(0);
  }
});

test('no trigger sees the cache of another', async () => {
  await bindHandlers(server, [`api.cache.set('whose', 'of the login');`]);
  await oidcLogin(server);
  await bindHandlers(
    server,
    [
      `api.accessToken.setCustomClaim('cached', api.cache.get('whose')?.value ?? null); api.cache.set('whose', 'of the exchange');`,
    ],
    'credentials-exchange',
  );
  expect(accessTokenOf(await exchange(server))['cached']).toBeNull();
  expect(accessTokenOf(await exchange(server))['cached']).toBe('of the exchange');
  await bindHandlers(server, [READ('whose')]);
  expect(await seenBy(server)).toBe('of the login');
});

test('what cannot be kept is answered and not thrown, and the login goes on', async () => {
  await bindHandlers(server, [
    `const code = (...args) => api.cache.set(...args).code ?? 'kept';
     api.idToken.setCustomClaim('codes', [
       code('k'.repeat(65), 'v'), code('k', 'v'.repeat(4097)), code('k', 'v', { ttl: NaN }),
       code('k', 'v', { ttl: -1 }), code('k', 'v', { expires_at: 1 }), code('k', 'v', { ttl: 60_000 }),
     ]);`,
  ]);
  expect(idTokenOf(await oidcLogin(server))['codes']).toEqual([
    'CacheKeySizeExceeded',
    'CacheValueSizeExceeded',
    'InvalidExpiry',
    'ItemAlreadyExpired',
    'ItemAlreadyExpired',
    'kept',
  ]);
});

test('a denied login leaves what it has cached', async () => {
  await bindHandlers(server, [`api.cache.set('denials', 'one'); api.access.deny('no');`]);
  expect((await oidcLogin(server)).status).toBe('denied');
  await bindHandlers(server, [READ('denials')]);
  expect(await seenBy(server)).toBe('one');
});

test('odd keys and values come back as they were', async () => {
  await bindHandlers(server, [
    String.raw`const odd = ['__proto__', 'a\u0000b', '\ud800', 'constructor', '😀'];
     if (!api.cache.get(odd[0])) for (const key of odd) api.cache.set(key, key + '\u0000\udfff');
     api.idToken.setCustomClaim('back', odd.map((key) => api.cache.get(key)?.value === key + '\u0000\udfff'));`,
  ]);
  for (const instance of [server, other, server])
    expect(idTokenOf(await oidcLogin(instance))['back']).toEqual([true, true, true, true, true]);
});
