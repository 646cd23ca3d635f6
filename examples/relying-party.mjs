/** An OIDC client in a test: it knows the issuer, and verifies what it gets with the published keys alone. */
import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const mintmark = process.argv[2] ?? 'http://127.0.0.1:3000';

const discovery = await (await fetch(`${mintmark}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));

async function login(more = {}) {
  const response = await fetch(`${mintmark}/api/transactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      protocol: 'oidc',
      client_id: 'demo-app',
      user: { user_id: 'auth0|alice' },
      oidc: { scope: 'openid profile email read:mail', audience: 'https://api.example.test/', nonce: 'n-1' },
      idToken: { customClaims: { 'https://example.test/roles': ['admin'] } },
      complete: true,
      ...more,
    }),
  });
  const transaction = await response.json();
  assert.equal(response.status, 201, transaction.detail);
  return transaction.result;
}

const tokens = await login();
const id = await jwtVerify(tokens.id_token, keys, { issuer: discovery.issuer, audience: 'demo-app' });
assert.equal(id.payload.sub, 'auth0|alice');
assert.equal(id.payload.nonce, 'n-1');
assert.deepEqual(id.payload['https://example.test/roles'], ['admin']);

const access = await jwtVerify(tokens.access_token, keys, {
  issuer: discovery.issuer,
  audience: 'https://api.example.test/',
});
assert.equal(access.payload.scope, 'openid profile email read:mail');

// Last year's token is as good a signature, and no good.
const old = await login({ now: '2020-01-01T00:00:00Z' });
await assert.rejects(jwtVerify(old.id_token, keys), { code: 'ERR_JWT_EXPIRED' });

console.log(`${id.payload.email} is logged in with ${id.protectedHeader.alg}.`);
