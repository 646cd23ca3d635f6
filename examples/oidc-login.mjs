/**
 * A whole OpenID Connect login without a browser and without a library, for a test suite: `auto_login` names the user, so /authorize answers
 * with the redirect that a browser would follow. The same application, without `auto_login`, works in any real browser.
 */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';

const mintmark = process.argv[2] ?? 'http://127.0.0.1:3000';

async function call(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  const init = { method, headers, body: JSON.stringify(body) };
  const response = await fetch(mintmark + path, init);
  const answer = await response.json();
  assert.ok(response.ok, `${path}: ${answer.detail}`);
  return answer;
}

// A public client, as a native or single-page application is one: it has no secret, so it proves itself by PKCE.
const callback = 'https://tested.example.test/callback';
const client = await call('POST', '/api/v2/clients', {
  name: 'The application under test',
  app_type: 'native',
  callbacks: [callback],
  auto_login: 'auth0|alice',
});

// What the application does. It knows the issuer, and everything else from there.
const discovery = await (await fetch(`${mintmark}/.well-known/openid-configuration`)).json();
const random = () => randomBytes(32).toString('base64url');

/** Sends the browser away and takes it back; yields what came to the callback. */
async function authorize(parameters) {
  const query = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: callback,
    scope: 'openid profile email offline_access',
    ...parameters,
  });
  const answer = await fetch(`${discovery.authorization_endpoint}?${query}`, { redirect: 'manual' });
  const location = answer.headers.get('location') ?? '';
  assert.ok(location.startsWith(callback), location || (await answer.text()));
  return Object.fromEntries(new URL(location).searchParams);
}

async function askForTokens(parameters) {
  const body = new URLSearchParams({ client_id: client.client_id, ...parameters });
  const response = await fetch(discovery.token_endpoint, { method: 'POST', body });
  return { status: response.status, ...(await response.json()) };
}

/** Throws unless the ID token is of this server, for this client, and of now. */
async function verified(idToken) {
  const [header, payload, signature] = idToken.split('.');
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
  const { alg, kid } = read(header);
  assert.equal(alg, 'RS256');
  const { keys } = await (await fetch(discovery.jwks_uri)).json();
  const key = createPublicKey({ key: keys.find((each) => each.kid === kid), format: 'jwk' });
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    key,
    Buffer.from(signature, 'base64url'),
  );
  assert.ok(isSigned, 'the signature is of another key');
  const claims = read(payload);
  assert.equal(claims.iss, discovery.issuer);
  assert.equal(claims.aud, client.client_id);
  assert.ok(claims.exp > Date.now() / 1000);
  return claims;
}

/** From the login button to the tokens. */
async function logIn() {
  const [verifier, state, nonce] = [random(), random(), random()];
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const answer = await authorize({ state, nonce, code_challenge: challenge, code_challenge_method: 'S256' });
  assert.equal(answer.state, state);
  const redemption = { grant_type: 'authorization_code', code: answer.code, redirect_uri: callback };
  // Whoever steals a code lacks the verifier.
  const stolen = await askForTokens({ ...redemption, code_verifier: random() });
  assert.equal(stolen.error, 'invalid_grant');
  const tokens = await askForTokens({ ...redemption, code_verifier: verifier });
  assert.equal(tokens.status, 200, tokens.error_description);
  const claims = await verified(tokens.id_token);
  assert.equal(claims.nonce, nonce);
  return { tokens, claims };
}

const { tokens, claims } = await logIn();
assert.equal(claims.sub, 'auth0|alice');

const headers = { authorization: `Bearer ${tokens.access_token}` };
const user = await (await fetch(discovery.userinfo_endpoint, { headers })).json();
assert.equal(user.sub, claims.sub);

const renewed = await askForTokens({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
assert.equal((await verified(renewed.id_token)).sub, claims.sub);

// Another user: what the login gets is the client's to say.
await call('PATCH', `/api/v2/clients/${client.client_id}`, { auto_login: 'auth0|bob' });
const { claims: other } = await logIn();
assert.equal(other.sub, 'auth0|bob');

console.log(`${user.email} is logged in, and ${other.email} after, without a browser.`);
