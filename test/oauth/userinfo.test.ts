import * as fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT, calculateJwkThumbprint } from 'jose';
import { randomBytes } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { tokenDigest, type AccessToken } from '../../src/tenant/grant.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ALICE,
  API,
  made,
  makeCode,
  makeParties,
  patched,
  redeem,
  SECRET,
  token,
  type CodeWishes,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly nonce: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}
async function ask(init: RequestInit & { readonly query?: string } = {}): Promise<Answer> {
  const response = await fetch(`${server.baseUrl}/userinfo${init.query ?? ''}`, init);
  const text = await response.text();
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    nonce: response.headers.get('dpop-nonce'),
    body: JSON.parse(text) as Answer['body'],
  };
}
const withBearer = (value: string | undefined): Promise<Answer> =>
  ask({ headers: { authorization: `Bearer ${value}` } });

async function accessOf(wishes: CodeWishes = {}): Promise<{
  readonly access: string;
  readonly refresh: string | undefined;
  readonly grantId: string;
}> {
  const { code, grant } = await makeCode(server, wishes);
  const { body } = await redeem(server, code, { client_id: wishes.clientId ?? 'app' });
  return { access: body.access_token!, refresh: body.refresh_token, grantId: grant.id };
}

/** A token as it is kept, issued by nobody. */
async function kept(over: Partial<AccessToken> = {}): Promise<string> {
  const value = randomBytes(16).toString('hex');
  await server.app.get(AccessTokenStore).insert({
    key: tokenDigest(value),
    grantId: null,
    clientId: 'app',
    userId: ALICE,
    audience: null,
    scope: 'openid profile email',
    issuedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    customClaims: {},
    ...over,
  });
  return value;
}

test('the scopes say what is told, of the user as stored now', async () => {
  const { access } = await accessOf({ scope: 'openid', audience: null });
  expect(await withBearer(access)).toMatchObject({ status: 200, body: { sub: ALICE } });
  expect(Object.keys((await withBearer(access)).body)).toEqual(['sub']);

  await made(server, 'users', { user_id: 'auth0|carol', email: 'carol@example.test', name: 'Carol' });
  const all = await kept({ userId: 'auth0|carol', subject: 'auth0|carol' });
  expect((await withBearer(all)).body).toEqual({
    sub: 'auth0|carol',
    name: 'Carol',
    updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    email: 'carol@example.test',
  });
  await patched(server, 'users/auth0|carol', { name: 'Caroline', email_verified: true });
  expect((await withBearer(all)).body).toMatchObject({ name: 'Caroline', email_verified: true });
});

test('a strict client is told as OpenID Connect types it', async () => {
  const { access } = await accessOf({ clientId: 'strict-app', scope: 'openid profile' });
  expect((await withBearer(access)).body).toEqual({
    sub: ALICE,
    name: 'Alice',
    updated_at: expect.any(Number),
  });
});

test('the custom claims of the ID token are told, of those of the access token none', async () => {
  const { access } = await accessOf({
    scope: 'openid',
    issuance: {
      idToken: { customClaims: { 'https://example.test/plan': 'pro', sub: 'somebody else' } },
      accessToken: { customClaims: { 'https://example.test/secret': 1 }, scopes: {} },
    },
  });
  expect((await withBearer(access)).body).toEqual({ sub: ALICE, 'https://example.test/plan': 'pro' });
});

test('of a user who is not stored the profile of the login is told', async () => {
  const { body: transaction } = await server.api<{ id: string }>('POST', '/api/transactions', {
    protocol: 'oidc',
    client_id: 'app',
    user: { user_id: 'inline|1', name: 'Inline' },
    oidc: { scope: 'openid profile' },
  });
  const grantId = `grant_${randomBytes(8).toString('hex')}`;
  await server.app.get(GrantStore).insert(
    {
      id: grantId,
      transactionId: transaction.id,
      clientId: 'app',
      userId: 'inline|1',
      sessionId: null,
      audience: null,
      scope: 'openid profile',
      createdAt: new Date().toISOString(),
    },
    { endsAt: new Date(Date.now() + 60_000).toISOString() },
  );
  const value = await kept({ grantId, userId: 'inline|1', scope: 'openid profile' });
  expect((await withBearer(value)).body).toMatchObject({ sub: 'inline|1', name: 'Inline' });
});

test('the token comes by the header, a form or the query, by GET and by POST', async () => {
  const { access } = await accessOf();
  const form = { method: 'POST', body: new URLSearchParams({ access_token: access }) };
  const query = `?${new URLSearchParams({ access_token: access }).toString()}`;
  const authorization = `Bearer ${access}`;
  for (const init of [
    { headers: { authorization } },
    { method: 'POST', headers: { authorization } },
    form,
    { query },
    { method: 'POST', query },
  ])
    expect(await ask(init)).toMatchObject({ status: 200, body: { sub: ALICE } });
  for (const init of [
    { ...form, headers: { authorization } },
    { query, headers: { authorization } },
    { ...form, query },
    { query: `${query}&${query.slice(1)}` },
  ])
    expect(await ask(init)).toMatchObject({
      status: 400,
      challenge: expect.stringContaining('error="invalid_request"'),
      body: { error: 'invalid_request' },
    });
});

test('a token of a strict client does not count in a query', async () => {
  const { access } = await accessOf({ clientId: 'strict-app', scope: 'openid' });
  expect(await ask({ query: `?access_token=${access}` })).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', error_description: expect.stringContaining('query') },
  });
  const form = { method: 'POST', body: new URLSearchParams({ access_token: access }) };
  expect(await ask(form)).toMatchObject({ status: 200, body: { sub: ALICE } });
});

test('without a token there is the challenge alone', async () => {
  expect(await ask()).toEqual({ status: 401, challenge: 'Bearer, DPoP algs="ES256"', nonce: null, body: {} });
  const basic = { authorization: `Basic ${Buffer.from(`app:${SECRET}`).toString('base64')}` };
  expect(await ask({ headers: basic })).toMatchObject({
    status: 401,
    challenge: expect.stringMatching(/^Bearer, DPoP /),
  });
});

test('a token that is no good is told what is wrong with it', async () => {
  const refused = async (value: string | undefined, words: RegExp, error = 'invalid_token', status = 401) => {
    const answer = await withBearer(value);
    expect(answer).toMatchObject({
      status,
      challenge: expect.stringMatching(new RegExp(`^Bearer error="${error}", error_description="`)),
      body: { error, error_description: expect.stringMatching(words) },
    });
  };
  await refused('nothing of ours', /more than an access token/, 'invalid_request', 400);
  await refused('unknown', /no such access token/);
  await refused(await kept({ expiresAt: new Date(Date.now() - 1).toISOString() }), /expired/);
  await refused(await kept({ clientId: 'gone' }), /client .* is gone/);
  await refused(await kept({ audience: API }), /for an API alone/);
  await refused(await kept({ userId: null }), /issued to a client/);
  await refused(await kept({ scope: 'read:mail' }), /openid/, 'insufficient_scope', 403);
  expect((await withBearer(await kept({ scope: '' }))).challenge).toContain('scope="openid"');

  const { access, refresh } = await accessOf();
  await refused(refresh, /no such access token/);
  await refused(`${access.slice(0, -4)}AAAA`, /no such access token/);
  const { body: own } = await token(server, {
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: SECRET,
    audience: API,
  });
  await refused(own.access_token, /openid/, 'insufficient_scope', 403);
});

test('what was revoked is worth nothing, by itself or with its grant', async () => {
  const [one, other] = [await accessOf(), await accessOf()];
  await server.app.get(AccessTokenStore).revoke(tokenDigest(one.access), new Date());
  await server.app.get(GrantStore).revoke({ grantId: other.grantId }, new Date());
  for (const { access } of [one, other])
    expect(await withBearer(access)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
});

test('a token that is bound to a key needs a proof of it, for this very request, once', async () => {
  const pair = await generateKeyPair('ES256');
  const other = await generateKeyPair('ES256');
  const jwk = await exportJWK(pair.publicKey);
  const value = await kept({ dpopJkt: await calculateJwkThumbprint(jwk) });
  const proof = async (claims: Readonly<Record<string, unknown>> = {}, key = pair): Promise<string> =>
    new SignJWT({
      htm: 'GET',
      htu: `${server.baseUrl}/userinfo`,
      jti: randomBytes(8).toString('hex'),
      ath: tokenDigest(value),
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(key.publicKey) })
      .setIssuedAt()
      .sign(key.privateKey);
  const withProof = (dpop: string, method = 'GET', scheme = 'DPoP'): Promise<Answer> =>
    ask({ method, headers: { authorization: `${scheme} ${value}`, dpop } });

  const good = await proof();
  expect(await withProof(good)).toMatchObject({ status: 200, body: { sub: ALICE } });
  expect(await withProof(await proof({ htm: 'POST' }), 'POST')).toMatchObject({ status: 200 });
  expect(await withProof(good)).toMatchObject({
    status: 401,
    challenge: expect.stringMatching(/^DPoP error="invalid_dpop_proof".*, algs="ES256"$/),
  });
  const ath = tokenDigest('another token');
  for (const bad of [
    await proof({ htm: 'POST' }),
    await proof({ ath }),
    await proof({ ath: undefined }),
    await proof({ htu: `${server.baseUrl}/oauth/token` }),
    'no proof',
  ])
    expect(await withProof(bad)).toMatchObject({ status: 401, body: { error: 'invalid_dpop_proof' } });
  expect(await withProof(await proof({}, other))).toMatchObject({
    status: 401,
    body: { error: 'invalid_token' },
  });
  expect(await withProof(await proof(), 'GET', 'Bearer')).toMatchObject({
    status: 401,
    challenge: expect.stringMatching(/^DPoP error="invalid_token"/),
  });
  expect(await ask({ headers: { authorization: `DPoP ${value}` } })).toMatchObject({ status: 401 });
  expect(await ask({ query: `?access_token=${value}` })).toMatchObject({ status: 401 });

  const unbound = await kept();
  expect(
    await ask({
      headers: { authorization: `DPoP ${unbound}`, dpop: await proof({ ath: tokenDigest(unbound) }) },
    }),
  ).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
});

test('where proofs must hold a nonce, the refusal tells it', async () => {
  const pair = await generateKeyPair('ES256');
  const jwk = await exportJWK(pair.publicKey);
  const value = await kept({ dpopJkt: await calculateJwkThumbprint(jwk) });
  const askWith = async (nonce?: string): Promise<Answer> =>
    ask({
      headers: {
        authorization: `DPoP ${value}`,
        dpop: await new SignJWT({
          htm: 'GET',
          htu: `${server.baseUrl}/userinfo`,
          jti: randomBytes(8).toString('hex'),
          ath: tokenDigest(value),
          ...(nonce !== undefined && { nonce }),
        })
          .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
          .setIssuedAt()
          .sign(pair.privateKey),
      },
    });
  await patched(server, 'tenants/settings', { dpop_nonce_required: true });
  try {
    const refusal = await askWith();
    expect(refusal).toMatchObject({
      status: 401,
      challenge: expect.stringMatching(/^DPoP error="use_dpop_nonce"/),
      nonce: expect.any(String),
    });
    expect(await askWith(refusal.nonce!)).toMatchObject({ status: 200 });
  } finally {
    await patched(server, 'tenants/settings', { dpop_nonce_required: false });
  }
});

test('oauth4webapi takes the answer, and compares sub', async () => {
  const options = { [oauth.allowInsecureRequests]: true } as const;
  const issuer = new URL(`${server.baseUrl}/`);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
  const client = { client_id: 'strict-app' };
  const { access } = await accessOf({ clientId: 'strict-app', audience: null });
  const told = await oauth.processUserInfoResponse(
    as,
    client,
    ALICE,
    await oauth.userInfoRequest(as, client, access, options),
  );
  expect(told).toMatchObject({ sub: ALICE, name: 'Alice' });
  const refused = await oauth.userInfoRequest(as, client, 'unknown', options);
  await expect(oauth.processUserInfoResponse(as, client, ALICE, refused)).rejects.toMatchObject({
    cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
  });
});

test('whatever comes, the server answers', async () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('', '%', '%00', 'a b', 'e30.e30.'),
  );
  const latin = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  });
  await fc.assert(
    fc.asyncProperty(odd, odd, latin, latin, async (query, form, header, dpop) => {
      const response = await fetch(
        `${server.baseUrl}/userinfo?access_token=${encodeURI(query.toWellFormed())}`,
        {
          method: 'POST',
          headers: {
            authorization: `DPoP ${header}`,
            dpop,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: form,
        },
      );
      expect([400, 401]).toContain(response.status);
    }),
    { numRuns: 200 },
  );
});
