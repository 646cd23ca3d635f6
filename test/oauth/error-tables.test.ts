/** Every row of the two tables of errors (oauth-oidc.md 2.3, 4.8) that can come about here, in both dialects. */
import { exportJWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { answerAt, startLanding, type Landing } from '../oidc/relying-party.js';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { later } from '../support/later.js';
import { startTestServer, type ApiAnswer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  API,
  clientOf,
  DIALECTS,
  made,
  makeClient,
  makeCode,
  makeParties,
  PASSWORD,
  patched,
  redeem,
  refresh,
  refreshTokenOf,
  s256,
  SECRET,
  token,
  type CodeWishes,
  type Parameters,
  type TokenBody,
} from './token-parties.js';

type Dialect = (typeof DIALECTS)[number];

let server: TestServer;
let landing: Landing;
let restore: (() => unknown)[] = [];
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server);
  const callbacks = [landing.callback];
  for (const dialect of DIALECTS) {
    const oauth_dialect = dialect;
    await makeClient(server, `${dialect}-rp`, {
      oauth_dialect,
      callbacks,
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
    });
    await makeClient(server, `${dialect}-bare`, {
      oauth_dialect,
      callbacks,
      grant_types: ['authorization_code'],
    });
    await makeClient(server, `${dialect}-pushing`, {
      oauth_dialect,
      callbacks,
      require_pushed_authorization_requests: true,
    });
    await makeClient(server, `${dialect}-auto`, { oauth_dialect, callbacks, auto_login: 'auth0|gone' });
    await makeClient(server, `${dialect}-rotating`, {
      oauth_dialect,
      refresh_token: { rotation_type: 'rotating', token_lifetime: 60 },
    });
    await makeClient(server, `${dialect}-signer`, {
      oauth_dialect,
      token_endpoint_auth_method: 'private_key_jwt',
    });
  }
});
afterAll(async () => {
  await server.close();
  await landing.close();
});
afterEach(async () => {
  for (const each of restore) await each();
  restore = [];
});

/** What the RFCs let a description have (RFC 6749 4.1.2.1, 5.2). */
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

// 2.3: /authorize

const authorizeUrl = (parameters: Readonly<Record<string, string>>): string => {
  const all = {
    response_type: 'code',
    redirect_uri: landing.callback,
    scope: 'openid',
    state: 'a state',
    ...parameters,
  };
  const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  return `${server.baseUrl}/authorize?${query.toString()}`;
};

const LOCAL: readonly (readonly [
  row: string,
  parameters: Readonly<Record<string, string>>,
  words: string,
])[] = [
  ['an unknown client_id', { client_id: 'nobody' }, 'nobody'],
  [
    'a redirect_uri that is not registered',
    { redirect_uri: 'https://evil.example.test/' },
    '<title>Callback URL mismatch',
  ],
];
for (const dialect of DIALECTS)
  test.each(LOCAL)(`%s is never told by a redirect, ${dialect}`, async (_, parameters, words) => {
    const answer = await fetch(authorizeUrl({ client_id: `${dialect}-rp`, ...parameters }), {
      redirect: 'manual',
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toContain(words);
  });

const AS_ALICE = { username: 'alice', password: PASSWORD } as const;
interface AuthorizeRow {
  readonly row: string;
  /** Of the client, `rp` unless told otherwise. */
  readonly client?: string;
  readonly ask?: Readonly<Record<string, string>>;
  /** Put behind the request, as it is. */
  readonly more?: string;
  /** Done with the login page; without it there is none. */
  readonly onPage?: Readonly<Record<string, string>>;
  /** An Action of the login. */
  readonly action?: string;
  readonly error: string | Readonly<Record<Dialect, string>>;
  readonly text?: string | Readonly<Partial<Record<Dialect, string>>>;
}
const AUTHORIZE: readonly AuthorizeRow[] = [
  { row: 'a parameter that stands twice', more: '&scope=openid', error: 'invalid_request' },
  { row: 'an ID token without a nonce', ask: { response_type: 'id_token' }, error: 'invalid_request' },
  { row: 'prompt=none login', ask: { prompt: 'none login' }, error: 'invalid_request' },
  {
    row: 'online_access and offline_access',
    ask: { scope: 'openid online_access offline_access' },
    error: 'invalid_request',
  },
  { row: 'no response_type', ask: { response_type: '' }, error: 'unsupported_response_type' },
  {
    row: 'an unknown response_type',
    ask: { response_type: 'code ticket' },
    error: 'unsupported_response_type',
  },
  {
    row: 'a response_type without its grant',
    client: 'bare',
    ask: { response_type: 'id_token', nonce: 'n' },
    error: 'unauthorized_client',
  },
  { row: 'a request that had to be pushed', client: 'pushing', error: 'unauthorized_client' },
  { row: 'a user who cancels', onPage: { action: 'cancel' }, error: 'access_denied' },
  {
    row: 'a denial of an Action',
    onPage: AS_ALICE,
    action: `api.access.deny('not you')`,
    error: 'access_denied',
    text: 'not you',
  },
  {
    row: 'an Action that ends the session',
    onPage: AS_ALICE,
    action: `api.session.revoke('it is over')`,
    error: 'access_denied',
    text: 'it is over',
  },
  {
    row: 'prompt=none without a session',
    ask: { prompt: 'none' },
    error: 'login_required',
    text: 'Login required',
  },
  {
    row: 'a request object',
    ask: { request: 'eyJhbGciOiJub25lIn0.e30.' },
    error: 'request_not_supported',
  },
  {
    row: 'a request_uri of the client',
    ask: { request_uri: 'https://app.example.test/request' },
    error: 'request_uri_not_supported',
  },
  {
    row: 'a request_uri of nothing that was pushed',
    ask: { request_uri: 'urn:ietf:params:oauth:request_uri:none' },
    error: 'invalid_request_uri',
  },
  {
    row: 'a registration',
    ask: { registration: '{"redirect_uris":["https://evil.example.test/"]}' },
    error: 'registration_not_supported',
  },
  { row: 'a scope that cannot be one', ask: { scope: 'openid "x"' }, error: 'invalid_scope' },
  { row: 'a failure that is ours', client: 'auto', error: 'server_error' },
  {
    row: 'an unknown audience',
    ask: { audience: 'urn:nobody' },
    error: { auth0: 'access_denied', strict: 'invalid_target' },
    text: { auth0: 'Service not found: urn:nobody' },
  },
  {
    row: 'an unknown resource',
    ask: { resource: 'urn:nobody' },
    error: { auth0: 'access_denied', strict: 'invalid_target' },
    text: { auth0: 'Service not found: urn:nobody' },
  },
];

for (const dialect of DIALECTS)
  test.each(AUTHORIZE)(`$row is told to the client by $error, ${dialect}`, async (row) => {
    if (row.action !== undefined) {
      restore.push(() => unbindAll(server));
      await bindHandlers(server, [row.action]);
    }
    const agent = new UserAgent();
    const url = authorizeUrl({ client_id: `${dialect}-${row.client ?? 'rp'}`, ...row.ask });
    let page: Page = await agent.get(`${url}${row.more ?? ''}`);
    if (row.onPage) page = await agent.submit(page, row.onPage);
    const { error, error_description, ...others } = answerAt(page, landing);
    expect(error).toBe(typeof row.error === 'string' ? row.error : row.error[dialect]);
    const text = typeof row.text === 'string' ? row.text : row.text?.[dialect];
    if (text !== undefined) expect(error_description).toBe(text);
    expect(error_description).toMatch(DESCRIPTION);
    expect(others).toEqual({
      state: 'a state',
      ...(dialect === 'strict' && { iss: `${server.baseUrl}/` }),
    });
  });

test('an Action that wants to show a page where none may be is told by interaction_required', async () => {
  restore.push(() => unbindAll(server));
  const agent = new UserAgent();
  const asked = { client_id: 'auth0-rp' };
  await agent.submit(await agent.get(authorizeUrl(asked)), AS_ALICE);
  await bindHandlers(server, [`api.redirect.sendUserTo('https://elsewhere.example.test/')`]);
  for (const dialect of DIALECTS) {
    const page = await agent.get(authorizeUrl({ client_id: `${dialect}-rp`, prompt: 'none' }));
    expect(answerAt(page, landing)).toMatchObject({ error: 'interaction_required', state: 'a state' });
  }
});

// 4.8: /oauth/token

type Told = readonly [status: number, error: string, text?: string];
interface TokenRow {
  readonly row: string;
  readonly call: (clientId: string, dialect: Dialect) => Promise<ApiAnswer<TokenBody>>;
  readonly auth0: Told;
  readonly strict: Told;
}
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = { value: s256(VERIFIER), method: 'S256' } as const;
const code = async (clientId: string, wishes: CodeWishes = {}): Promise<string> =>
  (await makeCode(server, { clientId, ...wishes })).code;
const own = (clientId: string, more: Parameters = {}) =>
  token(server, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: SECRET,
    audience: API,
    ...more,
  });
const password = (clientId: string, more: Parameters = {}) =>
  token(server, {
    grant_type: 'password',
    client_id: clientId,
    client_secret: SECRET,
    username: 'alice',
    password: PASSWORD,
    ...more,
  });
const on = async (action: string, trigger?: 'credentials-exchange'): Promise<void> => {
  restore.push(() => unbindAll(server));
  await bindHandlers(server, [action], trigger);
};

const NO_CODE = [403, 'invalid_grant', 'Invalid authorization code'] as const;
const NO_VERIFIER = [403, 'invalid_grant', 'Failed to verify code verifier'] as const;
const NO_REFRESH_TOKEN = [403, 'invalid_grant', 'Unknown or invalid refresh token.'] as const;
const STRICT_GRANT = [400, 'invalid_grant'] as const;
const TOKEN: readonly TokenRow[] = [
  {
    row: 'an unknown code',
    call: (client_id) => redeem(server, 'none', { client_id }),
    auth0: NO_CODE,
    strict: STRICT_GRANT,
  },
  {
    row: 'a used code',
    call: async (client_id) => {
      const used = await code(client_id);
      await redeem(server, used, { client_id });
      return redeem(server, used, { client_id });
    },
    auth0: NO_CODE,
    strict: STRICT_GRANT,
  },
  {
    row: 'an expired code',
    call: async (client_id) => redeem(server, await code(client_id, { lifetimeMs: -1 }), { client_id }),
    auth0: NO_CODE,
    strict: STRICT_GRANT,
  },
  {
    row: 'a wrong code_verifier',
    call: async (client_id) =>
      redeem(server, await code(client_id, { challenge: CHALLENGE }), {
        client_id,
        code_verifier: 'w'.repeat(43),
      }),
    auth0: NO_VERIFIER,
    strict: STRICT_GRANT,
  },
  {
    row: 'no code_verifier',
    call: async (client_id) => redeem(server, await code(client_id, { challenge: CHALLENGE }), { client_id }),
    auth0: NO_VERIFIER,
    strict: STRICT_GRANT,
  },
  {
    row: 'a code_verifier without a challenge',
    call: async (client_id) => redeem(server, await code(client_id), { client_id, code_verifier: VERIFIER }),
    auth0: NO_VERIFIER,
    strict: STRICT_GRANT,
  },
  {
    row: 'a redirect_uri that is missing',
    call: async (client_id) => redeem(server, await code(client_id), { client_id, redirect_uri: undefined }),
    auth0: [400, 'invalid_request'],
    strict: [400, 'invalid_request'],
  },
  {
    row: 'a redirect_uri that differs',
    call: async (client_id) =>
      redeem(server, await code(client_id), { client_id, redirect_uri: 'https://app.example.test/other' }),
    auth0: [403, 'invalid_grant'],
    strict: STRICT_GRANT,
  },
  {
    row: 'an unknown refresh token',
    call: (client_id) => refresh(server, 'none', { client_id }),
    auth0: NO_REFRESH_TOKEN,
    strict: STRICT_GRANT,
  },
  {
    row: 'an expired refresh token',
    call: async (_, dialect) => {
      const client_id = `${dialect}-rotating`;
      const old = await refreshTokenOf(server, { clientId: client_id });
      restore.push(later(server, 61));
      return refresh(server, old, { client_id });
    },
    auth0: NO_REFRESH_TOKEN,
    strict: STRICT_GRANT,
  },
  {
    row: 'a reused refresh token',
    call: async (_, dialect) => {
      const client_id = `${dialect}-rotating`;
      const old = await refreshTokenOf(server, { clientId: client_id });
      expect((await refresh(server, old, { client_id })).status).toBe(200);
      return refresh(server, old, { client_id });
    },
    auth0: NO_REFRESH_TOKEN,
    strict: STRICT_GRANT,
  },
  {
    row: 'a wrong client secret',
    call: (client_id) => own(client_id, { client_secret: 'wrong' }),
    auth0: [401, 'access_denied', 'Unauthorized'],
    strict: [401, 'invalid_client'],
  },
  {
    row: 'a bad client assertion',
    call: (_, dialect) =>
      own(`${dialect}-signer`, {
        client_secret: undefined,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA',
      }),
    auth0: [401, 'invalid_client'],
    strict: [401, 'invalid_client'],
  },
  {
    row: 'a grant that is not enabled',
    call: (_, dialect) => own(`${dialect}-bare`),
    auth0: [403, 'unauthorized_client', `Grant type 'client_credentials' not allowed for the client.`],
    strict: [400, 'unauthorized_client'],
  },
  {
    row: 'an unknown grant type',
    call: (client_id) => own(client_id, { grant_type: 'magic' }),
    auth0: [403, 'unsupported_grant_type', 'Unsupported grant type: magic'],
    strict: [400, 'unsupported_grant_type'],
  },
  {
    row: 'an unknown audience',
    call: (client_id) => own(client_id, { audience: 'urn:nobody' }),
    auth0: [403, 'access_denied', 'Service not found: urn:nobody'],
    strict: [400, 'invalid_target'],
  },
  {
    row: 'no audience and no default',
    call: (client_id) => own(client_id, { audience: undefined }),
    auth0: [
      403,
      'access_denied',
      'No audience parameter was provided, and no default audience has been configured',
    ],
    strict: [400, 'invalid_target'],
  },
  {
    row: 'an API without a client grant',
    call: (client_id) => own(client_id, { audience: 'urn:ungranted' }),
    auth0: [
      403,
      'access_denied',
      'Client is not authorized to access "urn:ungranted". You need to create a "client-grant" associated to this API.',
    ],
    strict: [400, 'invalid_target'],
  },
  {
    row: 'a scope outside the grant',
    call: (client_id) => own(client_id, { scope: 'read:mail write:mail' }),
    auth0: [403, 'access_denied', 'Client has not been granted scopes: write:mail'],
    strict: [400, 'invalid_scope'],
  },
  {
    row: 'a wrong password',
    call: (client_id) => password(client_id, { password: 'wrong' }),
    auth0: [403, 'invalid_grant', 'Wrong email or password.'],
    strict: STRICT_GRANT,
  },
  {
    row: 'a denial of an Action for a client',
    call: async (client_id) => {
      await on(`api.access.deny('invalid_request', 'not today')`, 'credentials-exchange');
      return own(client_id);
    },
    auth0: [400, 'invalid_request', 'not today'],
    strict: [400, 'invalid_request', 'not today'],
  },
  {
    row: 'a denial of an Action for a password',
    call: async (client_id) => {
      await on(`api.access.deny('not you')`);
      return password(client_id);
    },
    auth0: [403, 'access_denied', 'not you'],
    strict: [400, 'access_denied', 'not you'],
  },
  {
    row: 'a denial of an Action for a refresh token',
    call: async (client_id) => {
      const refreshToken = await refreshTokenOf(server, { clientId: client_id });
      await on(`api.access.deny('not you')`);
      return refresh(server, refreshToken, { client_id });
    },
    auth0: [403, 'access_denied', 'not you'],
    strict: [400, 'access_denied', 'not you'],
  },
  {
    row: 'too many wrong passwords',
    call: async (client_id) => {
      const username = `guessed by ${client_id}`;
      await made(server, 'users', { user_id: `auth0|${client_id}`, username, password: PASSWORD });
      for (let count = 0; count < 10; count += 1)
        await password(client_id, { username, password: `wrong ${count}` });
      return password(client_id, { username, password: 'wrong' });
    },
    auth0: [429, 'too_many_attempts'],
    strict: [429, 'too_many_attempts'],
  },
];

beforeAll(() => made(server, 'resource-servers', { identifier: 'urn:ungranted' }));

for (const dialect of DIALECTS)
  test.each(TOKEN)(`$row is refused in the words of ${dialect}`, async (row) => {
    const { status, body, headers } = await row.call(clientOf(dialect), dialect);
    const [expected, error, text] = row[dialect];
    expect({ status, error: body.error }).toEqual({ status: expected, error });
    if (text !== undefined) expect(body.error_description).toBe(text);
    if (dialect === 'strict') expect(body.error_description).toMatch(DESCRIPTION);
    expect(body.error_description).toBeTypeOf('string');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toContain('application/json');
  });

test('a grant that is not enabled names where Auth0 tells of it', async () => {
  expect((await own('auth0-bare')).body.error_uri).toMatch(/^https:\/\/auth0\.com\/docs\//);
  expect((await own('strict-bare')).body.error_uri).toBeUndefined();
});

test('a DPoP proof without the nonce that is demanded is refused with one', async () => {
  await patched(server, 'tenants/settings', { dpop_nonce_required: true });
  restore.push(() => patched(server, 'tenants/settings', { dpop_nonce_required: false }));
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign', 'verify'],
  );
  for (const dialect of DIALECTS) {
    const proof = await new SignJWT({ htm: 'POST', htu: `${server.baseUrl}/oauth/token`, jti: dialect })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey);
    const { status, body, headers } = await token(
      server,
      {
        grant_type: 'client_credentials',
        client_id: clientOf(dialect),
        client_secret: SECRET,
        audience: API,
      },
      { dpop: proof },
    );
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'use_dpop_nonce' });
    if (dialect === 'auth0')
      expect(body.error_description).toBe('Authorization server requires nonce in DPoP proof');
    expect(headers.get('dpop-nonce')).toMatch(/./);
  }
});
