/** `setPrimaryUser`: who a login is for, once its Action has said so (actions-api.md 5, 17.9). */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  accessTokenOf,
  bindHandlers,
  idTokenOf,
  inspectionOf,
  makeParties,
  oidcLogin,
  responseXmlOf,
  samlLogin,
} from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { nameIdOf, textsOf } from '../support/wire.js';

let server: TestServer;
const OWN = { connection: 'google', provider: 'google-oauth2', user_id: '117', isSocial: true };
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server, ['stranger']);
  for (const user of [
    { user_id: 'google-oauth2|117', email: 'a@social.example.test', identities: [OWN] },
    {
      user_id: 'auth0|primary',
      email: 'primary@example.test',
      name: 'The primary one',
      identities: [
        { connection: 'Username-Password-Authentication', provider: 'auth0', user_id: 'primary' },
        OWN,
      ],
    },
  ])
    expect((await server.api('POST', '/api/v2/users', user)).status).toBe(201);
});
afterAll(() => server.close());

interface Metadata {
  readonly user_metadata?: object;
  readonly app_metadata?: object;
}
const PATHS = {
  social: '/api/v2/users/google-oauth2%7C117',
  primary: '/api/v2/users/auth0%7Cprimary',
} as const;
const metadataOf = async (who: keyof typeof PATHS): Promise<Metadata> => {
  const { user_metadata: user = {}, app_metadata: app = {} } = (await server.api<Metadata>('GET', PATHS[who]))
    .body;
  return { user_metadata: user, app_metadata: app };
};
const NONE = { user_metadata: {}, app_metadata: {} };
const social = { user: { user_id: 'google-oauth2|117' } };
const SET = `api.authentication.setPrimaryUser('auth0|primary');`;

beforeEach(async () => {
  for (const path of Object.values(PATHS))
    await server.api('PATCH', path, {
      user_metadata: { a: null, b: null, c: null },
      app_metadata: { a: null, b: null, c: null },
    });
});

test('tokens and assertion are for the primary user, and later Actions see that one', async () => {
  await bindHandlers(server, [
    SET,
    `api.idToken.setCustomClaim('seen', event.user.user_id); api.samlResponse.setAttribute('seen', event.user.name);`,
  ]);
  const oidc = await oidcLogin(server, social);
  expect(idTokenOf(oidc)).toMatchObject({
    sub: 'auth0|primary',
    email: 'primary@example.test',
    seen: 'auth0|primary',
  });
  expect(accessTokenOf(oidc)['sub']).toBe('auth0|primary');
  expect(oidc.user_id).toBe('auth0|primary');
  const { timeline } = await inspectionOf(server, oidc);
  expect(timeline.find(({ name }) => name === 'user.switched')?.detail).toEqual({
    from: 'google-oauth2|117',
    to: 'auth0|primary',
  });
  const xml = responseXmlOf(await samlLogin(server, social));
  expect(nameIdOf(xml)).toBe('auth0|primary');
  expect(textsOf(xml, 'seen')).toEqual(['The primary one']);
});

test.each([
  ['a user that there is not', 'auth0|nobody', social],
  ['a user who does not hold the identity', 'auth0|stranger', social],
  [
    'a primary identity that holds it the other way round',
    'google-oauth2|117',
    { user: { user_id: 'auth0|primary' } },
  ],
  ['a profile without any identity', 'auth0|primary', { user: { user_id: 'auth0|inline', name: 'Inline' } }],
])('the login fails for %s, and nobody gets a token', async (_what, id, more) => {
  await bindHandlers(server, [`api.authentication.setPrimaryUser('${id}');`]);
  for (const login of [await oidcLogin(server, more), await samlLogin(server, more)]) {
    expect(login.status).toBe('failed');
    expect((await inspectionOf(server, login)).failure).toMatchObject({
      code: 'primary_user_invalid',
      cause: expect.stringContaining(
        'api.authentication.setPrimaryUser in the Action Action 1, at ',
      ) as string,
    });
    expect(responseXmlOf(login)).not.toContain('Assertion');
  }
});

test.each([
  ['twice in an Action', [SET + SET]],
  ['in two Actions', [SET, SET]],
  ['with no text', ['api.authentication.setPrimaryUser(7);']],
  ['with an empty text', [`api.authentication.setPrimaryUser('');`]],
  ['with a long text', [`api.authentication.setPrimaryUser('x'.repeat(129));`]],
])('called %s it throws, and the login fails', async (_how, handlers) => {
  await bindHandlers(server, handlers);
  const login = await oidcLogin(server, social);
  expect(login).toMatchObject({ status: 'failed', error: 'access_denied' });
  expect((await inspectionOf(server, login)).failure?.code).toBe('action_threw');
});

test('metadata that was set with it is lost, and what later Actions set is the primary user’s', async () => {
  await bindHandlers(server, [
    `api.user.setUserMetadata('a', 1); ${SET} api.user.setUserMetadata('b', 1); api.user.setAppMetadata('b', 1);`,
    `api.idToken.setCustomClaim('seen', [event.user.user_metadata.a ?? null, event.user.user_metadata.b ?? null]);
     api.user.setUserMetadata('c', 2); api.user.setAppMetadata('c', 2);`,
  ]);
  const login = await oidcLogin(server, social);
  expect(idTokenOf(login)['seen']).toEqual([null, null]);
  expect(await metadataOf('social')).toEqual(NONE);
  expect(await metadataOf('primary')).toEqual({ user_metadata: { c: 2 }, app_metadata: { c: 2 } });
});

test('of a login that fails for its primary user nothing is written', async () => {
  await bindHandlers(server, [
    `api.user.setUserMetadata('a', 1);`,
    `api.authentication.setPrimaryUser('auth0|stranger'); api.user.setUserMetadata('b', 1);`,
  ]);
  expect((await oidcLogin(server, social)).status).toBe('failed');
  for (const who of ['social', 'primary'] as const) expect(await metadataOf(who)).toEqual(NONE);
});

test('who is the primary user already may be named, and stays it', async () => {
  await bindHandlers(server, [SET]);
  const login = await oidcLogin(server, { user: { user_id: 'auth0|primary' } });
  expect(idTokenOf(login)['sub']).toBe('auth0|primary');
});

test('a denial in the same Action wins, and the user is not told to anybody', async () => {
  await bindHandlers(server, [`${SET} api.access.deny('no');`]);
  expect(await oidcLogin(server, social)).toMatchObject({ status: 'denied', reason: 'no', result: null });
});
