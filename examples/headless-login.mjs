/**
 * A whole browser login without a browser, for a test suite: `auto_login` names the user, so the SSO URL answers the AuthnRequest with the
 * page that posts the response. The same SP, without `auto_login`, works in any real browser.
 */
import assert from 'node:assert/strict';
import { SAML } from '@node-saml/node-saml';

const mintmark = process.argv[2] ?? 'http://127.0.0.1:3000';

async function call(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  const init = { method, headers, body: JSON.stringify(body) };
  const response = await fetch(mintmark + path, init);
  const answer = await response.json();
  assert.ok(response.ok, `${path}: ${answer.detail}`);
  return answer;
}

// A service provider says what it is; a second import of the same entity ID would update the client.
const sp = { entityId: 'https://tested.example.test/metadata', acsUrl: 'https://tested.example.test/acs' };
const { client } = await call('POST', '/api/clients/import-metadata', {
  name: 'The application under test',
  xml: `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${sp.entityId}">
    <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${sp.acsUrl}"/>
    </SPSSODescriptor>
  </EntityDescriptor>`,
});
await call('PATCH', `/api/v2/clients/${client.client_id}`, { auto_login: 'auth0|alice' });

// What the application does, with the library that it does it with.
const metadata = await (await fetch(`${mintmark}/samlp/metadata/${client.client_id}`)).text();
const saml = new SAML({
  issuer: sp.entityId,
  audience: sp.entityId,
  callbackUrl: sp.acsUrl,
  entryPoint: `${mintmark}/samlp/${client.client_id}`,
  idpCert: /<X509Certificate>([^<]+)</.exec(metadata.replaceAll('ds:', ''))[1],
  validateInResponseTo: 'always',
  wantAuthnResponseSigned: false,
});

/** Follows the browser's way from the login button to the form that would be posted to the ACS. */
async function logIn(relayState) {
  const page = await (await fetch(await saml.getAuthorizeUrlAsync(relayState, undefined, {}))).text();
  assert.ok(page.includes(`action="${sp.acsUrl}"`), page);
  const field = (name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)[1];
  return { SAMLResponse: field('SAMLResponse'), RelayState: field('RelayState') };
}

const posted = await logIn('/inbox');
const { profile } = await saml.validatePostResponseAsync(posted);
assert.equal(profile.nameID, 'auth0|alice');
assert.equal(posted.RelayState, '/inbox');

// Another user, another attribute: what the login gets is the client's to say.
await call('PATCH', `/api/v2/clients/${client.client_id}`, {
  auto_login: 'auth0|bob',
  addons: { samlp: { lifetimeInSeconds: 60 } },
});
const { profile: other } = await saml.validatePostResponseAsync(await logIn('/'));
assert.equal(other.nameID, 'auth0|bob');

console.log(`${profile.nameID} is logged in, and ${other.nameID} after, without a browser.`);
