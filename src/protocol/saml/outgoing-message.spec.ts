import { createPrivateKey, createPublicKey, createVerify } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { expect, test } from 'vitest';
import { judgedBy, xmllint, xmlsec1 } from '../../../test/support/judges.js';
import { schemaErrors, xmlsecVerify } from '../../../test/support/oasis.js';
import { certificate, nodeSaml, pem } from '../../../test/support/sp-messages.js';
import { DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import type { XmlElement } from '../xml/element.js';
import { der } from './key-pairs.js';
import { buildLogoutRequest, readLogoutRequest } from './logout-request.js';
import { buildLogoutResponse, readLogoutResponse } from './logout-response.js';
import { decodeMessage } from './message-encoding.js';
import { verifyMessageSignature } from './message-signature.js';
import { BINDINGS, STATUS } from './names.js';
import { sendMessage, type OutgoingMessage } from './outgoing-message.js';
import { receivedByPost, receivedByRedirect } from './received-message.js';

const idp = certificate('idp');
const pair = { privateKey: createPrivateKey(pem('idp.key')), certificate: der(idp) };
const now = new Date();
const LOCATION = 'https://sp.example.test/slo';
const REQUEST = buildLogoutRequest({
  id: '_request',
  issuer: 'urn:idp',
  issueInstant: now,
  destination: LOCATION,
  notOnOrAfter: new Date(now.getTime() + 300_000),
  nameId: { value: 'älice', format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' },
  sessionIndex: '_session',
});
const RESPONSE = buildLogoutResponse({
  id: '_response',
  issuer: 'urn:idp',
  issueInstant: now,
  destination: LOCATION,
  inResponseTo: '_q',
  status: { code: STATUS.success, subCode: STATUS.partialLogout },
});
const MESSAGES = [
  ['SAMLRequest', 'LogoutRequest', REQUEST],
  ['SAMLResponse', 'LogoutResponse', RESPONSE],
] as const;

type Redirected = Extract<OutgoingMessage, { url: string }>;
type Posted = Extract<OutgoingMessage, { action: string }>;
const redirect = (
  name: 'SAMLRequest' | 'SAMLResponse',
  tree: XmlElement,
  location = LOCATION,
  relayState?: string,
): Redirected => {
  const message = sendMessage(
    name,
    tree,
    { binding: BINDINGS.httpRedirect, location },
    { pair, ...(relayState !== undefined && { relayState }) },
  );
  if (message.binding !== BINDINGS.httpRedirect) throw new Error('it was to be a redirect');
  return message;
};
const post = (name: 'SAMLRequest' | 'SAMLResponse', tree: XmlElement, relayState?: string): Posted => {
  const message = sendMessage(
    name,
    tree,
    { binding: BINDINGS.httpPost, location: LOCATION },
    { pair, ...(relayState !== undefined && { relayState }) },
  );
  if (message.binding !== BINDINGS.httpPost) throw new Error('it was to be a form');
  return message;
};

const sp = nodeSaml({ idpIssuer: 'urn:idp' });
const PROFILE = { issuer: 'urn:idp', nameID: 'älice', sessionIndex: '_session', ID: '_request' };
const redirected = async (url: string): ReturnType<typeof sp.validateRedirectAsync> => {
  const { search, searchParams } = new URL(url);
  return sp.validateRedirectAsync(Object.fromEntries(searchParams), search.slice(1));
};

test('node-saml accepts a LogoutRequest by redirect, and by post', async () => {
  const { url } = redirect('SAMLRequest', REQUEST, LOCATION, 'a b/ü');
  expect(await redirected(url)).toMatchObject({ loggedOut: true, profile: PROFILE });
  const { fields } = post('SAMLRequest', REQUEST, 'a b/ü');
  expect(await sp.validatePostRequestAsync({ ...fields })).toMatchObject({
    loggedOut: true,
    profile: PROFILE,
  });
});

test('node-saml accepts a LogoutResponse by redirect, and by post', async () => {
  const { url } = redirect('SAMLResponse', RESPONSE, LOCATION, 'state');
  expect(await redirected(url)).toMatchObject({ loggedOut: true });
  const { fields } = post('SAMLResponse', RESPONSE);
  expect(await sp.validatePostResponseAsync({ ...fields })).toMatchObject({ loggedOut: true });
});

test('node-saml refuses what was tampered with on the way', async () => {
  const { url } = redirect('SAMLRequest', REQUEST, LOCATION, 'state');
  await expect(redirected(url.replace('=state', '=other'))).rejects.toThrow('Invalid query signature');
  const { fields } = post('SAMLRequest', REQUEST);
  const xml = Buffer.from(fields['SAMLRequest']!, 'base64').toString().replace('älice', 'bob');
  const tampered = { SAMLRequest: Buffer.from(xml).toString('base64') };
  await expect(sp.validatePostRequestAsync(tampered)).rejects.toThrow('Invalid signature');
});

test('the query is signed to the letter by rsa-sha256, in the order of SAML Bindings 3.4.4.1', () => {
  const { url, xml } = redirect('SAMLResponse', RESPONSE, LOCATION, 'a b/ü');
  const query = url.slice(`${LOCATION}?`.length);
  const [octets, signature] = query.split('&Signature=') as [string, string];
  expect(octets).toMatch(/^SAMLResponse=[^&]+&RelayState=a%20b%2F%C3%BC&SigAlg=[^&]+$/);
  expect(new URLSearchParams(query).get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
  const verifier = createVerify('sha256').update(octets);
  expect(verifier.verify(createPublicKey(pem('idp.crt')), decodeURIComponent(signature), 'base64')).toBe(
    true,
  );
  expect(decodeMessage(new URLSearchParams(query).get('SAMLResponse')!)).toBe(xml);
  expect(xml).not.toContain('Signature');
});

test.each([
  [LOCATION, `${LOCATION}?`, ''],
  [`${LOCATION}?`, `${LOCATION}?`, ''],
  [`${LOCATION}?sp=1`, `${LOCATION}?sp=1&`, ''],
  [`${LOCATION}?sp=1&`, `${LOCATION}?sp=1&`, ''],
  [`${LOCATION}#top?`, `${LOCATION}?`, '#top?'],
  [`${LOCATION}?sp=1#top`, `${LOCATION}?sp=1&`, '#top'],
])('the query is appended to %s', (location, before, after) => {
  const { url } = redirect('SAMLRequest', REQUEST, location);
  expect(url.startsWith(`${before}SAMLRequest=`)).toBe(true);
  expect(url.endsWith(after)).toBe(true);
  expect(new URL(url).searchParams.get('Signature')).toMatch(/^[\w+/]{342}==$/);
});

test('there is a RelayState where one is given; an empty one is left out of a query', () => {
  expect(redirect('SAMLRequest', REQUEST, LOCATION, '').url).not.toContain('RelayState');
  expect(redirect('SAMLRequest', REQUEST).url).not.toContain('RelayState');
  expect(Object.keys(post('SAMLRequest', REQUEST).fields)).toEqual(['SAMLRequest']);
  expect(post('SAMLRequest', REQUEST, 'ü<"').fields['RelayState']).toBe('ü<"');
  expect(post('SAMLRequest', REQUEST, '').fields['RelayState']).toBe('');
});

test('a form goes to the location as it is, with the signed document in base64', () => {
  const { action, fields, xml } = post('SAMLResponse', RESPONSE);
  expect(action).toBe(LOCATION);
  expect(Buffer.from(fields['SAMLResponse']!, 'base64').toString()).toBe(xml);
  expect(xml).toMatch(/<\/saml:Issuer><Signature /);
});

test('other methods are used where they are asked for', () => {
  const methods = {
    signature: SIGNATURE_ALGORITHMS['rsa-sha1'],
    digest: DIGEST_ALGORITHMS.sha1,
    inclusive: [],
  };
  const [byRedirect, byPost] = [BINDINGS.httpRedirect, BINDINGS.httpPost].map((binding) =>
    sendMessage('SAMLRequest', REQUEST, { binding, location: LOCATION }, { pair, methods }),
  ) as [Redirected, Posted];
  expect(new URL(byRedirect.url).searchParams.get('SigAlg')).toContain('rsa-sha1');
  expect(byPost.xml).toContain('xmldsig#rsa-sha1');
  expect(byPost.xml).toContain('xmldsig#sha1');
});

test.each(MESSAGES)('our own reader takes back a %s with a %s, by both bindings', (name, _, tree) => {
  const read = name === 'SAMLRequest' ? readLogoutRequest : readLogoutResponse;
  const received = [
    receivedByRedirect(new URL(redirect(name, tree, LOCATION, 'x+y').url).search.slice(1))!,
    receivedByPost(new URLSearchParams(post(name, tree, 'x+y').fields).toString())!,
  ];
  for (const arrival of received) {
    const message = read(decodeMessage(arrival.encoded));
    expect([arrival.name, arrival.RelayState]).toEqual([name, 'x+y']);
    expect(
      verifyMessageSignature<ReturnType<typeof read>>(arrival, message, read, [certificate('sp'), idp]),
    ).toBe(idp);
  }
});

for (const [name, element, tree] of MESSAGES) {
  judgedBy(xmllint)(`a ${element} is valid by the schema, signed or not`, () => {
    expect(schemaErrors(post(name, tree).xml)).toBe('');
    expect(schemaErrors(redirect(name, tree).xml)).toBe('');
  });
  judgedBy(xmlsec1)(`the signature of a ${element} verifies, and not with another certificate`, () => {
    const { xml } = post(name, tree);
    expect(xmlsecVerify(xml, pem('idp.crt'), element)).toBe('');
    expect(xmlsecVerify(xml, pem('other.crt'), element)).not.toBe('');
  });
}

test('the certificate of the pair stands in KeyInfo', () => {
  const { xml } = post('SAMLRequest', REQUEST);
  const judge = new SignedXml({ publicCert: pem('idp.crt') });
  judge.loadSignature(/<Signature[\s\S]*<\/Signature>/.exec(xml)![0]);
  expect(judge.checkSignature(xml)).toBe(true);
  expect(xml).toContain(`<X509Certificate>${der(idp)}</X509Certificate>`);
});
