/** The AuthenticationClient of node-auth0, unmodified, which speaks https only: in a process that trusts the local authority. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  API,
  authorizeUrl,
  claimsOf,
  LOGIN,
  make,
  startLanding,
  type Landing,
} from '../oidc/relying-party.js';
import { fetchTrusting } from '../support/fetch-trusting.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { startTrusting, type TrustingProcess } from '../support/trusting-process.js';
import { UserAgent } from '../support/user-agent.js';
import type * as party from './auth0-legacy-party.js';
import { landed, makeLibraryClients, SECRET } from './parties.js';

let server: TestServer;
let landing: Landing;
let sdk: TrustingProcess<typeof party>;
let privateKey: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer({ MINTMARK_TLS: 'self' }), startLanding()]);
  const keys = await makeLibraryClients(server, landing);
  privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await make(server, '/api/v2/clients', {
    client_id: 'script',
    name: 'Script',
    client_secret: SECRET,
    grant_types: ['password', 'http://auth0.com/oauth/grant-type/password-realm', 'refresh_token'],
  });
  sdk = await startTrusting(
    new URL('auth0-legacy-party.ts', import.meta.url),
    server.authority!.certificatePem,
  );
});
afterAll(async () => {
  await sdk.stop();
  await Promise.all([server.close(), landing.close()]);
});

const CREDENTIALS = { poster: 'secret', script: 'secret', signer: 'key' } as const;
const begin = (clientId: keyof typeof CREDENTIALS): Promise<void> =>
  sdk.call('begin', {
    domain: new URL(server.baseUrl).host,
    clientId,
    ...(CREDENTIALS[clientId] === 'secret' && { clientSecret: SECRET }),
    ...(CREDENTIALS[clientId] === 'key' && { clientAssertionSigningKey: privateKey }),
  });

/** Through the login page; it does not say which code it was for, so its nonce is checked by the library. */
async function codeOf(clientId: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  // the landing speaks http, and so does Node's own fetch
  const trusting = fetchTrusting(server.authority!.certificatePem);
  const agent = new UserAgent((input, init) =>
    String(input instanceof Request ? input.url : input).startsWith('https:')
      ? trusting(input, init)
      : fetch(input, init),
  );
  const url = authorizeUrl(server, landing, {
    client_id: clientId,
    scope: 'openid profile email offline_access',
    nonce: 'a nonce',
    ...more,
  });
  return (await landed(agent, new URL(url), landing)).searchParams.get('code')!;
}

test.each(['poster', 'signer'] as const)(
  'the client %s redeems a code with PKCE, and believes the ID token',
  async (clientId) => {
    await begin(clientId);
    const verifier = randomBytes(32).toString('base64url');
    const code = await codeOf(clientId, {
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const tokens = await sdk.call(
      'codeWithPkce',
      { code, code_verifier: verifier, redirect_uri: landing.callback },
      { idTokenValidateOptions: { nonce: 'a nonce', maxAge: 10_000 } },
    );
    expect(claimsOf(tokens.id_token)).toMatchObject({ sub: 'auth0|alice', aud: clientId });
    expect(await sdk.call('userInfo', tokens.access_token)).toMatchObject({
      sub: 'auth0|alice',
      email: 'alice@example.test',
    });
    const renewed = await sdk.call('refresh', { refresh_token: tokens.refresh_token! });
    expect(renewed.access_token).not.toBe(tokens.access_token);
    const last = renewed.refresh_token ?? tokens.refresh_token!;
    expect(await sdk.call('revoke', last)).toBe(200);
    await expect(sdk.call('refresh', { refresh_token: last })).rejects.toMatchObject({
      error: 'invalid_grant',
      statusCode: 403,
    });
  },
);

test('a secret is enough to redeem a code, and another nonce is refused by the library', async () => {
  await begin('poster');
  const redirect_uri = landing.callback;
  const own = { idTokenValidateOptions: { nonce: 'a nonce' } };
  const tokens = await sdk.call('code', { code: await codeOf('poster'), redirect_uri }, own);
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 });
  const other = { idTokenValidateOptions: { nonce: 'another' } };
  await expect(sdk.call('code', { code: await codeOf('poster'), redirect_uri }, other)).rejects.toThrow(
    /nonce/i,
  );
});

test('a request is pushed', async () => {
  await begin('poster');
  expect(
    await sdk.call('push', {
      client_id: 'poster',
      response_type: 'code',
      redirect_uri: landing.callback,
      scope: 'openid',
    }),
  ).toEqual({
    request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:/) as string,
    expires_in: expect.any(Number) as number,
  });
});

test.each(['poster', 'signer'] as const)('the client %s gets a token of its own', async (clientId) => {
  await begin(clientId);
  const { access_token } = await sdk.call('clientCredentials', { audience: API });
  expect(claimsOf(access_token)).toMatchObject({ sub: `${clientId}@clients`, scope: 'read:things' });
});

test('a user is let in by name and password, with a realm and without', async () => {
  await begin('script');
  const asked = { ...LOGIN, scope: 'openid email offline_access' };
  for (const realm of [undefined, 'Username-Password-Authentication']) {
    const tokens = await sdk.call('password', { ...asked, ...(realm !== undefined && { realm }) });
    expect(claimsOf(tokens.id_token)).toMatchObject({ sub: 'auth0|alice', aud: 'script' });
  }
  await expect(sdk.call('password', { ...LOGIN, password: 'wrong' })).rejects.toMatchObject({
    name: 'AuthApiError',
    error: 'invalid_grant',
    error_description: 'Wrong email or password.',
    statusCode: 403,
  });
});
