import { createPrivateKey, createSign, type X509Certificate } from 'node:crypto';
import type { SamlConfig } from '@node-saml/node-saml';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificate, nodeSaml, pem } from '../../../test/support/sp-messages.js';
import { samlFailure } from '../../../test/support/saml-failure.js';
import { SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import { decodeMessage } from './message-encoding.js';
import { readRedirect, verifyRedirect, writeRedirect } from './redirect-binding.js';
import { SamlError } from './saml-error.js';

const sp = certificate('sp');
const signer = { key: createPrivateKey(pem('sp.key')), algorithm: SIGNATURE_ALGORITHMS['rsa-sha256'] };

const verdict = (
  query: string,
  options: { acceptSha1?: boolean; certificates?: readonly X509Certificate[] } = {},
): string => {
  try {
    verifyRedirect(query, options.certificates ?? [sp], options);
    return 'verifies';
  } catch (error) {
    if (error instanceof SamlError) return error.code;
    throw error;
  }
};
const byNodeSaml = async (relayState: string, options: Partial<SamlConfig> = {}): Promise<string> =>
  new URL(await nodeSaml(options).getAuthorizeUrlAsync(relayState, undefined, {})).search.slice(1);
/** What an SP sends that signs the octets as `encode` writes them. */
function signedOctets(
  members: readonly (readonly [string, string])[],
  encode: (text: string) => string,
): { octets: string; signature: string } {
  const octets = members.map(([name, value]) => `${name}=${encode(value)}`).join('&');
  return {
    octets,
    signature: encodeURIComponent(createSign('sha256').update(octets).sign(signer.key, 'base64')),
  };
}

test('a redirect that node-saml signed verifies, and its message and RelayState are read', async () => {
  const query = await byNodeSaml('a state & more+%');
  expect(verdict(query)).toBe('verifies');
  const { RelayState, SAMLRequest } = readRedirect(query);
  expect(RelayState?.value).toBe('a state & more+%');
  expect(decodeMessage(SAMLRequest!.value)).toContain('<samlp:AuthnRequest');
  expect(verdict(await byNodeSaml('x', { signatureAlgorithm: 'sha512' }))).toBe('verifies');
});

test('every character verifies that node-saml signs in one spelling and sends in another', async () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(32 + index)).join('');
  const query = await byNodeSaml(printable);
  expect(verdict(query)).toBe('verifies');
  expect(readRedirect(query).RelayState?.value).toBe(printable);
});

test('SHA-1 is refused unless it is accepted, and the refusal names the setting', async () => {
  const query = await byNodeSaml('x', { signatureAlgorithm: 'sha1' });
  const failure = samlFailure(() => verifyRedirect(query, [sp]));
  expect(failure.code).toBe('saml_sigalg_unsupported');
  expect(failure.message).toContain('acceptSha1Requests');
  expect(verdict(query, { acceptSha1: true })).toBe('verifies');
});

test('the four failures are told apart', async () => {
  const query = await byNodeSaml('x');
  expect(verdict(query.replace(/&Signature=[^&]*/, ''))).toBe('saml_request_unsigned');
  expect(verdict(query.replace(/&SigAlg=[^&]*/, ''))).toBe('saml_sigalg_missing');
  expect(verdict(query.replace('rsa-sha256', 'hmac-sha256'))).toBe('saml_sigalg_unsupported');
  expect(verdict(query.replace('RelayState=x', 'RelayState=y'))).toBe('saml_request_signature');
  expect(verdict(query, { certificates: [certificate('other')] })).toBe('saml_request_signature');
  expect(verdict(query.replace(/Signature=.*/, 'Signature=%21'))).toBe('saml_request_signature');
});

test('any of several certificates may verify, and it is named; one that is not RSA never does', async () => {
  const query = await byNodeSaml('x');
  const [other, ec] = [certificate('other'), certificate('ec')];
  expect(verifyRedirect(query, [ec, other, sp])).toBe(sp);
  expect(verdict(query, { certificates: [ec] })).toBe('saml_request_signature');
  expect(verdict(query, { certificates: [] })).toBe('saml_request_signature');
});

test('what an EC key signed is not taken for RSA', () => {
  const octets = `SAMLRequest=abc&SigAlg=${encodeURIComponent(signer.algorithm.uri)}`;
  const value = createSign('sha256').update(octets).sign(pem('ec.key'), 'base64');
  const query = `${octets}&Signature=${encodeURIComponent(value)}`;
  expect(verdict(query, { certificates: [certificate('ec')] })).toBe('saml_request_signature');
});

test.each([
  [
    'lower-case escapes',
    (text: string) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
  ],
  [
    'every character escaped',
    (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join(''),
  ],
  ['plus for space', (text: string) => encodeURIComponent(text).replaceAll('%20', '+')],
  ['needless escapes kept', (text: string) => encodeURIComponent(text).replaceAll('~', '%7E')],
])('the octets count as they were signed: %s', (_, encode) => {
  const { octets, signature } = signedOctets(
    [
      ['SAMLRequest', 'abc+/='],
      ['RelayState', 'a b/ü~'],
      ['SigAlg', signer.algorithm.uri],
    ],
    encode,
  );
  const query = `other=1&Signature=${signature}&${octets.split('&').toReversed().join('&')}`;
  expect(verdict(query)).toBe('verifies');
  const { RelayState, SAMLRequest } = readRedirect(query);
  expect([RelayState?.value, SAMLRequest?.value]).toEqual(['a b/ü~', 'abc+/=']);
});

test('an empty RelayState that is there is part of what is signed', () => {
  const { octets, signature } = signedOctets(
    [
      ['SAMLRequest', 'abc'],
      ['RelayState', ''],
      ['SigAlg', signer.algorithm.uri],
    ],
    encodeURIComponent,
  );
  expect(verdict(`${octets}&Signature=${signature}`)).toBe('verifies');
  expect(verdict(`${octets.replace('&RelayState=', '')}&Signature=${signature}`)).toBe(
    'saml_request_signature',
  );
});

test('what we send, signed or not, reads back and verifies', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (relayState, isSigned) => {
      fc.pre(!relayState.includes('\0'));
      const query = writeRedirect('SAMLResponse', '<a>é</a>', { relayState, ...(isSigned && { signer }) });
      const message = readRedirect(query);
      expect(decodeMessage(message.SAMLResponse!.value)).toBe('<a>é</a>');
      expect(message.RelayState?.value ?? '').toBe(relayState);
      expect(verdict(query)).toBe(isSigned ? 'verifies' : 'saml_request_unsigned');
    }),
    { numRuns: 60 },
  );
});
