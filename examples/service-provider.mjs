/** A SAML service provider in a test: it asks, Mintmark answers, it believes only what is signed, timely and addressed to it. */
import assert from 'node:assert/strict';
import { SAML } from '@node-saml/node-saml';

const mintmark = process.argv[2] ?? 'http://127.0.0.1:3000';

async function call(path, body) {
  const response = await fetch(mintmark + path, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, `${path}: ${answer.detail}`);
  return answer;
}

// What an SP is configured with: the certificate of the tenant's current key.
const keys = await call('/api/keys');
const idpCert = keys.find((key) => key.alg === 'RS256' && key.status === 'current').certificate;
const { callbacks, addons } = await call('/api/v2/clients/demo-sp');
const [callbackUrl] = callbacks;
const sp = new SAML({
  issuer: addons.samlp.audience,
  callbackUrl,
  entryPoint: `${mintmark}/samlp/demo-sp`,
  idpCert,
  wantAuthnResponseSigned: false,
});

const login = { protocol: 'samlp', client_id: 'demo-sp', user: { user_id: 'auth0|alice' }, complete: true };
const read = async ({ result }) => (await sp.validatePostResponseAsync(result)).profile;

// The SP asks first, as it would by redirect, and gets the answer to its own request.
const redirect = new URL(await sp.getAuthorizeUrlAsync('back to /inbox', undefined, {}));
const saml = {
  SAMLRequest: redirect.searchParams.get('SAMLRequest'),
  RelayState: redirect.searchParams.get('RelayState'),
};
const answered = await call('/api/transactions', {
  ...login,
  saml,
  samlResponse: { attributes: { groups: ['admin', 'dev'] } },
});
const profile = await read(answered);
assert.equal(profile.nameID, 'alice@example.test');
assert.deepEqual(profile.groups, ['admin', 'dev']);
assert.equal(answered.result.RelayState, 'back to /inbox');

// A login that begins at the identity provider.
assert.equal((await read(await call('/api/transactions', login))).nameID, 'alice@example.test');

// What an SP must refuse: last year's response, one for somebody else, and one with another name in it.
await assert.rejects(
  read(await call('/api/transactions', { ...login, now: '2020-01-01T00:00:00Z' })),
  /expired/,
);
await assert.rejects(
  read(
    await call('/api/transactions', { ...login, samlResponse: { audience: 'https://other.example.test' } }),
  ),
  /audience/i,
);
const tampered = Buffer.from(answered.result.SAMLResponse, 'base64')
  .toString()
  .replaceAll('alice@', 'mallory@');
await assert.rejects(
  read({ result: { SAMLResponse: Buffer.from(tampered).toString('base64') } }),
  /signature/i,
);

// And why: the debug endpoint names the step that fails.
const { steps } = await call('/debug/verify', { SAMLResponse: Buffer.from(tampered).toString('base64') });
assert.equal(steps.find((step) => step.status === 'fail').name, 'digest');

console.log(`${profile.nameID} is logged in; what must be refused was refused.`);
