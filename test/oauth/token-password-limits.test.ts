/** Guessing by the password grant: neither forged addresses help who guesses, nor can who guesses keep others out. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuthenticationService } from '../../src/login/authentication.service.js';
import { LoginAttemptStore } from '../../src/storage/login-attempt-store.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { made, makeParties, PASSWORD, SECRET, token, type Parameters } from './token-parties.js';

const BOB = { username: 'bob', password: PASSWORD };
const HOME = '198.51.100.1';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await makeParties(server);
  await made(server, 'users', {
    user_id: 'auth0|bob-1',
    email: 'bob@example.test',
    username: 'bob',
    password: PASSWORD,
  });
});
afterEach(() => server.close());

const login = (more: Parameters, address?: string) =>
  token(
    server,
    { grant_type: 'password', client_id: 'app', client_secret: SECRET, ...more },
    address === undefined ? {} : { 'auth0-forwarded-for': address },
  );
/** Keys under which attempts are counted from here on. */
function countedKeys(): string[] {
  const keys: string[] = [];
  const store = server.app.get(LoginAttemptStore);
  const count = store.count.bind(store);
  store.count = (key, ...rest) => {
    keys.push(key);
    return count(key, ...rest);
  };
  return keys;
}
const filled = async (keys: readonly string[], times: number): Promise<void> => {
  const store = server.app.get(LoginAttemptStore);
  const at = new Date();
  for (const key of keys) for (let count = 0; count < times; count += 1) await store.count(key, at, 60);
};
/** So many wrong passwords, from everywhere. */
async function guessed(username: string, times: number): Promise<void> {
  const keys = countedKeys();
  expect((await login({ username, password: 'wrong' }, '203.0.113.1')).status).toBe(403);
  await filled(
    keys.filter((key) => key.startsWith('account:')),
    times - 1,
  );
}
const statusesFrom = async (names: readonly string[]): Promise<readonly number[]> => {
  const answers = names.map((username, index) =>
    login({ username, password: PASSWORD }, `203.0.113.${100 + index}`),
  );
  return (await Promise.all(answers)).map(({ status }) => status);
};

test('an account is guessed at a hundred times, whatever addresses are told and by whichever name', async () => {
  await guessed('bob', 99);
  expect((await login({ ...BOB, password: 'wrong' }, '203.0.113.2')).status).toBe(403);
  expect(await statusesFrom(['bob', 'Bob@example.test', 'auth0|bob-1', 'alice'])).toEqual([
    429, 429, 429, 200,
  ]);
});

test('who has no account is guessed at as often, so that the limit tells nobody who has', async () => {
  await guessed('nobody', 100);
  expect(await statusesFrom(['nobody', 'auth0|nobody', 'somebody'])).toEqual([429, 429, 403]);
});

test('where somebody logged in before they still can while others guess, and a guess there is one of ten', async () => {
  expect((await login(BOB, HOME)).status).toBe(200);
  await guessed('bob', 100);
  expect((await login(BOB, '203.0.113.200')).status).toBe(429);
  expect((await login(BOB, HOME)).status).toBe(200);
  for (let count = 0; count < 10; count += 1)
    expect((await login({ ...BOB, password: 'wrong' }, HOME)).status).toBe(403);
  expect((await login(BOB, HOME)).status).toBe(429);
});

test('one network keeps nobody out elsewhere, with however many addresses of its own', async () => {
  const answers = [];
  for (let count = 1; count <= 120; count += 1)
    answers.push(await login({ ...BOB, password: 'wrong' }, `2001:db8:0:1::${count.toString(16)}`));
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(10);
  expect((await login(BOB, '2001:db8:0:2::1')).status).toBe(200);
});

test('logins that succeed count for nothing', async () => {
  await guessed('bob', 99);
  for (const last of [1, 2, 3]) expect((await login(BOB, `192.0.2.${last}`)).status).toBe(200);
});

test('of twenty logins that come at once and are right none is refused, and nothing stays counted', async () => {
  const keys = countedKeys();
  const answers = await Promise.all(Array.from({ length: 20 }, () => login(BOB, HOME)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const store = server.app.get(LoginAttemptStore);
  const kinds = new Set<string>();
  for (const key of new Set(keys.filter((each) => !each.startsWith('known:')))) {
    kinds.add(key.split(':')[0]!);
    expect([key, (await store.count(key, new Date(), 60)).count]).toEqual([key, 1]);
  }
  expect([...kinds].toSorted()).toEqual(['account', 'address', 'caller', 'name']);
});

test('of guesses that come at once no more than thirty are looked at', async () => {
  const guesses = Array.from({ length: 60 }, (_, index) =>
    login({ ...BOB, password: `wrong ${index}` }, HOME),
  );
  const looked = (await Promise.all(guesses)).filter(({ status }) => status === 403);
  expect(looked.length).toBeGreaterThanOrEqual(10);
  expect(looked.length).toBeLessThanOrEqual(30);
  expect((await login(BOB, HOME)).status).toBe(429);
});

test('who calls for others is counted by their own address, whatever they tell', async () => {
  const keys = countedKeys();
  for (const address of ['203.0.113.1', '203.0.113.2'])
    await login({ username: 'nobody', password: 'wrong' }, address);
  const callers = keys.filter((key) => key.startsWith('caller:'));
  expect([callers.length, new Set(callers).size]).toEqual([2, 1]);
  await filled(callers.slice(0, 1), 6000);
  expect((await login(BOB, '203.0.113.3')).status).toBe(429);
  // a public client tells nobody's address, and speaks for itself
  const alone = await login({ ...BOB, client_id: 'spa', client_secret: undefined }, '203.0.113.4');
  expect(alone.status).toBe(200);
});

test('the login page counts by the same account', async () => {
  await guessed('bob', 100);
  const authentication = server.app.get(AuthenticationService);
  await expect(authentication.byPassword('bob', PASSWORD, '192.0.2.77')).rejects.toMatchObject({
    code: 'too_many_attempts',
  });
});
