/** Notion's own SDK, as it is, against /v1/oauth (oauth-oidc.md 12). */
import { APIResponseError, Client, LogLevel, UnknownHTTPResponseError } from '@notionhq/client';
import * as fc from 'fast-check';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenDigest } from '../../src/tenant/grant.js';
import { answerAt, LOGIN, startLanding, type Landing } from '../oidc/relying-party.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import { lastTransaction, made, patched, post, SECRET } from './token-parties.js';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const AS_APP = { client_id: 'notes', client_secret: SECRET };

let server: TestServer;
let landing: Landing;
let sdk: Client;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  sdk = new Client({ baseUrl: server.baseUrl, retry: false, logLevel: LogLevel.ERROR });
  for (const [client_id, more] of [
    ['notes', {}],
    ['other', {}],
    ['auth0-like', { oauth_dialect: 'auth0' }],
    ['both', { oauth_dialect: 'auth0' }],
    ['rotating', { oauth_dialect: 'auth0', refresh_token: { rotation_type: 'rotating' } }],
    ['strict', { oauth_dialect: 'strict' }],
    ['two-callbacks', { callbacks: [landing.callback, `${landing.origin}/second`] }],
  ] as const)
    await made(server, 'clients', {
      client_id,
      client_secret: SECRET,
      name: client_id,
      callbacks: [landing.callback],
      oauth_dialect: 'notion',
      ...more,
    });
  await made(server, 'users', {
    user_id: 'auth0|alice',
    email: LOGIN.username,
    name: 'Alice',
    picture: 'https://example.test/alice.png',
    password: LOGIN.password,
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

/** What an integration is answered after the browser went to its authorization URL. */
async function authorize(parameters: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const query = new URLSearchParams({
    client_id: 'notes',
    response_type: 'code',
    owner: 'user',
    redirect_uri: landing.callback,
    state: 'a state',
    ...parameters,
  });
  for (const [name, value] of Object.entries(parameters)) if (value === '') query.delete(name);
  const agent = new UserAgent();
  const page = await agent.get(`${server.baseUrl}/v1/oauth/authorize?${query.toString()}`);
  return answerAt(await agent.submit(page, LOGIN), landing);
}
async function tokensOf(clientId = 'notes') {
  const { code = '' } = await authorize({ client_id: clientId });
  return sdk.oauth.token({
    ...AS_APP,
    client_id: clientId,
    grant_type: 'authorization_code',
    code,
    redirect_uri: landing.callback,
  });
}
const caught = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return await call;
  } catch (error) {
    return error;
  }
};

test('a code becomes tokens, with all that Notion tells of the workspace', async () => {
  const answer = await authorize();
  expect(answer).toEqual({ code: expect.any(String), state: 'a state' });
  const tokens = await sdk.oauth.token({
    ...AS_APP,
    grant_type: 'authorization_code',
    code: answer['code']!,
    redirect_uri: landing.callback,
    external_account: { key: 'K', name: 'Kay' },
  });
  expect(tokens).toEqual({
    access_token: expect.any(String),
    token_type: 'bearer',
    refresh_token: expect.any(String),
    bot_id: expect.stringMatching(UUID),
    workspace_icon: null,
    workspace_name: null,
    workspace_id: expect.stringMatching(UUID),
    owner: {
      type: 'user',
      user: {
        object: 'user',
        id: 'auth0|alice',
        type: 'person',
        person: { email: LOGIN.username },
        name: 'Alice',
        avatar_url: 'https://example.test/alice.png',
      },
    },
    duplicated_template_id: null,
    request_id: expect.stringMatching(UUID),
  });
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    protocol: 'authorization_code',
    client_id: 'notes',
  });
});

test('the settings of the client stand in the answer', async () => {
  const settings = {
    bot_id: 'bot',
    workspace_id: 'workspace',
    workspace_name: 'Acme',
    workspace_icon: 'https://example.test/icon.png',
    owner: { type: 'workspace', workspace: true },
    duplicated_template_id: 'template',
  };
  await patched(server, 'clients/other', { notion: settings });
  expect(await tokensOf('other')).toMatchObject(settings);
  const owner = { type: 'user', user: { object: 'user', id: 'somebody' } };
  await patched(server, 'clients/other', { notion: { owner } });
  expect(await tokensOf('other')).toMatchObject({ owner });
});

test('a refresh gives an access token and null, and the refresh token stays', async () => {
  const first = await tokensOf();
  for (let turn = 0; turn < 2; turn++) {
    const next = await sdk.oauth.token({
      ...AS_APP,
      grant_type: 'refresh_token',
      refresh_token: first.refresh_token!,
    });
    expect(next).toMatchObject({
      refresh_token: null,
      token_type: 'bearer',
      bot_id: first.bot_id,
      owner: first.owner,
    });
    expect(next.access_token).not.toBe(first.access_token);
  }
});

test('with rotate_refresh_tokens a refresh gives a new one, and ends the old', async () => {
  await patched(server, 'clients/other', { notion: { rotate_refresh_tokens: true } });
  const as = { ...AS_APP, client_id: 'other', grant_type: 'refresh_token' } as const;
  const first = await tokensOf('other');
  const next = await sdk.oauth.token({ ...as, refresh_token: first.refresh_token! });
  expect(next.refresh_token).toEqual(expect.any(String));
  expect(next.refresh_token).not.toBe(first.refresh_token);
  const error = await caught(sdk.oauth.token({ ...as, refresh_token: first.refresh_token! }));
  expect(error).toMatchObject({ status: 400 });
});

test('by the path any client hears Notion’s words, and is granted what its own settings say', async () => {
  const refreshed = (client_id: string, refresh_token: string | null) =>
    sdk.oauth.token({ ...AS_APP, client_id, grant_type: 'refresh_token', refresh_token: refresh_token! });
  // it asked for no offline_access
  expect(await tokensOf('auth0-like')).toMatchObject({ token_type: 'bearer', refresh_token: null });
  const { code = '' } = await authorize({ client_id: 'rotating', scope: 'openid offline_access' });
  const redeem = { ...AS_APP, client_id: 'rotating', code, redirect_uri: landing.callback };
  const first = await sdk.oauth.token({ ...redeem, grant_type: 'authorization_code' });
  expect(first).toMatchObject({ token_type: 'bearer', refresh_token: expect.any(String) });
  const second = await refreshed('rotating', first.refresh_token);
  expect(second.refresh_token).toEqual(expect.any(String));
  expect(await caught(refreshed('rotating', first.refresh_token))).toMatchObject({ status: 400 });
});

test('a client with settings of Notion’s is an integration by the path, and itself elsewhere', async () => {
  await patched(server, 'clients/both', { notion: { workspace_name: 'Acme' } });
  const first = await tokensOf('both');
  expect(first).toMatchObject({ workspace_name: 'Acme', refresh_token: expect.any(String) });
  const { body } = await post(
    server,
    new URLSearchParams({
      ...AS_APP,
      client_id: 'both',
      grant_type: 'refresh_token',
      refresh_token: first.refresh_token!,
    }).toString(),
    { 'content-type': 'application/x-www-form-urlencoded' },
  );
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) });
});

test('a strict client is as strict by the path: its issuer is told, its code is over after a minute', async () => {
  const { code = '', ...answer } = await authorize({ client_id: 'strict' });
  expect(answer).toEqual({ state: 'a state', iss: `${server.baseUrl}/` });
  const [kept] = await server.app
    .get(DataSource)
    .query<readonly { document: string }[]>(
      `SELECT document FROM authorization_codes WHERE digest = '${tokenDigest(code)}'`,
    );
  const { expiresAt } = JSON.parse(kept!.document) as { readonly expiresAt: string };
  const { finished_at: finishedAt } = await lastTransaction(server);
  expect(Date.parse(expiresAt) - Date.parse(finishedAt as string)).toBe(60_000);
});

test('introspection tells whether, what for and since when', async () => {
  const { access_token: token } = await tokensOf();
  expect(await sdk.oauth.introspect({ ...AS_APP, token })).toEqual({
    active: true,
    scope: expect.any(String),
    iat: expect.any(Number),
    request_id: expect.stringMatching(UUID),
  });
  const inactive = { active: false, request_id: expect.stringMatching(UUID) as string };
  expect(await sdk.oauth.introspect({ ...AS_APP, token: 'unknown' })).toEqual(inactive);
  expect(await sdk.oauth.introspect({ ...AS_APP, client_id: 'other', token })).toEqual(inactive);
});

test('what is revoked is over; a second time, and unknown, it is told alike', async () => {
  const { access_token: token } = await tokensOf();
  for (const each of [token, token, 'unknown'])
    expect(await sdk.oauth.revoke({ ...AS_APP, token: each })).toEqual({
      request_id: expect.stringMatching(UUID),
    });
  expect(await sdk.oauth.introspect({ ...AS_APP, token })).toMatchObject({ active: false });
});

test('errors are those of OAuth, which the SDK keeps as they came', async () => {
  const { access_token: token } = await tokensOf();
  const { code = '' } = await authorize();
  const redeem = { ...AS_APP, grant_type: 'authorization_code', redirect_uri: landing.callback } as const;
  for (const [call, status, error] of [
    [() => sdk.oauth.token({ ...redeem, code: 'unknown' }), 400, 'invalid_grant'],
    [() => sdk.oauth.token({ ...redeem, code, client_secret: 'wrong' }), 401, 'invalid_client'],
    [() => sdk.oauth.token({ ...redeem, code, client_id: 'nobody' }), 401, 'invalid_client'],
    [() => sdk.oauth.token({ ...redeem, code, client_id: 'other' }), 400, 'invalid_grant'],
    [() => sdk.oauth.token({ ...redeem, code, redirect_uri: `${landing.origin}/x` }), 400, 'invalid_grant'],
    [() => sdk.oauth.introspect({ ...AS_APP, client_secret: 'wrong', token }), 401, 'invalid_client'],
    [() => sdk.oauth.revoke({ ...AS_APP, client_secret: 'wrong', token }), 401, 'invalid_client'],
    [() => sdk.oauth.revoke({ ...AS_APP, client_id: 'other', token }), 400, 'invalid_grant'],
  ] as const) {
    const thrown = await caught(call());
    expect(thrown).toBeInstanceOf(UnknownHTTPResponseError);
    const { status: told, body, headers } = thrown as UnknownHTTPResponseError;
    expect({ told, body: JSON.parse(body) as unknown }).toMatchObject({
      told: status,
      body: { error, error_description: expect.any(String), request_id: expect.stringMatching(UUID) },
    });
    expect(new Headers(headers as Headers).get('x-notion-request-id')).toMatch(UUID);
  }
  expect(await lastTransaction(server)).toMatchObject({ status: 'failed', client_id: 'notes' });
});

test('error_shape notion makes them errors that the SDK knows', async () => {
  await patched(server, 'clients/auth0-like', { notion: { error_shape: 'notion' } });
  const as = { ...AS_APP, client_id: 'auth0-like' };
  for (const [call, status, code] of [
    [
      () => sdk.oauth.token({ ...as, grant_type: 'authorization_code', code: 'unknown' }),
      400,
      'validation_error',
    ],
    [
      () => sdk.oauth.token({ ...as, client_secret: 'wrong', grant_type: 'authorization_code', code: 'x' }),
      401,
      'unauthorized',
    ],
    [() => sdk.oauth.introspect({ ...as, client_secret: 'wrong', token: 'x' }), 401, 'unauthorized'],
    [() => sdk.oauth.revoke({ ...as, client_secret: 'wrong', token: 'x' }), 401, 'unauthorized'],
  ] as const) {
    const thrown = await caught(call());
    expect(thrown).toBeInstanceOf(APIResponseError);
    expect(thrown).toMatchObject({
      status,
      code,
      message: expect.stringMatching(/./),
      request_id: expect.stringMatching(UUID),
    });
  }
});

test('redirect_uri may be left out where there is one; where it was sent it must come again', async () => {
  const token = (code: string | undefined, more: object = {}) =>
    sdk.oauth.token({ ...AS_APP, grant_type: 'authorization_code', code: code!, ...more });
  const unsent = await authorize({ redirect_uri: '' });
  expect(await token(unsent['code'])).toMatchObject({ token_type: 'bearer' });
  const sent = await authorize();
  expect(await caught(token(sent['code']))).toMatchObject({
    status: 400,
    body: expect.stringContaining('redirect_uri is required'),
  });
  const query = new URLSearchParams({ client_id: 'two-callbacks', response_type: 'code' });
  const page = await new UserAgent().get(`${server.baseUrl}/v1/oauth/authorize?${query.toString()}`);
  expect(page).toMatchObject({ status: 400, text: expect.stringContaining('redirect_uri') });
});

test('a slash too many in the base URL does no harm', async () => {
  const other = new Client({ baseUrl: `${server.baseUrl}/`, retry: false, logLevel: LogLevel.ERROR });
  expect(await other.oauth.introspect({ ...AS_APP, token: 'unknown' })).toMatchObject({ active: false });
});

test('no grant but the two of Notion is spoken of here', async () => {
  const ask = (grant_type: string) =>
    post(
      server,
      JSON.stringify({ ...AS_APP, client_id: 'auth0-like', grant_type }),
      { 'content-type': 'application/json' },
      '/v1/oauth/token',
    );
  expect(await ask('client_credentials')).toMatchObject({
    status: 400,
    body: { error: 'unsupported_grant_type' },
  });
  expect(await ask('')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
});

test('whatever is posted, the answer is JSON with an error', async () => {
  const odd = fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 60 }));
  await fc.assert(
    fc.asyncProperty(
      odd,
      fc.constantFrom('token', 'introspect', 'revoke'),
      fc.constantFrom('application/json', 'application/x-www-form-urlencoded'),
      async (body, call, type) => {
        const { status, body: answer } = await post(
          server,
          body,
          { 'content-type': type },
          `/v1/oauth/${call}`,
        );
        expect([400, 401]).toContain(status);
        expect(answer.error).toEqual(expect.any(String));
      },
    ),
    { numRuns: 300 },
  );
});
