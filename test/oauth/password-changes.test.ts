/** A new password while the old one is being looked at: nothing that was proved by the old one goes on, and the new one is good at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserStore } from '../../src/storage/user-store.js';
import { answerAt, authorizeUrl, startLanding, type Landing } from '../oidc/relying-party.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  ALICE,
  API,
  clientOf,
  DIALECTS,
  made,
  makeParties,
  PASSWORD,
  patched,
  post,
  refresh,
  SECRET,
  token,
} from './token-parties.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';
const PATH = `users/${encodeURIComponent(ALICE)}`;
const NEXT = 'the next password';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server);
  for (const id of ['app', 'strict-app'])
    await patched(server, `clients/${id}`, {
      callbacks: [landing.callback],
      grant_types: ['authorization_code', 'refresh_token', 'password', EXCHANGE],
    });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const login = (password: string, client_id = 'app') =>
  token(server, {
    grant_type: 'password',
    client_id,
    client_secret: SECRET,
    username: 'alice',
    password,
    audience: API,
    scope: 'openid offline_access read:mail',
  });
const exchange = (subject_token: string | undefined, client_id = 'app') =>
  token(server, {
    grant_type: EXCHANGE,
    client_id,
    client_secret: SECRET,
    subject_token,
    subject_token_type: REFRESH_TOKEN,
    audience: API,
    scope: 'read:mail offline_access',
  });

/** Changes the password between the reading of the old one and its comparison. */
async function changedWhile<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  const users = server.app.get(UserStore);
  const read = users.passwordHash.bind(users);
  await patched(server, PATH, { password: PASSWORD });
  users.passwordHash = async (id) => {
    users.passwordHash = read;
    const old = await read(id);
    await patched(server, PATH, { password: NEXT });
    return old;
  };
  return work();
}

test.each(DIALECTS)(
  'of a password that was changed while it was looked at no refresh token lives (%s)',
  async (dialect) => {
    const client_id = clientOf(dialect);
    const { status, body } = await changedWhile(() => login(PASSWORD, client_id));
    expect(status).toBe(200);
    expect((await exchange(body.refresh_token, client_id)).body.error).toBe('invalid_request');
    const form = new URLSearchParams({ client_id, client_secret: SECRET, token: body.refresh_token! });
    const kind = { 'content-type': 'application/x-www-form-urlencoded' };
    const told = await post(server, form.toString(), kind, '/oauth/introspect');
    expect(told.body).toMatchObject({ active: false });
    expect((await refresh(server, body.refresh_token, { client_id })).body.error).toBe('invalid_grant');
  },
);

test('of a login page that was sent with a password while that changed no session and no grant lives', async () => {
  const agent = new UserAgent();
  const page = await agent.get(authorizeUrl(server, landing, { scope: 'openid offline_access' }));
  const { code } = await changedWhile(async () =>
    answerAt(await agent.submit(page, { username: 'alice', password: PASSWORD }), landing),
  );
  const redeemed = await token(server, {
    grant_type: 'authorization_code',
    client_id: 'app',
    client_secret: SECRET,
    redirect_uri: landing.callback,
    code,
  });
  expect(redeemed.body.error).toBe('invalid_grant');
  const silent = answerAt(await agent.get(authorizeUrl(server, landing, { prompt: 'none' })), landing);
  expect(silent['error']).toBe('login_required');
});

test('what is exchanged while the password changes brings no refresh token that lives', async () => {
  await patched(server, PATH, { password: PASSWORD });
  const before = await login(PASSWORD);
  const users = server.app.get(UserStore);
  const get = users.get.bind(users);
  users.get = async (id) => {
    users.get = get;
    const user = await get(id);
    await patched(server, PATH, { password: NEXT });
    return user;
  };
  const { status, body } = await exchange(before.body.refresh_token);
  expect(status).toBe(200);
  expect((await refresh(server, body.refresh_token)).body.error).toBe('invalid_grant');
});

test('right after each change the new password is good, for the password grant and in a browser', async () => {
  for (let round = 0; round < 15; round += 1) {
    const password = `password ${round}`;
    await patched(server, PATH, { password });
    const { body } = await login(password);
    expect((await refresh(server, body.refresh_token)).status).toBe(200);
    expect((await exchange(body.refresh_token)).status).toBe(200);
    const agent = new UserAgent();
    const page = await agent.get(authorizeUrl(server, landing));
    await patched(server, PATH, { password: NEXT });
    answerAt(await agent.submit(page, { username: 'alice', password: NEXT }), landing);
    const silent = answerAt(await agent.get(authorizeUrl(server, landing, { prompt: 'none' })), landing);
    expect(Object.keys(silent)).toContain('code');
  }
});

test('GET tells when the password was changed last, and only a new one changes that', async () => {
  await made(server, 'users', { user_id: 'auth0|fresh', password: PASSWORD });
  const path = `/api/v2/users/${encodeURIComponent('auth0|fresh')}`;
  const told = async () => (await server.api('GET', path)).body['last_password_reset'];
  expect(await told()).toBeUndefined();
  const { body } = await server.api('PATCH', path, { password: NEXT });
  const at = body['last_password_reset'];
  expect(at).toEqual(expect.any(String));
  await server.api('PATCH', path, { name: 'Fresh' });
  expect(await told()).toBe(at);
  for (const last_password_reset of [null, '2020-01-01T00:00:00.000Z'])
    expect((await server.api('PATCH', path, { last_password_reset })).status).toBe(400);
});
