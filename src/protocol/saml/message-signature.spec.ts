import { createPrivateKey, createSign, type X509Certificate } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  base64,
  certificate,
  EXCLUSIVE,
  ENVELOPED,
  form,
  MESSAGES,
  nodeSaml,
  pem,
  signatureOf,
  signed,
  SP,
} from '../../../test/support/sp-messages.js';
import { samlFailure } from '../../../test/support/saml-failure.js';
import { SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import { readAuthnRequest } from './authn-request.js';
import type { SignedMessage } from './enveloped-signature.js';
import { readLogoutRequest } from './logout-request.js';
import { readLogoutResponse } from './logout-response.js';
import { decodeMessage } from './message-encoding.js';
import { verifyMessageSignature, type Arrival } from './message-signature.js';
import { receivedByPost, receivedByRedirect, type ReceivedMessage } from './received-message.js';
import { writeRedirect } from './redirect-binding.js';
import { SamlError } from './saml-error.js';

const sp = certificate('sp');
const signer = { key: createPrivateKey(pem('sp.key')), algorithm: SIGNATURE_ALGORITHMS['rsa-sha256'] };
interface Judgement {
  readonly acceptSha1?: boolean;
  readonly certificates?: readonly X509Certificate[];
}
type Reader = (xml: string) => SignedMessage;
const READERS: Readonly<Record<keyof typeof MESSAGES, Reader>> = {
  AuthnRequest: readAuthnRequest,
  LogoutRequest: readLogoutRequest,
  LogoutResponse: readLogoutResponse,
};
const KINDS = Object.keys(MESSAGES) as (keyof typeof MESSAGES)[];
const read: Reader = (xml) => {
  const kind = KINDS.find((each) => xml.includes(`:${each}`)) ?? 'AuthnRequest';
  return READERS[kind](xml);
};

const codeOf = (error: unknown): string => {
  if (error instanceof SamlError) return error.code;
  throw error;
};
/** The message that is believed, or the code of the refusal. */
function believed(receive: () => ReceivedMessage | null, options: Judgement = {}): object | string {
  try {
    const received = receive();
    if (!received) return 'no message';
    const message = read(decodeMessage(received.encoded));
    verifyMessageSignature(received, message, read, options.certificates ?? [sp], options);
    return { ...message, xml: '', RelayState: received.RelayState };
  } catch (error) {
    return codeOf(error);
  }
}
const verdict = (receive: () => ReceivedMessage | null, options?: Judgement): string => {
  const outcome = believed(receive, options);
  return typeof outcome === 'string' ? outcome : 'verifies';
};
const byPost = (xml: string, options?: Judgement): string =>
  verdict(() => receivedByPost(form({ SAMLRequest: base64(xml) })), options);
const byRedirect = (query: string, options?: Judgement): string =>
  verdict(() => receivedByRedirect(query), options);

/** As node-saml posts it. */
async function postedByNodeSaml(): Promise<string> {
  const { SAMLRequest } = await nodeSaml({
    authnRequestBinding: 'HTTP-POST',
    skipRequestCompression: true,
  }).getAuthorizeMessageAsync('');
  return Buffer.from(String(SAMLRequest), 'base64').toString();
}

test('an AuthnRequest that node-saml posts verifies', async () => {
  expect(byPost(await postedByNodeSaml())).toBe('verifies');
});

test.each(KINDS)('a posted %s that xml-crypto signed verifies', (kind) => {
  expect(byPost(signed(MESSAGES[kind]()))).toBe('verifies');
  expect(byPost(signed(MESSAGES[kind](), { signature: 'sha512' }))).toBe('verifies');
});

test('logout messages that node-saml sends by redirect verify', async () => {
  const profile = { issuer: SP, nameID: 'alice', nameIDFormat: 'urn:x', sessionIndex: '_s', ID: '_1' };
  const saml = nodeSaml();
  for (const url of [
    await saml.getLogoutUrlAsync(profile, 'a b+(c)', {}),
    await saml.getLogoutResponseUrlAsync(profile, "it's ~", {}, true),
  ])
    expect(byRedirect(new URL(url).search.slice(1))).toBe('verifies');
});

test('a message that is handed over without a binding is judged by its enveloped signature', () => {
  const arrive = (arrival: Arrival, xml: string): X509Certificate =>
    verifyMessageSignature(arrival, read(xml), read, [certificate('other'), sp]);
  expect(arrive({}, signed(MESSAGES.AuthnRequest()))).toBe(sp);
  expect(() => arrive({}, MESSAGES.AuthnRequest())).toThrow('must be signed');
});

test('an XML Signature inside a message does not count on HTTP-Redirect', () => {
  const query = writeRedirect('SAMLRequest', signed(MESSAGES.AuthnRequest()));
  expect(byRedirect(query)).toBe('saml_request_unsigned');
});

test.each(KINDS)('the four failures of a posted %s are told apart', (kind) => {
  const xml = signed(MESSAGES[kind]());
  expect(byPost(MESSAGES[kind]())).toBe('saml_request_unsigned');
  expect(byPost(xml.replace(/<SignatureMethod [^>]*>/, '<SignatureMethod/>'))).toBe('saml_sigalg_missing');
  expect(byPost(xml.replace('more#rsa-sha256', 'more#hmac-sha256'))).toBe('saml_sigalg_unsupported');
  expect(byPost(xml.replace(SP, 'https://evil.example.test'))).toBe('saml_request_signature');
  expect(byPost(xml, { certificates: [certificate('other')] })).toBe('saml_request_signature');
});

test('SHA-1 is refused in signature and digest unless it is accepted', () => {
  const xml = MESSAGES.LogoutRequest();
  const documents = [
    signed(xml, { signature: 'sha1' }),
    signed(xml, { signature: 'sha1', digest: 'sha256' }),
    signed(xml, { signature: 'sha256', digest: 'sha1' }),
  ];
  expect(documents.map((each) => byPost(each))).toEqual(Array(3).fill('saml_sigalg_unsupported'));
  expect(documents.map((each) => byPost(each, { acceptSha1: true }))).toEqual(Array(3).fill('verifies'));
});

test('any of several certificates may verify a posted message; one that is not RSA never does', () => {
  const xml = signed(MESSAGES.LogoutRequest());
  const [other, ec] = [certificate('other'), certificate('ec')];
  expect(byPost(xml, { certificates: [ec, other, sp] })).toBe('verifies');
  expect(byPost(xml, { certificates: [ec, other] })).toBe('saml_request_signature');
  expect(byPost(xml, { certificates: [] })).toBe('saml_request_signature');
});

test('what an EC key signed is not taken for RSA', () => {
  const xml = signed(MESSAGES.LogoutRequest(), { key: 'ec.key' });
  expect(byPost(xml, { certificates: [certificate('ec')] })).toBe('saml_request_signature');
});

test('a message that was changed after signing is told from one that another key signed', () => {
  const xml = signed(MESSAGES.LogoutRequest());
  const changed = xml.replace('alice', 'bob');
  const sentence = (document: string, trusted: string): string =>
    samlFailure(() => verifyMessageSignature({}, read(document), read, [certificate(trusted)])).message;
  expect(sentence(changed, 'sp')).toContain('the message was changed after signing');
  expect(sentence(xml, 'other')).toContain('another key signed it');
});

test('the certificate in KeyInfo is never believed', () => {
  const xml = signed(MESSAGES.AuthnRequest(), { key: 'other.key' });
  const der = certificate('other').raw.toString('base64');
  const introduced = xml.replace(/<X509Certificate>[^<]*</, `<X509Certificate>${der}<`);
  expect(byPost(introduced)).toBe('saml_request_signature');
  expect(byPost(introduced, { certificates: [certificate('other')] })).toBe('verifies');
});

const enclosed = (xml: string): string => xml.replace(/^<\?xml[^>]*>\s*/, '');
const evil = (content: string, id = '_evil'): string =>
  MESSAGES.AuthnRequest(content, ` AssertionConsumerServiceURL="${SP}/evil"`).replace(
    'ID="_1"',
    `ID="${id}"`,
  );
const inside = (content: string): string => `<samlp:Extensions>${content}</samlp:Extensions>`;
const original = enclosed(signed(MESSAGES.AuthnRequest('', ` AssertionConsumerServiceURL="${SP}/acs"`)));
const signature = signatureOf(original);
const bare = original.replace(signature, '');
const afterIssuer = (xml: string, more: string): string =>
  xml.replace('</saml:Issuer>', `</saml:Issuer>${more}`);

test.each([
  ['the signed request inside another', evil(inside(original)), 'one Signature, a child of its root'],
  ['its signature moved out of it', afterIssuer(evil(inside(bare)), signature), 'its Reference must be #'],
  [
    'the signed request in an Object of its own signature',
    afterIssuer(evil(''), signature.replace('</Signature>', `<Object>${bare}</Object></Signature>`)),
    'its Reference must be #',
  ],
  [
    'a second signature beside the first',
    afterIssuer(original, signature),
    'one Signature, a child of its root',
  ],
  [
    'the signature deeper than a child',
    bare.replace('</samlp:A', `${inside(signature)}</samlp:A`),
    'one Signature, a child of its root',
  ],
  [
    'a signature that covers a part only',
    afterIssuer(
      evil(''),
      signatureOf(signed(MESSAGES.AuthnRequest('<a ID="_2"/>')).replaceAll('#_1', '#_2')),
    ),
    'its Reference must be #',
  ],
  [
    'a signature that covers more than the root',
    signed(MESSAGES.AuthnRequest('<a ID="_2"/>'), { alsoCovers: ['//a'] }),
    'exactly one Reference',
  ],
  [
    'a Reference to whatever is the document',
    signed(MESSAGES.AuthnRequest(), { isEmptyUri: true }),
    'its Reference must be #',
  ],
  [
    'two SignedInfo',
    original.replace(/<SignedInfo[\s\S]*<\/SignedInfo>/, (info) => info + info.replace('#_1', '#_2')),
    'exactly one SignedInfo',
  ],
  [
    'a transform that could leave something out',
    signed(MESSAGES.AuthnRequest(), {
      transforms: [ENVELOPED, 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'],
    }),
    'its transforms must be',
  ],
  [
    'three transforms',
    signed(MESSAGES.AuthnRequest(), { transforms: [ENVELOPED, EXCLUSIVE, EXCLUSIVE] }),
    'its transforms must be',
  ],
])('wrapping gains nothing: %s', (_, xml, words) => {
  expect(byPost(original)).toBe('verifies');
  const failure = samlFailure(() => verifyMessageSignature({}, read(xml), read, [sp]));
  expect([failure.code, failure.message]).toEqual(['saml_request_signature', expect.stringContaining(words)]);
});

test('wrapping gains nothing: a reader that finds something else in the document than what is signed', () => {
  const message = readAuthnRequest(original);
  const deceived = { ...message, assertionConsumerServiceURL: `${SP}/evil` };
  expect(() => verifyMessageSignature({}, deceived, readAuthnRequest, [sp])).toThrow(
    'what it signs is not what the message says',
  );
});

test('wrapping gains nothing: two elements with the ID that is signed', () => {
  expect(byPost(afterIssuer(evil(inside(bare), '_1'), signature))).toBe('saml_request_invalid');
});

test('a comment in Issuer, which no signature covers, is refused before anybody is deceived', () => {
  const split = SP.replace('.test', '<!-- -->.test');
  const codes = KINDS.map((kind) => byPost(signed(MESSAGES[kind]()).replace(`>${SP}<`, `>${split}<`)));
  expect(codes).toEqual(['saml_request_invalid', 'saml_logout_invalid', 'saml_logout_invalid']);
});

test.each(KINDS)('a DOCTYPE and a bomb in a signed %s each have their own refusal', (kind) => {
  const xml = signed(MESSAGES[kind]());
  const bomb = deflateRawSync(`${xml}${' '.repeat(10_000_000)}`).toString('base64');
  expect(byPost(`<!DOCTYPE a>${xml}`)).toBe('saml_xml_forbidden');
  expect(verdict(() => receivedByPost(form({ SAMLRequest: bomb })))).toBe('saml_message_too_large');
  expect(byRedirect(new URLSearchParams({ SAMLRequest: bomb }).toString())).toBe('saml_message_too_large');
});

/** `text` with one character of it replaced, left out or doubled. */
const mutationOf = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 2 }))
    .map(([at, instead]) => text.slice(0, at) + instead + text.slice(at + 1));

test('no mutation of a signed query is believed, but one that changes nothing that is read', () => {
  const octets = [
    ['SAMLRequest', deflateRawSync(MESSAGES.LogoutRequest()).toString('base64')],
    ['RelayState', 'a b+c'],
    ['SigAlg', signer.algorithm.uri],
  ]
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`)
    .join('&');
  const value = createSign('sha256').update(octets).sign(signer.key, 'base64');
  const query = `${octets}&Signature=${encodeURIComponent(value)}`;
  const whole = believed(() => receivedByRedirect(query));
  expect(whole).toMatchObject({ id: '_1', RelayState: 'a b+c' });
  fc.assert(
    fc.property(mutationOf(query), (mutated) => {
      const outcome = believed(() => receivedByRedirect(mutated));
      if (typeof outcome !== 'string') expect(outcome).toEqual(whole);
    }),
    { numRuns: 2000 },
  );
});

test.each(KINDS)(
  'no mutation of a signed and posted %s is believed, but one that changes nothing that is read',
  (kind) => {
    const xml = signed(MESSAGES[kind]());
    const post =
      (document: string): (() => ReceivedMessage | null) =>
      () =>
        receivedByPost(form({ SAMLRequest: base64(document) }));
    const whole = believed(post(xml));
    expect(whole).toMatchObject({ id: '_1', issuer: SP });
    let believedMutations = 0;
    fc.assert(
      fc.property(mutationOf(xml), (mutated) => {
        const outcome = believed(post(mutated));
        if (typeof outcome === 'string') return;
        believedMutations++;
        expect(outcome).toEqual(whole);
      }),
      { numRuns: 400 },
    );
    // of KeyInfo and of white space there is enough to meet by chance
    expect(believedMutations).toBeGreaterThan(0);
  },
);

test('no mutation of the base64 of a posted message is believed, but one that changes nothing that is read', () => {
  const body = form({ SAMLRequest: base64(signed(MESSAGES.AuthnRequest())) });
  const whole = believed(() => receivedByPost(body));
  fc.assert(
    fc.property(mutationOf(body), (mutated) => {
      const outcome = believed(() => receivedByPost(mutated));
      if (typeof outcome !== 'string') expect(outcome).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});
