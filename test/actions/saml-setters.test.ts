/** Every setter of `api.samlResponse`, called by an Action in a login: what the wire shows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SETTERS, setterOf, type SetterName } from '../../src/protocol/saml/settings.js';
import {
  bindHandlers,
  executedIn,
  inspectionOf,
  makeParties,
  responseXmlOf,
  samlLogin,
  unbindAll,
  type LoginView,
} from '../support/actions.js';
import { decryptAssertion } from '../support/decrypt.js';
import { judgedBy, xmllint, xmlsec1 } from '../support/judges.js';
import { ALICE, KEYS } from '../support/login-context.js';
import { schemaErrors, xmlsecDecrypt, xmlsecVerify } from '../support/oasis.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { MESSAGES, base64, signed } from '../support/sp-messages.js';
import { changedParts, nameIdOf, partsOf, textsOf } from '../support/wire.js';
import { verifySignatures } from '../support/xml-crypto-verify.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await server.api('POST', '/api/v2/clients', {
    client_id: 'with-addon',
    name: 'With add-on',
    callbacks: ['https://sp.example.test/acs'],
    addons: {
      samlp: { audience: 'urn:client', issuer: 'urn:client', lifetimeInSeconds: 60, signResponse: true },
    },
  });
});
afterAll(() => server.close());

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const PREFIX = 'http://schema.auth0.com/';
const CONDITIONS = '/Response/Assertion/Conditions';
const CONFIRMED = '/Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData';
const AUDIENCE = `${CONDITIONS}/AudienceRestriction/Audience`;
const attribute = (name: string): string => `/Response/Assertion/AttributeStatement/Attribute[${name}]`;
/** Two of them are the same bytes, so that any difference comes of what was set. */
const SAME = { now: '2026-11-21T10:00:00Z', seed: 'setters', user: ALICE };

/** By setter: a value that is not its default, and whatever has to stand beside it; with a place that it changes. */
const VALUES: Readonly<
  Record<
    Exclude<SetterName, 'relayState' | 'signingCert'>,
    { readonly value: unknown; readonly beside?: Readonly<Record<string, unknown>>; readonly changes: string }
  >
> = {
  audience: { value: 'urn:a', changes: AUDIENCE },
  recipient: { value: 'urn:r', changes: `${CONFIRMED}/@Recipient` },
  destination: { value: 'urn:d', changes: '/Response/@Destination' },
  issuer: { value: 'urn:i', changes: '/Response/Assertion/Issuer' },
  createUpnClaim: { value: false, changes: attribute(`${CLAIMS}upn`) },
  passthroughClaimsWithNoMapping: { value: false, changes: attribute(`${PREFIX}nickname`) },
  mapUnknownClaimsAsIs: { value: true, changes: attribute('nickname') },
  mapIdentities: { value: false, changes: attribute(`${PREFIX}identities/default/connection`) },
  lifetimeInSeconds: { value: 90, changes: `${CONDITIONS}/@NotOnOrAfter` },
  signResponse: { value: true, changes: '/Response/Signature' },
  nameIdentifierFormat: {
    value: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    changes: '/Response/Assertion/Subject/NameID/@Format',
  },
  nameIdentifierProbes: {
    value: [`${CLAIMS}nothing`, `${CLAIMS}emailaddress`],
    changes: '/Response/Assertion/Subject/NameID',
  },
  authnContextClassRef: {
    value: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
    changes: '/Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef',
  },
  includeAttributeNameFormat: { value: false, changes: `${attribute(`${CLAIMS}upn`)}/@NameFormat` },
  typedAttributes: { value: false, changes: `${attribute(`${CLAIMS}upn`)}/AttributeValue/@xsi:type` },
  encryptionCert: {
    value: KEYS.sp.cert,
    beside: { encryptionPublicKey: KEYS.sp.publicKey },
    changes: '/Response/EncryptedAssertion',
  },
  encryptionPublicKey: {
    value: KEYS.sp.publicKey,
    beside: { encryptionCert: KEYS.sp.cert },
    changes: '/Response/EncryptedAssertion',
  },
  encryptionAlgorithm: {
    value: 'aes256-gcm',
    beside: { encryptionCert: KEYS.sp.cert, encryptionPublicKey: KEYS.sp.publicKey },
    changes: '/Response/EncryptedAssertion',
  },
  cert: {
    value: KEYS.other.cert,
    beside: { key: KEYS.other.key },
    changes: '/Response/Assertion/Signature/KeyInfo/X509Data/X509Certificate',
  },
  key: {
    value: KEYS.other.key,
    beside: { cert: KEYS.other.cert },
    changes: '/Response/Assertion/Signature/KeyInfo/X509Data/X509Certificate',
  },
  signatureAlgorithm: {
    value: 'rsa-sha1',
    changes: '/Response/Assertion/Signature/SignedInfo/SignatureMethod/@Algorithm',
  },
  digestAlgorithm: {
    value: 'sha1',
    changes: '/Response/Assertion/Signature/SignedInfo/Reference/DigestMethod/@Algorithm',
  },
};

const callsOf = (settings: Readonly<Record<string, unknown>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `api.samlResponse.${setterOf(name as SetterName)}(${JSON.stringify(value)});`)
    .join('\n');
const bindSetters = (settings: Readonly<Record<string, unknown>>): Promise<void> =>
  bindHandlers(server, [callsOf(settings)]);
/** As an SP reads it: with the assertion in the clear. */
const readable = (login: LoginView): string => {
  const xml = responseXmlOf(login);
  return xml.includes('EncryptedAssertion')
    ? xml.replace(
        /<saml:EncryptedAssertion[\s\S]*<\/saml:EncryptedAssertion>/,
        decryptAssertion(xml, KEYS.sp.key),
      )
    : xml;
};

test('every setter is tried here', () => {
  expect([...Object.keys(VALUES), 'relayState', 'signingCert'].toSorted()).toEqual(
    Object.keys(SETTERS).toSorted(),
  );
});

test.each(Object.entries(VALUES))(
  'a setter says the same as the field over REST, byte by byte: %s',
  async (name, { value, beside = {}, changes }) => {
    await unbindAll(server);
    const settings = { ...beside, [name]: value };
    const plain = await samlLogin(server, SAME);
    const overRest = await samlLogin(server, { ...SAME, samlResponse: settings });
    await bindSetters(settings);
    const byAction = await samlLogin(server, SAME);
    expect(byAction.status).toBe('completed');
    expect(readable(byAction)).toBe(readable(overRest));
    expect(
      changedParts(responseXmlOf(plain), responseXmlOf(byAction)).filter((path) => path.startsWith(changes)),
    ).not.toEqual([]);
  },
);

test('all setters in one Action are told on the wire together', async () => {
  await bindSetters({
    ...Object.fromEntries(Object.entries(VALUES).map(([name, { value }]) => [name, value])),
    passthroughClaimsWithNoMapping: true,
    relayState: 'from the Action',
  });
  const login = await samlLogin(server, { ...SAME, saml: { RelayState: 'of the request' } });
  expect(login.result?.RelayState).toBe('from the Action');
  const xml = readable(login);
  expect(partsOf(responseXmlOf(login)).has(AUDIENCE)).toBe(false);
  expect(xmlValues(xml)).toEqual({
    audience: 'urn:a',
    recipient: 'urn:r',
    destination: 'urn:d',
    issuer: 'urn:i',
    until: '2026-11-21T10:01:30.000Z',
    format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    nameId: ALICE.email,
    context: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
  });
  expect(textsOf(xml, `${CLAIMS}upn`)).toBeNull();
  expect(textsOf(xml, 'nickname')).toEqual(['alice']);
  expect(xml).not.toContain('NameFormat');
  expect(verifySignatures(responseXmlOf(login), KEYS.other.cert).map(({ over }) => over)).toEqual([
    'Response',
  ]);
});
const xmlValues = (xml: string): Record<string, string | null | undefined> => {
  const parts = partsOf(xml);
  return {
    audience: parts.get(AUDIENCE),
    recipient: parts.get(`${CONFIRMED}/@Recipient`),
    destination: parts.get('/Response/@Destination'),
    issuer: parts.get('/Response/Assertion/Issuer'),
    until: parts.get(`${CONDITIONS}/@NotOnOrAfter`),
    format: parts.get('/Response/Assertion/Subject/NameID/@Format'),
    nameId: nameIdOf(xml),
    context: parts.get('/Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef'),
  };
};

test('setAttribute sets, replaces, and takes out, also what the profile says', async () => {
  await bindHandlers(server, [
    `const set = (name, value) => api.samlResponse.setAttribute(name, value);
     set('groups', ['admin', 7, true]); set('flag', false); set('gone', 'soon'); set('gone', null);
     set('${CLAIMS}emailaddress', 'of the Action <&>'); set('${PREFIX}nickname', null);
     set('none', []); set('undefined', undefined); set('email', 'email');`,
    `api.samlResponse.setAttribute('flag', 'second').samlResponse.setAttribute('${CLAIMS}nameidentifier', 'the NameID now');`,
  ]);
  const login = await samlLogin(server, SAME);
  expect(login).toMatchObject({ status: 'completed', reason: null });
  const xml = responseXmlOf(login);
  expect(textsOf(xml, 'groups')).toEqual(['admin', '7', 'true']);
  expect(textsOf(xml, 'flag')).toEqual(['second']);
  expect(textsOf(xml, `${CLAIMS}emailaddress`)).toEqual(['of the Action <&>']);
  // a value is literal, and no name of a field
  expect(textsOf(xml, 'email')).toEqual(['email']);
  for (const name of ['gone', 'none', 'undefined', `${PREFIX}nickname`])
    expect(textsOf(xml, name), name).toBeNull();
  expect(nameIdOf(xml)).toBe('the NameID now');
});

test('an Action is laid over the transaction, and the transaction over the client', async () => {
  const settings = {
    ...SAME,
    client_id: 'with-addon',
    samlResponse: { issuer: 'urn:rest', lifetimeInSeconds: 120, attributes: { a: 'rest', b: 'rest' } },
  };
  await bindHandlers(server, [
    `api.samlResponse.setLifetimeInSeconds(180).samlResponse.setAttribute('b', 'action').samlResponse.setAudience(undefined);`,
  ]);
  const login = await samlLogin(server, settings);
  const xml = responseXmlOf(login);
  const parts = partsOf(xml);
  expect([AUDIENCE, '/Response/Assertion/Issuer'].map((path) => parts.get(path))).toEqual([
    'urn:client',
    'urn:rest',
  ]);
  expect(parts.get(`${CONDITIONS}/@NotOnOrAfter`)).toBe('2026-11-21T10:03:00.000Z');
  expect([textsOf(xml, 'a'), textsOf(xml, 'b')]).toEqual([['rest'], ['action']]);
  expect(parts.has('/Response/Signature/SignatureValue')).toBe(true);
  const [{ calls } = { calls: [] }] = executedIn(await inspectionOf(server, login));
  expect(calls.map(({ changed }) => changed)).toEqual([
    { what: 'samlResponse.lifetimeInSeconds', from: 120, to: 180 },
    { what: 'samlResponse.attributes.b', from: 'rest', to: 'action' },
    undefined,
  ]);
});

test('half a pair fails, whichever half: nothing is signed with the tenant’s key, and nothing sent in the clear', async () => {
  for (const half of [
    { cert: KEYS.other.cert },
    { key: KEYS.other.key },
    { encryptionCert: KEYS.sp.cert },
    { encryptionPublicKey: KEYS.sp.publicKey },
    { cert: KEYS.other.cert, key: KEYS.sp.key },
  ]) {
    await bindSetters(half);
    const login = await samlLogin(server, SAME);
    expect(login.status).toBe('failed');
    expect(responseXmlOf(login)).not.toMatch(/Assertion|Signature/);
    const inspection = await inspectionOf(server, login);
    expect(inspection.failure?.code).toMatch(/^saml_key_pair_/);
    expect(JSON.stringify(inspection)).not.toContain('PRIVATE KEY');
  }
});

test('a pair that one Action and the transaction bring together is whole', async () => {
  await bindHandlers(server, [
    { name: 'Signs', body: `api.samlResponse.setKey(event.secrets.KEY);`, secrets: { KEY: KEYS.other.key } },
  ]);
  const login = await samlLogin(server, {
    ...SAME,
    samlResponse: { cert: KEYS.other.cert, key: KEYS.other.key },
  });
  expect(login.status).toBe('completed');
  expect(verifySignatures(responseXmlOf(login), KEYS.other.cert).map(({ over }) => over)).toEqual([
    'Assertion',
  ]);
});

test('setSigningCert makes a request fail that is not signed, or by another; one that is signed goes on', async () => {
  const request = MESSAGES.AuthnRequest();
  const saml = (xml: string) => ({ ...SAME, saml: { SAMLRequest: base64(xml) } });
  await bindSetters({ signingCert: KEYS.sp.cert });
  for (const [xml, code] of [
    [request, 'saml_request_unsigned'],
    [signed(request, { key: 'other.key' }), 'saml_request_signature'],
  ] as const) {
    const login = await samlLogin(server, saml(xml));
    expect(login.status).toBe('failed');
    expect((await inspectionOf(server, login)).failure?.code).toBe(code);
    expect(responseXmlOf(login)).not.toContain('Assertion');
  }
  expect((await samlLogin(server, saml(signed(request)))).status).toBe('completed');
  // where the IdP begins there is nothing to be signed
  expect((await samlLogin(server, SAME)).status).toBe('completed');
});

judgedBy(xmlsec1)('xmlsec1 verifies and decrypts what an Action’s keys have made', async () => {
  await bindSetters({ cert: KEYS.other.cert, key: KEYS.other.key });
  const own = responseXmlOf(await samlLogin(server, SAME));
  expect(xmlsecVerify(own, KEYS.other.cert, 'Assertion')).toBe('');
  expect(xmlsecVerify(own, KEYS.idp.cert, 'Assertion')).not.toBe('');
  await bindSetters({
    encryptionCert: KEYS.sp.cert,
    encryptionPublicKey: KEYS.sp.publicKey,
    encryptionAlgorithm: 'aes256-gcm',
  });
  const encrypted = responseXmlOf(await samlLogin(server, SAME));
  expect(encrypted).not.toContain(ALICE.email);
  expect(xmlsecDecrypt(encrypted, KEYS.sp.key)).toContain(ALICE.email);
});

judgedBy(xmllint)('a Response with everything that setters can set is valid by the schema', async () => {
  await bindSetters(Object.fromEntries(Object.entries(VALUES).map(([name, { value }]) => [name, value])));
  expect(schemaErrors(responseXmlOf(await samlLogin(server, SAME)))).toBe('');
});
