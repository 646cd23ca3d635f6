/** /authorize over HTTP: what each response type and mode answers, what is kept of it, and whom errors go to. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  answerAt,
  API,
  authorizeUrl,
  claimsOf,
  keptCode,
  LOGIN,
  logIn,
  make,
  makeParties,
  newest,
  startLanding,
  type Landing,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const leftHalf = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');

test('a code is answered in the query, and kept by its digest with all it is bound to', async () => {
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const { code, ...others } = await logIn(new UserAgent(), server, landing, {
    nonce: 'n-1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    audience: API,
    scope: 'openid profile offline_access read:things unknown:things',
    dpop_jkt: 'j'.repeat(43),
  });
  expect(others).toEqual({ state: 'a state' });
  const { code: kept, grant, isRedeemed } = await keptCode(server, code);
  expect(isRedeemed).toBe(false);
  expect(kept).toMatchObject({
    clientId: 'app',
    grantId: grant.id,
    redirectUri: landing.callback,
    nonce: 'n-1',
    codeChallenge: { value: challenge, method: 'S256' },
    dpopJkt: 'j'.repeat(43),
    issuance: { scope: 'openid profile offline_access read:things', user: { user_id: 'auth0|alice' } },
  });
  expect(grant).toMatchObject({
    clientId: 'app',
    userId: 'auth0|alice',
    audience: API,
    scope: 'openid profile offline_access read:things',
    transactionId: kept.transactionId,
  });
  expect(grant.sessionId).not.toBeNull();
  const { status, warnings, result } = await newest(server);
  expect(status).toBe('completed');
  expect(warnings).toMatchObject([{ code: 'scopes_dropped' }]);
  expect(result).toMatchObject({
    redirectUri: landing.callback,
    responseMode: 'query',
    parameters: { code },
  });
});

const ANSWERS: readonly (readonly [type: string, names: readonly string[]])[] = [
  ['token', ['access_token', 'expires_in', 'scope', 'token_type']],
  ['id_token', ['id_token']],
  ['id_token token', ['access_token', 'expires_in', 'id_token', 'scope', 'token_type']],
  ['token id_token', ['access_token', 'expires_in', 'id_token', 'scope', 'token_type']],
  ['code id_token', ['code', 'id_token']],
  ['code token', ['access_token', 'code', 'expires_in', 'scope', 'token_type']],
  ['code id_token token', ['access_token', 'code', 'expires_in', 'id_token', 'scope', 'token_type']],
];
test.each(ANSWERS)(
  'response_type=%s answers in the fragment, with the hashes that belong to it',
  async (type, names) => {
    const agent = new UserAgent();
    const page = await agent.get(authorizeUrl(server, landing, { response_type: type, nonce: 'n-1' }));
    const landed = await agent.submit(page, LOGIN);
    expect(new URL(landed.url).search).toBe('');
    const answer = answerAt(landed, landing);
    expect(Object.keys(answer).toSorted()).toEqual([...names, 'state'].toSorted());
    expect(answer['refresh_token']).toBeUndefined();
    if (answer['id_token'] !== undefined) {
      const claims = claimsOf(answer['id_token']);
      expect(claims).toMatchObject({
        sub: 'auth0|alice',
        aud: 'app',
        nonce: 'n-1',
        email: 'alice@example.test',
      });
      expect(claims['at_hash']).toBe(answer['access_token'] && leftHalf(answer['access_token']));
      expect(claims['c_hash']).toBe(answer['code'] && leftHalf(answer['code']));
      expect(claims['sid']).toEqual(expect.any(String));
    }
    if (answer['code'] !== undefined) await keptCode(server, answer['code']);
  },
);

test('an access token for an API has its lifetime for browsers, and one for /userinfo lives two hours', async () => {
  const answer = await logIn(new UserAgent(), server, landing, {
    response_type: 'token',
    audience: API,
    scope: 'openid read:things',
  });
  expect(answer).toMatchObject({ expires_in: '600', scope: 'openid read:things', token_type: 'Bearer' });
  expect(claimsOf(answer['access_token'])).toMatchObject({
    aud: [API, `${server.baseUrl}/userinfo`],
    azp: 'app',
    scope: 'openid read:things',
  });
  const opaque = await logIn(new UserAgent(), server, landing, { response_type: 'token' });
  expect(opaque).toMatchObject({ expires_in: '7200' });
});

test('every client of a session gets the same sid, by which the API finds it, and another session another', async () => {
  await make(server, '/api/v2/clients', { client_id: 'other', name: 'Other', callbacks: [landing.callback] });
  const asks = { response_type: 'id_token', nonce: 'n' };
  const agent = new UserAgent();
  const first = claimsOf((await logIn(agent, server, landing, asks))['id_token']);
  const again = await agent.get(authorizeUrl(server, landing, { ...asks, client_id: 'other' }));
  const second = claimsOf(answerAt(again, landing)['id_token']);
  expect(second).toMatchObject({ sid: first['sid'], auth_time: first['auth_time'], aud: 'other' });
  const third = claimsOf((await logIn(new UserAgent(), server, landing, asks))['id_token']);
  expect(third['sid']).not.toBe(first['sid']);
  const path = `/api/v2/sessions/${String(first['sid'])}`;
  expect(await server.api('GET', path)).toMatchObject({ status: 200, body: { user_id: first['sub'] } });
  expect((await server.api('DELETE', path)).status).toBe(202);
  expect((await server.api('GET', path)).status).toBe(404);
});

test('form_post brings the answer by a form to the redirect URI, errors too', async () => {
  const agent = new UserAgent();
  const page = await agent.get(authorizeUrl(server, landing, { response_mode: 'form_post' }));
  const delivered = await agent.submit(page, LOGIN);
  const [form] = delivered.forms;
  expect(delivered.status).toBe(200);
  expect(form).toMatchObject({ action: landing.callback, method: 'post' });
  expect(form!.fields.map(([name]) => name)).toEqual(['code', 'state']);
  const refused = await agent.get(
    authorizeUrl(server, landing, { response_mode: 'form_post', prompt: 'none login' }),
  );
  expect(Object.fromEntries(refused.forms[0]!.fields)).toMatchObject({
    error: 'invalid_request',
    state: 'a state',
  });
});

test('web_message may be framed by the origin of the redirect URI alone, and is refused on a page to any other', async () => {
  const page = await new UserAgent().get(
    authorizeUrl(server, landing, { response_mode: 'web_message', prompt: 'none' }),
  );
  expect(page.headers.get('content-security-policy')).toContain(`frame-ancestors ${landing.origin}`);
  expect(page.headers.get('content-security-policy')).toMatch(/script-src 'nonce-[^']+'/);
  expect(page.text).toContain('login_required');
  await make(server, '/api/v2/clients', {
    client_id: 'no-origins',
    name: 'N',
    callbacks: [landing.callback],
  });
  const refused = await new UserAgent().get(
    authorizeUrl(server, landing, { response_mode: 'web_message', client_id: 'no-origins' }),
  );
  expect(refused.status).toBe(400);
  expect(refused.url.startsWith(server.baseUrl)).toBe(true);
});

const LOCAL: readonly (readonly [what: string, parameters: Record<string, string>, words: RegExp])[] = [
  ['without a client_id', { client_id: '' }, /client_id/],
  ['of an unknown client', { client_id: 'nobody' }, /nobody/],
  [
    'with a redirect_uri that is not registered',
    { redirect_uri: 'https://evil.example.test/' },
    /Callback URL mismatch/,
  ],
  [
    'with a registered redirect_uri and more',
    { redirect_uri: 'http://localhost/callback' },
    /Callback URL mismatch/,
  ],
  ['with openid and no redirect_uri', { redirect_uri: '' }, /redirect_uri/],
  ['with a redirect_uri that is script', { redirect_uri: 'javascript:alert(1)' }, /Callback URL mismatch/],
];
test.each(LOCAL)('a request %s is told to the person, never by a redirect', async (_, parameters, words) => {
  const page = await new UserAgent().get(authorizeUrl(server, landing, parameters));
  expect(page.status).toBe(400);
  expect(page.url.startsWith(`${server.baseUrl}/authorize`)).toBe(true);
  expect(page.text).toMatch(words);
  expect(page.forms).toEqual([]);
  const { status, result } = await newest(server);
  expect({ status, result }).toEqual({ status: 'failed', result: null });
});

const REDIRECTED: readonly (readonly [what: string, parameters: Record<string, string>, error: string])[] = [
  ['no response_type', { response_type: '' }, 'unsupported_response_type'],
  ['an unknown response_type', { response_type: 'ticket' }, 'unsupported_response_type'],
  ['a response_mode that is unknown', { response_mode: 'pigeon' }, 'invalid_request'],
  ['tokens in a query', { response_type: 'token', response_mode: 'query' }, 'invalid_request'],
  ['an id_token without a nonce', { response_type: 'id_token' }, 'invalid_request'],
  [
    'an id_token without openid',
    { response_type: 'id_token', nonce: 'n', scope: 'email' },
    'invalid_request',
  ],
  ['prompt=none login', { prompt: 'none login' }, 'invalid_request'],
  ['an unknown prompt', { prompt: 'nicely' }, 'invalid_request'],
  ['a max_age that is no number', { max_age: 'old' }, 'invalid_request'],
  [
    'a challenge that is too short',
    { code_challenge: 'abc', code_challenge_method: 'S256' },
    'invalid_request',
  ],
  ['a scope twice over', { scope: 'openid online_access offline_access' }, 'invalid_request'],
  ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
  ['a request_uri of its own', { request_uri: 'https://app.example.test/r' }, 'request_uri_not_supported'],
  [
    'a request_uri that is used up',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    'invalid_request_uri',
  ],
  ['an audience that nobody has', { audience: 'urn:nobody' }, 'access_denied'],
  ['an organization where none is used', { organization: 'org_1' }, 'invalid_request'],
  ['an id_token_hint of somebody else', { id_token_hint: 'e30.e30.e30' }, 'invalid_request'],
  ['prompt=none without a session', { prompt: 'none' }, 'login_required'],
];
test.each(REDIRECTED)('%s is told to the client, with its state', async (_, parameters, error) => {
  const page = await new UserAgent().get(authorizeUrl(server, landing, parameters));
  const answer = answerAt(page, landing);
  expect(answer).toMatchObject({ error, state: 'a state', error_description: expect.any(String) as string });
  expect(Object.keys(answer)).toHaveLength(3);
  const { status, error: told } = await newest(server);
  expect({ status, error: told }).toEqual({ status: 'failed', error });
});

test('an error goes where the answer would have gone: in the fragment where tokens were asked for', async () => {
  const page = await new UserAgent().get(
    authorizeUrl(server, landing, { response_type: 'id_token', nonce: 'n', prompt: 'none' }),
  );
  expect(new URL(page.url).search).toBe('');
  expect(new URL(page.url).hash).toContain('error=login_required');
});

test('a parameter that stands twice is told to the client, and one that decides where to, to the person', async () => {
  const url = authorizeUrl(server, landing);
  const told = answerAt(await new UserAgent().get(`${url}&scope=email`), landing);
  expect(told).toMatchObject({ error: 'invalid_request', state: 'a state' });
  const page = await new UserAgent().get(`${url}&redirect_uri=${encodeURIComponent(landing.callback)}`);
  expect(page.status).toBe(400);
  const states = answerAt(await new UserAgent().get(`${url}&state=b`), landing);
  expect(states['state']).toBeUndefined();
});

test('a response type needs the grant, and a strict client has no implicit one', async () => {
  await make(server, '/api/v2/clients', {
    client_id: 'strict',
    name: 'Strict',
    oauth_dialect: 'strict',
    callbacks: [landing.callback],
  });
  const answer = answerAt(
    await new UserAgent().get(
      authorizeUrl(server, landing, { client_id: 'strict', response_type: 'id_token', nonce: 'n' }),
    ),
    landing,
  );
  expect(answer).toMatchObject({ error: 'unauthorized_client', iss: `${server.baseUrl}/` });
  const unknown = answerAt(
    await new UserAgent().get(authorizeUrl(server, landing, { client_id: 'strict', audience: 'urn:nobody' })),
    landing,
  );
  expect(unknown).toMatchObject({ error: 'invalid_target' });
});

test('a * in a callback stands for a label, but not where the client is strict', async () => {
  const callbacks = ['https://*.wild.test/cb'];
  await make(server, '/api/v2/clients', { client_id: 'wild', name: 'Wild', callbacks });
  const asked = authorizeUrl(server, landing, {
    client_id: 'wild',
    redirect_uri: 'https://one.wild.test/cb',
    prompt: 'none',
  });
  const told = await fetch(asked, { redirect: 'manual' });
  expect(told.headers.get('location')).toMatch(/^https:\/\/one\.wild\.test\/cb\?error=login_required/);
  await server.api('PATCH', '/api/v2/clients/wild', { oauth_dialect: 'strict' });
  const refused = await fetch(asked, { redirect: 'manual' });
  expect([refused.status, refused.headers.get('location')]).toEqual([400, null]);
  expect(await refused.text()).toContain('a * stands for nothing');
});

test('of a scope that nobody grants the fragment tells none, and a strict client hears of it', async () => {
  const wishes = { response_type: 'token', scope: 'nothing:known' };
  const answer = await logIn(new UserAgent(), server, landing, wishes);
  expect(answer).toMatchObject({ access_token: expect.any(String) });
  expect(answer).not.toHaveProperty('scope');
  const asked = authorizeUrl(server, landing, { client_id: 'strict', scope: 'nothing:known' });
  expect(answerAt(await new UserAgent().get(asked), landing)).toMatchObject({ error: 'invalid_scope' });
});

test('iss stands in every answer where the tenant wants it, errors included', async () => {
  const turn = (on: boolean | null) =>
    server.api('PATCH', '/api/v2/tenants/settings', { authorization_response_iss_parameter_supported: on });
  expect((await turn(true)).status).toBe(200);
  const iss = `${server.baseUrl}/`;
  expect(await logIn(new UserAgent(), server, landing)).toMatchObject({ iss });
  const refused = await new UserAgent().get(authorizeUrl(server, landing, { prompt: 'none' }));
  expect(answerAt(refused, landing)).toMatchObject({ error: 'login_required', iss });
  await turn(null);
  expect(await logIn(new UserAgent(), server, landing)).not.toHaveProperty('iss');
});

test('parameters that nobody knows are ignored, and a client that sends no state gets none', async () => {
  const answer = await logIn(new UserAgent(), server, landing, {
    state: '',
    auth0Client: 'eyJ9',
    claims: '{"userinfo":{"name":{"essential":true}}}',
    display: 'page',
    ui_locales: 'de fr',
    claims_locales: 'de',
    acr_values: 'urn:one urn:two',
  });
  expect(Object.keys(answer)).toEqual(['code']);
});

test('a query that is no UTF-8 gets a page', async () => {
  const page = await new UserAgent().get(`${server.baseUrl}/authorize?client_id=app&state=%ff`);
  expect(page.status).toBe(400);
  expect(page.text).toContain('state');
});

test('the user may say no, and the client hears of it', async () => {
  const agent = new UserAgent();
  const page = await agent.get(authorizeUrl(server, landing));
  const answer = answerAt(await agent.submit(page, { action: 'cancel' }), landing);
  expect(answer).toMatchObject({ error: 'access_denied', state: 'a state' });
});

test('a form posted from the page of the client is answered with the session that its post did not bring', async () => {
  const agent = new UserAgent();
  await logIn(agent, server, landing);
  const fields = [...new URL(authorizeUrl(server, landing)).searchParams];
  const page = await agent.post(`${server.baseUrl}/authorize`, fields, landing.callback);
  await keptCode(server, answerAt(page, landing)['code']);
  const shown = await new UserAgent().post(`${server.baseUrl}/authorize`, fields, landing.callback);
  expect(shown.text).toContain('name="password"');
});

test('a code is delivered once: the login page that comes back gets nothing more', async () => {
  const agent = new UserAgent();
  const page = await agent.get(authorizeUrl(server, landing));
  answerAt(await agent.submit(page, LOGIN), landing);
  const again = await agent.submit(page, LOGIN);
  expect(again.status).toBe(409);
  expect(again.text).not.toContain('code=');
});

test('HEAD takes no login any further', async () => {
  const response = await fetch(authorizeUrl(server, landing), { method: 'HEAD' });
  expect(response.status).toBe(405);
});

test('the debug view shows what was asked and what was answered', async () => {
  const { code } = await logIn(new UserAgent(), server, landing, {
    response_type: 'code id_token token',
    nonce: 'n-1',
    audience: API,
  });
  const { id } = await newest(server);
  const { body } = await server.api<{
    authorization: { parameters: Record<string, string> };
    tokens: Record<string, { verification: { valid: boolean } }>;
    configuration: { settings: Record<string, { value: unknown }> };
  }>('GET', `/debug/transactions/${id}?format=json`);
  expect(body.authorization.parameters['code']).toBe(code);
  expect(body.tokens['id_token']!.verification.valid).toBe(true);
  expect(body.tokens['access_token']!.verification.valid).toBe(true);
  expect(body.configuration.settings).toMatchObject({
    redirect_uri: { value: landing.callback },
    response_type: { value: 'code id_token token' },
    state: { value: 'a state' },
  });
  const page = await new UserAgent().get(`${server.baseUrl}/debug/transactions/${id}`);
  expect(page.text).toContain(code);
});
