/** In which order Actions run, what each sees of the others, and what is left of them when one of them ends the login. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { UserStore } from '../../src/storage/user-store.js';
import {
  accessTokenOf,
  bindHandlers,
  executedIn,
  idTokenOf,
  inspectionOf,
  makeParties,
  oidcLogin,
  samlLogin,
  type LoginView,
} from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server, ['stored', 'other']);
});
afterAll(() => server.close());

interface StoredUser {
  readonly user_metadata?: Record<string, unknown>;
  readonly app_metadata?: Record<string, unknown>;
}
const storedUser = async (name: string): Promise<StoredUser> =>
  (await server.api<StoredUser>('GET', `/api/v2/users/auth0%7C${name}`)).body;
const asStored = (name = 'stored') => ({ user: { user_id: `auth0|${name}` } });
const outcomes = async (login: LoginView): Promise<readonly (readonly [string, string])[]> =>
  executedIn(await inspectionOf(server, login)).map(({ action, outcome }) => [action, outcome]);

test('Actions run one after another in the order they are bound, and the last word on a claim counts', async () => {
  await bindHandlers(
    server,
    ['first', 'second', 'third'].map(
      (word) =>
        `const said = event.transaction.metadata.said ?? '';
         api.transaction.setMetadata('said', said + ' ${word}');
         api.idToken.setCustomClaim('order', said + ' ${word}').idToken.setCustomClaim('last', '${word}');`,
    ),
  );
  const login = await oidcLogin(server);
  expect(idTokenOf(login)).toMatchObject({ order: ' first second third', last: 'third' });
  expect(await outcomes(login)).toEqual([
    ['Action 1', 'completed'],
    ['Action 2', 'completed'],
    ['Action 3', 'completed'],
  ]);
});

test('metadata of the user is seen by later Actions and not by the one that sets it, and is written once', async () => {
  const claim = (name: string) =>
    `api.idToken.setCustomClaim('${name}', [event.user.user_metadata.theme, event.user.app_metadata.plan, event.user.app_metadata.gone]);`;
  await server.api('PATCH', '/api/v2/users/auth0%7Cstored', {
    user_metadata: { theme: 'light', kept: true },
    app_metadata: { gone: 'soon' },
  });
  await bindHandlers(server, [
    `api.user.setUserMetadata('theme', 'dark'); api.user.setAppMetadata('plan', { seats: 3 }); api.user.setAppMetadata('gone', null);
     ${claim('first')}`,
    claim('second'),
    `api.user.setUserMetadata('theme', 'black'); ${claim('third')}`,
  ]);
  const writes = vi.spyOn(server.app.get(UserStore), 'update');
  const login = await oidcLogin(server, asStored());
  expect(writes).toHaveBeenCalledTimes(1);
  writes.mockRestore();
  expect(idTokenOf(login)).toMatchObject({
    first: ['light', null, 'soon'],
    second: ['dark', { seats: 3 }, null],
    third: ['dark', { seats: 3 }, null],
  });
  const after = await storedUser('stored');
  expect(after.user_metadata).toEqual({ theme: 'black', kept: true });
  expect(after.app_metadata).toEqual({ plan: { seats: 3 } });
});

test('logins are counted by user, also those that are denied', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('count', event.stats.logins_count); if (event.request.query.deny) api.access.deny('no');`,
  ]);
  const count = async (): Promise<unknown> =>
    idTokenOf(await oidcLogin(server, asStored('counted')))['count'];
  await server.api('POST', '/api/v2/users', { user_id: 'auth0|counted', email: 'counted@example.test' });
  expect([await count(), await count()]).toEqual([1, 2]);
  const denied = { ...asStored('counted'), event: { request: { query: { deny: '1' } } } };
  expect((await oidcLogin(server, denied)).status).toBe('denied');
  expect(await count()).toBe(4);
});

test('metadata of the transaction is seen at once, and by later Actions; it is gone in the next login', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('before', { ...event.transaction.metadata });
     api.transaction.setMetadata('step', 1);
     api.transaction.setMetadata('gone', true);
     api.transaction.setMetadata('gone', null);
     api.idToken.setCustomClaim('at_once', { ...event.transaction.metadata });`,
    `api.idToken.setCustomClaim('later', { ...event.transaction.metadata });`,
  ]);
  for (let round = 0; round < 2; round++)
    expect(idTokenOf(await oidcLogin(server))).toMatchObject({
      before: {},
      at_once: { step: 1 },
      later: { step: 1 },
    });
});

test('target scopes show at once and later, and narrow what was asked for', async () => {
  await bindHandlers(server, [
    `api.transaction.removeTargetScope('email'); api.transaction.addTargetScope('admin:all');
     api.idToken.setCustomClaim('at_once', event.transaction.target_scopes);`,
    `api.idToken.setCustomClaim('later', event.transaction.target_scopes);`,
  ]);
  const login = await oidcLogin(server);
  expect(idTokenOf(login)).toMatchObject({
    at_once: ['openid', 'profile', 'admin:all'],
    later: ['openid', 'profile', 'admin:all'],
  });
  expect(login.result?.scope).toBe('openid profile');
  expect(accessTokenOf(login)['scope']).toBe('openid profile');
});

test('what an author writes on event is seen by nobody else', async () => {
  await bindHandlers(server, [
    `event.user.name = 'Mallory'; event.user.app_metadata.admin = true; event.client.metadata.tier = 'none'; event.transaction.metadata.x = 1;`,
    `api.idToken.setCustomClaim('seen', [event.user.name, event.user.app_metadata.admin, event.client.metadata.tier, event.transaction.metadata.x]);`,
  ]);
  expect(idTokenOf(await oidcLogin(server))['seen']).toEqual(['Alice', null, 'gold', null]);
});

test('deny skips later Actions but not the rest of its handler, and metadata is written all the same', async () => {
  await server.api('PATCH', '/api/v2/users/auth0%7Cother', { app_metadata: {}, user_metadata: {} });
  await bindHandlers(server, [
    `api.user.setUserMetadata('first', 1);`,
    `api.user.setAppMetadata('before', true);
     api.access.deny('not on sundays');
     api.user.setAppMetadata('after', true);
     console.log('went on');
     return api.access;`,
    `api.user.setAppMetadata('third', true); api.access.deny('never said');`,
  ]);
  const login = await oidcLogin(server, asStored('other'));
  expect(login).toMatchObject({
    status: 'denied',
    reason: 'not on sundays',
    error: 'access_denied',
    error_description: 'not on sundays',
    result: null,
  });
  expect(await storedUser('other')).toMatchObject({
    user_metadata: { first: 1 },
    app_metadata: { before: true, after: true },
  });
  expect((await storedUser('other')).app_metadata).not.toHaveProperty('third');
  const executed = executedIn(await inspectionOf(server, login));
  expect(executed.map(({ outcome }) => outcome)).toEqual(['completed', 'denied']);
  expect(executed[1]!.console).toEqual([{ level: 'log', text: 'went on' }]);
});

test('of two denials the last counts, and one argument is all that counts', async () => {
  await bindHandlers(server, [`api.access.deny('first'); api.access.deny('a_code', 'and a text');`]);
  expect(await oidcLogin(server)).toMatchObject({ status: 'denied', reason: 'a_code' });
});

test('a denial wins over a redirect, whichever came first', async () => {
  for (const body of [
    `api.redirect.sendUserTo('https://page.example.test/'); api.access.deny('no');`,
    `api.access.deny('no'); api.redirect.sendUserTo('https://page.example.test/');`,
  ]) {
    await bindHandlers(server, [body]);
    const login = await oidcLogin(server);
    expect(login).toMatchObject({ status: 'denied', reason: 'no' });
    expect(login.redirect).toBeUndefined();
  }
});

test('an Action that is bound in another place runs in another place from the next login on', async () => {
  const word = (name: string): string =>
    `api.transaction.setMetadata('said', (event.transaction.metadata.said ?? '') + '${name}'); api.idToken.setCustomClaim('said', event.transaction.metadata.said);`;
  await bindHandlers(server, [word('a'), word('b')]);
  expect(idTokenOf(await oidcLogin(server))['said']).toBe('ab');
  const path = '/api/v2/actions/triggers/post-login/bindings';
  const bindings = ['Action 2', 'Action 1'].map((value) => ({ ref: { type: 'action_name', value } }));
  expect((await server.api('PATCH', path, { bindings })).status).toBe(200);
  expect(idTokenOf(await oidcLogin(server))['said']).toBe('ba');
});

test('validation.error denies with its text; its own code is no OAuth error', async () => {
  await bindHandlers(server, [`api.validation.error('too_young', 'Come back in a year.');`]);
  expect(await oidcLogin(server)).toMatchObject({
    status: 'denied',
    error: 'access_denied',
    error_description: 'Come back in a year.',
  });
});

test.each(['off', 'on'])(
  'after a throw nothing of that Action is kept, and of those before it only with keep_effects_of_failed_actions (%s)',
  async (kept) => {
    await server.api('PATCH', '/api/v2/tenants/settings', { keep_effects_of_failed_actions: kept === 'on' });
    try {
      const cleared = await server.api('PATCH', '/api/v2/users/auth0%7Cother', {
        app_metadata: { earlier: null, failing: null, later: null },
      });
      expect(cleared.status).toBe(200);
      await bindHandlers(server, [
        `api.user.setAppMetadata('earlier', 1); api.cache.set('kept-${kept}', 'yes');`,
        `api.user.setAppMetadata('failing', 1); api.access.deny('moot'); throw new Error('that was it');`,
        `api.user.setAppMetadata('later', 1);`,
      ]);
      const login = await oidcLogin(server, asStored('other'));
      expect(login).toMatchObject({
        status: 'failed',
        reason: 'that was it',
        error: 'access_denied',
        error_description: 'that was it',
      });
      const { app_metadata: metadata = {} } = await storedUser('other');
      expect(metadata['earlier'] ?? null).toBe(kept === 'on' ? 1 : null);
      expect(metadata['failing'] ?? null).toBeNull();
      expect(metadata['later'] ?? null).toBeNull();
      await bindHandlers(server, [
        `api.idToken.setCustomClaim('cached', api.cache.get('kept-${kept}')?.value ?? null);`,
      ]);
      expect(idTokenOf(await oidcLogin(server))['cached']).toBe(kept === 'on' ? 'yes' : null);
    } finally {
      await server.api('PATCH', '/api/v2/tenants/settings', { keep_effects_of_failed_actions: null });
    }
  },
);

test('setters of the other protocol are heard and have no effect', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('x', 1); api.accessToken.addScope('read:x'); api.samlResponse.setAudience('urn:a').samlResponse.setAttribute('x', 1);`,
  ]);
  const oidc = await oidcLogin(server);
  expect(oidc).toMatchObject({ status: 'completed' });
  expect(accessTokenOf(oidc)['scope']).toBe('openid profile email read:x');
  expect(await samlLogin(server)).toMatchObject({ status: 'completed' });
});
