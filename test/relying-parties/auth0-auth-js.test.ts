/** @auth0/auth0-auth-js, unmodified, which speaks https only: in a process that trusts the local authority. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API, LOGIN, claimsOf, make, startLanding, type Landing } from '../oidc/relying-party.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { startTrusting, type TrustingProcess } from '../support/trusting-process.js';
import { fetchTrusting } from '../support/fetch-trusting.js';
import type * as party from './auth0-auth-js-party.js';
import { makeLibraryClients, SECRET } from './parties.js';

let server: TestServer;
let landing: Landing;
let sdk: TrustingProcess<typeof party>;
let privateKey: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer({ MINTMARK_TLS: 'self' }), startLanding()]);
  const keys = await makeLibraryClients(server, landing);
  privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await make(server, '/api/v2/clients', {
    client_id: 'silent',
    name: 'Whose logins are answered without a page',
    client_secret: SECRET,
    callbacks: [landing.callback],
    auto_login: 'auth0|alice',
    grant_types: ['authorization_code', 'password', 'http://auth0.com/oauth/grant-type/password-realm'],
    oidc_logout: {
      backchannel_logout_urls: [`${landing.origin}/told`],
      backchannel_logout_initiators: { mode: 'all' },
    },
  });
  const downloaded = await fetchTrusting(server.authority!.certificatePem)(`${server.baseUrl}/ca.pem`);
  sdk = await startTrusting(new URL('auth0-auth-js-party.ts', import.meta.url), await downloaded.text());
});
afterAll(async () => {
  await sdk.stop();
  await Promise.all([server.close(), landing.close()]);
});

const SCOPE = 'openid profile email offline_access';
const begin = (clientId: string): Promise<void> =>
  sdk.call('begin', {
    domain: new URL(server.baseUrl).host,
    clientId,
    ...(clientId === 'signer' ? { clientAssertionSigningKey: privateKey } : { clientSecret: SECRET }),
    authorizationParams: { scope: SCOPE },
  });

test('it discovers the server', async () => {
  await begin('poster');
  expect(await sdk.call('metadata')).toMatchObject({ issuer: `${server.baseUrl}/` });
});

test.each([
  ['poster', false],
  ['poster', true],
  ['signer', false],
  ['signer', true],
])('the client %s logs a user in, having pushed its request: %s', async (clientId, pushed) => {
  await begin(clientId);
  const { url, tokens } = await sdk.call('logIn', landing.callback, { pushed, audience: API });
  expect(new URL(url).searchParams.has('request_uri')).toBe(pushed);
  expect(tokens).toMatchObject({
    claims: { sub: 'auth0|alice', aud: clientId, email: 'alice@example.test' },
    scope: expect.stringContaining('offline_access') as string,
    expiresAt: expect.any(Number) as number,
  });
  expect(await sdk.call('userInfo')).toMatchObject({ sub: 'auth0|alice', name: 'Alice' });
  expect(await sdk.call('refresh')).toMatchObject({ isAnother: true, claims: { sub: 'auth0|alice' } });
  await sdk.call('revoke');
  await expect(sdk.call('refresh')).rejects.toMatchObject({
    code: 'token_by_refresh_token_error',
    cause: { error: 'invalid_grant' },
  });
});

test.each(['poster', 'signer'])('the client %s gets a token of its own', async (clientId) => {
  await begin(clientId);
  const tokens = (await sdk.call('clientCredentials', API)) as { accessToken: string };
  expect(claimsOf(tokens.accessToken)).toMatchObject({ sub: `${clientId}@clients`, aud: API });
});

test('a user is let in by name and password, with a realm and without', async () => {
  await begin('silent');
  for (const realm of [undefined, 'Username-Password-Authentication'])
    expect(
      await sdk.call('password', { ...LOGIN, scope: 'openid email', ...(realm !== undefined && { realm }) }),
    ).toMatchObject({ claims: { sub: 'auth0|alice' } });
  await expect(sdk.call('password', { ...LOGIN, password: 'wrong' })).rejects.toMatchObject({
    code: 'token_by_password_error',
    cause: { error: 'invalid_grant', error_description: 'Wrong email or password.' },
  });
});

test('the token of a user is exchanged for one at an API', async () => {
  await begin('poster');
  await sdk.call('logIn', landing.callback);
  const exchanged = (await sdk.call('exchange', API)) as { accessToken: string };
  expect(claimsOf(exchanged.accessToken)).toMatchObject({
    sub: 'auth0|alice',
    aud: expect.arrayContaining([API]) as string[],
  });
});

test('the address for the way out ends the session and comes back', async () => {
  await begin('poster');
  await sdk.call('logIn', landing.callback);
  expect((await sdk.call('logIn', landing.callback, { prompt: 'none' })).tokens).toMatchObject({
    claims: { sub: 'auth0|alice' },
  });
  expect(await sdk.call('logOut', landing.callback)).toBe(landing.callback);
  await expect(sdk.call('logIn', landing.callback, { prompt: 'none' })).rejects.toMatchObject({
    cause: { error: 'login_required' },
  });
});

test('it believes the logout token that the application is told by, and that of no other application', async () => {
  await begin('silent');
  const { tokens } = await sdk.call('logIn', landing.callback);
  const { sid } = (tokens as { claims: { sid: string } }).claims;
  await server.api('DELETE', '/api/v2/users/auth0%7Calice/sessions');
  await expect.poll(() => landing.posted.at(-1)?.get('logout_token'), { timeout: 10_000 }).toBeTruthy();
  const token = landing.posted.at(-1)!.get('logout_token')!;
  expect(await sdk.call('verifyLogoutToken', token)).toEqual({ sid, sub: 'auth0|alice' });
  await begin('poster');
  await expect(sdk.call('verifyLogoutToken', token)).rejects.toMatchObject({
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
  });
});

test('it logs a user in with the settings that the page of the client prints', async () => {
  const { body } = await server.api<{
    settings: readonly { id: string; files: Record<string, string> }[];
    obstacles: readonly string[];
  }>('GET', '/debug/clients/poster');
  const printed = body.settings.find(({ id }) => id === 'auth0-auth-js')!.files['auth0.mjs']!;
  await sdk.call('beginAs', printed, SECRET);
  expect((await sdk.call('logIn', landing.callback)).tokens).toMatchObject({
    claims: { sub: 'auth0|alice', aud: 'poster' },
    refreshToken: expect.any(String) as string,
  });
  expect(printed).not.toContain('https only');
  expect(body.obstacles.join(' ')).not.toContain('MINTMARK_TLS');
});
