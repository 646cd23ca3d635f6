/** openid-client, unmodified: it discovers the server, and refuses whatever is not to the letter. */
import type { webcrypto } from 'node:crypto';
import * as client from 'openid-client';
import { decodeProtectedHeader } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { API, claimsOf, LOGIN, startLanding, type Landing } from '../oidc/relying-party.js';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import { cryptoKey, landed, makeLibraryClients, SECRET } from './parties.js';

let server: TestServer;
let landing: Landing;
let signing: webcrypto.CryptoKey;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  signing = await cryptoKey(await makeLibraryClients(server, landing));
});
afterAll(async () => {
  await server.close();
  await landing.close();
});
afterEach(() => unbindAll(server));

const METHODS = {
  poster: () => client.ClientSecretPost(SECRET),
  basic: () => client.ClientSecretBasic(SECRET),
  strict: () => client.ClientSecretBasic(SECRET),
  signer: () => client.PrivateKeyJwt(signing),
  public: () => client.None(),
} as const;
type ClientId = keyof typeof METHODS;
const CLIENTS = Object.keys(METHODS) as ClientId[];

/** Every check that the library has is on. */
const configured = (
  clientId: ClientId,
  more: ((config: client.Configuration) => void)[] = [],
): Promise<client.Configuration> =>
  client.discovery(new URL(server.baseUrl), clientId, undefined, METHODS[clientId](), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks, ...more],
  });

/** A code flow with everything that can be checked. */
async function codeFlow(
  config: client.Configuration,
  {
    agent = new UserAgent(),
    parameters = {},
    pushed = false,
    DPoP,
  }: {
    readonly agent?: UserAgent;
    readonly parameters?: Readonly<Record<string, string>>;
    readonly pushed?: boolean;
    readonly DPoP?: client.DPoPHandle;
  } = {},
) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const asked = {
    redirect_uri: landing.callback,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  };
  const options = DPoP && { DPoP };
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, asked, options)
    : client.buildAuthorizationUrl(config, asked);
  const tokens = await client.authorizationCodeGrant(
    config,
    await landed(agent, url, landing),
    {
      pkceCodeVerifier,
      expectedState,
      expectedNonce,
      idTokenExpected: true,
      ...('max_age' in parameters && { maxAge: Number(parameters.max_age) }),
    },
    undefined,
    options,
  );
  return { tokens, url, claims: tokens.claims()! };
}

test('discovery tells it of every endpoint that these tests use', async () => {
  const metadata = (await configured('poster')).serverMetadata();
  expect(metadata.issuer).toBe(`${server.baseUrl}/`);
  expect(metadata.supportsPKCE()).toBe(true);
});

test.each(CLIENTS)(
  'the client %s logs a user in by code and PKCE, and goes on with what it got',
  async (id) => {
    const config = await configured(id);
    const { tokens, claims } = await codeFlow(config, { parameters: { max_age: '10000' } });
    expect(claims).toMatchObject({ sub: 'auth0|alice', aud: id, email: 'alice@example.test' });
    expect(claims.auth_time).toEqual(expect.any(Number));

    const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    expect(user).toMatchObject({ sub: 'auth0|alice', name: 'Alice', email_verified: true });

    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token!);
    expect(renewed.claims()).toMatchObject({ sub: 'auth0|alice', sid: claims['sid'] });
    expect(renewed.access_token).not.toBe(tokens.access_token);

    await client.tokenRevocation(config, renewed.refresh_token ?? tokens.refresh_token!);
    const refused = client.refreshTokenGrant(config, renewed.refresh_token ?? tokens.refresh_token!);
    await expect(refused).rejects.toMatchObject({
      error: 'invalid_grant',
      status: id === 'strict' ? 400 : 403,
    });
  },
);

test.each(CLIENTS.filter((id) => id !== 'public'))(
  'the client %s gets a token of its own, and learns what it is worth before and after it is revoked',
  async (id) => {
    const config = await configured(id);
    const tokens = await client.clientCredentialsGrant(config, { audience: API });
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read:things' });
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: `${id}@clients`, aud: API });
    expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      client_id: id,
      scope: 'read:things',
    });
    await client.tokenRevocation(config, tokens.access_token);
    expect(await client.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
  },
);

test.each(CLIENTS)('the client %s pushes its request first', async (id) => {
  const { url, claims } = await codeFlow(await configured(id), { pushed: true });
  expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
  expect(claims.sub).toBe('auth0|alice');
});

test.each([
  ['without a nonce', false],
  ['with a nonce that the server demands', true],
])('tokens are bound to its key, %s, from PAR to userinfo', async (_, demanded) => {
  await server.api('PATCH', '/api/v2/tenants/settings', { dpop_nonce_required: demanded });
  try {
    const config = await configured('public');
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const { tokens, claims } = await codeFlow(config, { pushed: true, DPoP });
    expect(tokens.token_type).toBe('dpop');
    const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
    expect(user.email).toBe('alice@example.test');
    const stolen = client.fetchUserInfo(config, tokens.access_token, claims.sub);
    await expect(stolen).rejects.toMatchObject({ status: 401 });
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP });
    expect(renewed.token_type).toBe('dpop');
    await expect(client.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  } finally {
    await server.api('PATCH', '/api/v2/tenants/settings', { dpop_nonce_required: false });
  }
});

test('the implicit flow gives an ID token that it believes', async () => {
  const config = await configured('poster', [client.useIdTokenResponseType]);
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: landing.callback,
    scope: 'openid email',
    state,
    nonce,
  });
  expect(url.searchParams.get('response_type')).toBe('id_token');
  const back = await landed(new UserAgent(), url, landing);
  const claims = await client.implicitAuthentication(config, back, nonce, { expectedState: state });
  expect(claims).toMatchObject({ sub: 'auth0|alice', email: 'alice@example.test' });
});

test('the hybrid flow gives a code whose hash it checks', async () => {
  const { url, claims } = await codeFlow(await configured('poster', [client.useCodeIdTokenResponseType]));
  expect(url.searchParams.get('response_type')).toBe('code id_token');
  expect(claims.sub).toBe('auth0|alice');
});

test('it reads an answer that is posted', async () => {
  const config = await configured('poster', [client.useIdTokenResponseType]);
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: landing.callback,
    response_mode: 'form_post',
    scope: 'openid',
    state: 's',
    nonce,
  });
  const agent = new UserAgent();
  const form = await agent.submit(await agent.get(url.href), LOGIN);
  const body = new URLSearchParams(
    form.forms[0]!.fields.map(([name, value]) => [name, value] as [string, string]),
  );
  const posted = new Request(form.forms[0]!.action, { method: 'POST', body });
  const claims = await client.implicitAuthentication(config, posted, nonce, { expectedState: 's' });
  expect(claims.sub).toBe('auth0|alice');
});

test('the answer names its issuer where the tenant says so, and the library then insists on it', async () => {
  await server.api('PATCH', '/api/v2/tenants/settings', {
    authorization_response_iss_parameter_supported: true,
  });
  try {
    const config = await configured('poster');
    expect(config.serverMetadata().authorization_response_iss_parameter_supported).toBe(true);
    expect((await codeFlow(config)).claims.sub).toBe('auth0|alice');
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: landing.callback,
      scope: 'openid',
      prompt: 'none',
    });
    const back = new URL((await new UserAgent().get(url.href)).url);
    await expect(client.authorizationCodeGrant(config, back)).rejects.toMatchObject({
      error: 'login_required',
    });
  } finally {
    await server.api('PATCH', '/api/v2/tenants/settings', {
      authorization_response_iss_parameter_supported: false,
    });
  }
});

test('a session serves every client, silently, as the same login', async () => {
  const agent = new UserAgent();
  const first = await codeFlow(await configured('poster'), { agent, parameters: { max_age: '10000' } });
  const second = await codeFlow(await configured('public'), {
    agent,
    parameters: { prompt: 'none', max_age: '10000', id_token_hint: first.tokens.id_token! },
  });
  expect(second.claims).toMatchObject({
    sub: first.claims.sub,
    sid: first.claims['sid'],
    auth_time: first.claims.auth_time,
  });
});

test('what an Action claims is in the tokens, and so are its claims in refreshed ones', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('https://example.test/roles', ['editor', event.transaction?.protocol]);
     api.accessToken.setCustomClaim('https://example.test/tier', 'gold');`,
  ]);
  const config = await configured('basic');
  const { tokens, claims } = await codeFlow(config, { parameters: { audience: API } });
  expect(claims['https://example.test/roles']).toEqual(['editor', 'oidc-basic-profile']);
  expect(decodeProtectedHeader(tokens.access_token).alg).toBe('RS256');
  expect(claimsOf(tokens.access_token)).toMatchObject({ 'https://example.test/tier': 'gold' });
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token!);
  expect(renewed.claims()?.['https://example.test/roles']).toEqual(['editor', 'oauth2-refresh-token']);
});

test('a denial by an Action is the error of the library, in the words of the Action', async () => {
  await bindHandlers(server, [`api.access.deny('Come back on Monday.');`]);
  const denied = codeFlow(await configured('poster'));
  await expect(denied).rejects.toBeInstanceOf(client.AuthorizationResponseError);
  await expect(codeFlow(await configured('poster'))).rejects.toMatchObject({
    error: 'access_denied',
    error_description: 'Come back on Monday.',
  });
});

test('a denial of a client’s own token is the error of the library too', async () => {
  await bindHandlers(
    server,
    [`api.access.deny('invalid_request', 'Not on Sundays.');`],
    'credentials-exchange',
  );
  const config = await configured('poster');
  await expect(client.clientCredentialsGrant(config, { audience: API })).rejects.toMatchObject({
    error: 'invalid_request',
    error_description: 'Not on Sundays.',
  });
});

test.each([
  ['auth0', 'basic', { status: 401, error: 'access_denied' }],
  // a strict server challenges whoever tried Basic, and the library then tells of the challenge
  ['strict', 'strict', { status: 401, cause: [{ scheme: 'basic' }] }],
] as const)('a wrong secret is refused in the %s dialect', async (_, id, expected) => {
  const config = await client.discovery(
    new URL(server.baseUrl),
    id,
    undefined,
    client.ClientSecretBasic('wrong'),
    {
      execute: [client.allowInsecureRequests],
    },
  );
  await expect(client.clientCredentialsGrant(config, { audience: API })).rejects.toMatchObject(expected);
});

test('it exchanges the token of a user for one at an API', async () => {
  const config = await configured('basic');
  const { tokens } = await codeFlow(config);
  const type = 'urn:ietf:params:oauth:token-type:access_token';
  const exchanged = await client.genericGrantRequest(
    config,
    'urn:ietf:params:oauth:grant-type:token-exchange',
    { subject_token: tokens.access_token, subject_token_type: type, audience: API, scope: 'read:things' },
  );
  expect(exchanged).toMatchObject({ token_type: 'bearer', issued_token_type: type, scope: 'read:things' });
  expect(claimsOf(exchanged.access_token)).toMatchObject({ sub: 'auth0|alice', aud: API, azp: 'basic' });
});

test('it builds the way out, which ends the session and comes back', async () => {
  const config = await configured('poster');
  const agent = new UserAgent();
  const { tokens } = await codeFlow(config, { agent });
  const out = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: landing.callback,
    id_token_hint: tokens.id_token!,
    state: 'bye',
  });
  expect((await agent.get(out.href)).url).toBe(`${landing.callback}?state=bye`);
  await expect(codeFlow(config, { agent, parameters: { prompt: 'none' } })).rejects.toMatchObject({
    error: 'login_required',
  });
});
