/** oauth4webapi, unmodified: each step by hand, by the metadata of OpenID Connect and by that of OAuth (RFC 8414). */
import { createHash, type webcrypto } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API, make, startLanding, type Landing } from '../oidc/relying-party.js';
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

const HTTP = { [oauth.allowInsecureRequests]: true } as const;

/** Of the identifier that the metadata claims, byte for byte. */
async function discovered(algorithm: 'oidc' | 'oauth2' = 'oidc'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(server.baseUrl);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...HTTP }));
}

const METHODS = {
  poster: () => oauth.ClientSecretPost(SECRET),
  basic: () => oauth.ClientSecretBasic(SECRET),
  signer: () => oauth.PrivateKeyJwt(signing),
  public: () => oauth.None(),
} as const;
type ClientId = keyof typeof METHODS;
const CLIENTS = Object.keys(METHODS) as ClientId[];

interface Asked {
  readonly as: oauth.AuthorizationServer;
  readonly verifier: string;
  readonly nonce: string;
  readonly state: string;
  readonly query: URLSearchParams;
}
async function ask(
  client: oauth.Client,
  more: Readonly<Record<string, string>> = {},
  algorithm: 'oidc' | 'oauth2' = 'oidc',
): Promise<Asked> {
  const [verifier, nonce, state] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomNonce(),
    oauth.generateRandomState(),
  ];
  const query = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: landing.callback,
    scope: 'openid email offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce,
    state,
    ...more,
  });
  return { as: await discovered(algorithm), verifier, nonce, state, query };
}
const authorizeAt = (as: oauth.AuthorizationServer, query: URLSearchParams): URL =>
  new URL(`${as.authorization_endpoint}?${query.toString()}`);

async function redeemed(
  client: oauth.Client,
  clientId: ClientId,
  { as, verifier, state }: Asked,
  url: URL,
  options: oauth.TokenEndpointRequestOptions = {},
): Promise<Response> {
  const back = await landed(new UserAgent(), url, landing);
  const parameters = oauth.validateAuthResponse(as, client, back, state);
  return oauth.authorizationCodeGrantRequest(
    as,
    client,
    METHODS[clientId](),
    parameters,
    landing.callback,
    verifier,
    { ...HTTP, ...options },
  );
}

test('both documents are found where they belong, and say the same', async () => {
  expect(await discovered('oauth2')).toEqual(await discovered('oidc'));
});

test.each(CLIENTS)(
  'the client %s redeems, asks who it is, refreshes, revokes, and asks what is left',
  async (id) => {
    const client: oauth.Client = { client_id: id };
    const asked = await ask(client);
    const { as, nonce } = asked;
    const response = await redeemed(client, id, asked, authorizeAt(as, asked.query));
    expect(response.headers.get('cache-control')).toBe('no-store');
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(as, response, HTTP);
    const { sub } = oauth.getValidatedIdTokenClaims(tokens)!;
    expect(sub).toBe('auth0|alice');

    const user = await oauth.userInfoRequest(as, client, tokens.access_token, HTTP);
    expect(await oauth.processUserInfoResponse(as, client, sub, user)).toMatchObject({
      email: 'alice@example.test',
    });

    const auth = METHODS[id]();
    const refreshed = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token!, HTTP);
    const renewed = await oauth.processRefreshTokenResponse(as, client, refreshed);
    expect(oauth.getValidatedIdTokenClaims(renewed)).toMatchObject({ sub });

    const revoke = (token: string) => oauth.revocationRequest(as, client, METHODS[id](), token, HTTP);
    expect(await oauth.processRevocationResponse(await revoke(tokens.refresh_token!))).toBeUndefined();
    // what nobody knows is as good as revoked (RFC 7009 2.2)
    expect(await oauth.processRevocationResponse(await revoke('nothing of ours'))).toBeUndefined();
    if (id === 'public') return;
    const introspected = await oauth.introspectionRequest(
      as,
      client,
      METHODS[id](),
      tokens.refresh_token!,
      HTTP,
    );
    expect(await oauth.processIntrospectionResponse(as, client, introspected)).toEqual({ active: false });
  },
);

test('a pure OAuth client, without openid, gets no ID token, and tokens of an API', async () => {
  const client: oauth.Client = { client_id: 'poster' };
  const asked = await ask(client, { scope: 'read:things', audience: API }, 'oauth2');
  asked.query.delete('nonce');
  const response = await redeemed(client, 'poster', asked, authorizeAt(asked.as, asked.query));
  const tokens = await oauth.processAuthorizationCodeResponse(asked.as, client, response);
  expect(tokens).not.toHaveProperty('id_token');
  const own = await oauth.clientCredentialsGrantRequest(
    asked.as,
    client,
    METHODS.poster(),
    { audience: API },
    HTTP,
  );
  expect(await oauth.processClientCredentialsResponse(asked.as, client, own)).toMatchObject({
    scope: 'read:things',
  });
});

test('it pushes a request with a proof, and everything that follows is bound to the key', async () => {
  const client: oauth.Client = { client_id: 'public' };
  const asked = await ask(client);
  const { as, nonce } = asked;
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  const pushed = await oauth.pushedAuthorizationRequest(as, client, METHODS.public(), asked.query, {
    DPoP,
    ...HTTP,
  });
  const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, pushed);
  const url = authorizeAt(as, new URLSearchParams({ client_id: 'public', request_uri }));
  const response = await redeemed(client, 'public', asked, url, { DPoP });
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce });
  expect(tokens.token_type).toBe('dpop');
  const user = await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...HTTP });
  expect(await oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, user)).toMatchObject({
    sub: 'auth0|alice',
  });
  const bare = await oauth.userInfoRequest(as, client, tokens.access_token, HTTP);
  expect(bare.status).toBe(401);
});

test('a hybrid answer carries an ID token whose hash of the code it checks', async () => {
  const client: oauth.Client = { client_id: 'poster' };
  const { as, nonce, state, query } = await ask(client, { response_type: 'code id_token' });
  const back = await landed(new UserAgent(), authorizeAt(as, query), landing);
  const parameters = await oauth.validateCodeIdTokenResponse(as, client, back, nonce, state, undefined, HTTP);
  expect(parameters.get('code')).toEqual(expect.any(String));
});

test('tokens beside an ID token are in its hash, which is computed here by hand', async () => {
  const client: oauth.Client = { client_id: 'poster' };
  const { as, query } = await ask(client, { response_type: 'code id_token token' });
  const { hash } = await landed(new UserAgent(), authorizeAt(as, query), landing);
  const answer = new URLSearchParams(hash.slice(1));
  const half = (text: string | null): string =>
    createHash('sha256').update(text!).digest().subarray(0, 16).toString('base64url');
  const claims = JSON.parse(
    Buffer.from(answer.get('id_token')!.split('.')[1]!, 'base64url').toString(),
  ) as Record<string, unknown>;
  expect(claims).toMatchObject({
    at_hash: half(answer.get('access_token')),
    c_hash: half(answer.get('code')),
  });
});

test('what is refused on the way is an error of the library', async () => {
  const client: oauth.Client = { client_id: 'public' };
  const silent = await ask(client, { prompt: 'none' });
  const back = new URL((await new UserAgent().get(authorizeAt(silent.as, silent.query).href)).url);
  expect(() => oauth.validateAuthResponse(silent.as, client, back, silent.state)).toThrow(
    expect.objectContaining({ error: 'login_required' }),
  );
  const asked = await ask(client);
  const stolen = { ...asked, verifier: oauth.generateRandomCodeVerifier() };
  const response = await redeemed(client, 'public', stolen, authorizeAt(asked.as, asked.query));
  await expect(oauth.processAuthorizationCodeResponse(asked.as, client, response)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

/** What an API does with the request of a client that a token came with. */
const toApi = (token: string, scheme = 'Bearer', headers: Readonly<Record<string, string>> = {}): Request =>
  new Request('https://api.example.test/things', {
    headers: { authorization: `${scheme} ${token}`, ...headers },
  });

test('an API that wants access tokens of RFC 9068 believes them, a user’s and a client’s own', async () => {
  const audience = 'urn:strict-api';
  await make(server, '/api/v2/resource-servers', {
    identifier: audience,
    name: 'Strict',
    scopes: [{ value: 'read:all' }],
    token_dialect: 'rfc9068_profile',
  });
  await make(server, '/api/v2/client-grants', { client_id: 'poster', audience, scope: ['read:all'] });
  const client: oauth.Client = { client_id: 'poster' };
  const asked = await ask(client, { audience, scope: 'openid read:all' });
  const { as, nonce } = asked;
  const response = await redeemed(client, 'poster', asked, authorizeAt(as, asked.query));
  const ofUser = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce });
  expect(await oauth.validateJwtAccessToken(as, toApi(ofUser.access_token), audience, HTTP)).toMatchObject({
    sub: 'auth0|alice',
    client_id: 'poster',
    scope: 'openid read:all',
  });

  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  const own = await oauth.clientCredentialsGrantRequest(
    as,
    client,
    METHODS.poster(),
    { audience },
    {
      DPoP,
      ...HTTP,
    },
  );
  const { access_token: bound } = await oauth.processClientCredentialsResponse(as, client, own);
  // nobody proves to hold the key
  await expect(oauth.validateJwtAccessToken(as, toApi(bound), audience, HTTP)).rejects.toThrow();
  const headers: Record<string, string> = {};
  await oauth.protectedResourceRequest(
    bound,
    'GET',
    new URL('https://api.example.test/things'),
    undefined,
    undefined,
    {
      DPoP,
      [oauth.customFetch]: (_url, init) => {
        Object.assign(headers, init.headers);
        return Promise.resolve(new Response());
      },
    },
  );
  const proved = toApi(bound, 'DPoP', { dpop: headers['dpop']! });
  expect(await oauth.validateJwtAccessToken(as, proved, audience, HTTP)).toMatchObject({
    sub: 'poster@clients',
    client_id: 'poster',
  });
});
