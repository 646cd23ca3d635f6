import { createPrivateKey, createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SAML } from '@node-saml/node-saml';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import { decodeMessage } from './message-encoding.js';
import { readRedirect, verifyRedirect, writeRedirect } from './redirect-binding.js';

const key = (name: string): string =>
  readFileSync(new URL(`../../../test/keys/saml-${name}.pem`, import.meta.url), 'utf8');
const cert = key('sp.crt');
const signer = { key: createPrivateKey(key('sp.key')), algorithm: SIGNATURE_ALGORITHMS['rsa-sha256'] };

const verdict = (query: string, options?: { allowSha1?: boolean; cert?: string }): string => {
  try {
    verifyRedirect(readRedirect(query), options?.cert ?? cert, options);
    return 'verifies';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};
const byNodeSaml = async (
  relayState: string,
  signatureAlgorithm: 'sha1' | 'sha256' | 'sha512' = 'sha256',
) => {
  const saml = new SAML({
    issuer: 'https://sp.example.test',
    callbackUrl: 'https://sp.example.test/acs',
    entryPoint: 'https://idp.example.test/samlp/demo',
    idpCert: cert,
    privateKey: key('sp.key'),
    signatureAlgorithm,
  });
  return new URL(await saml.getAuthorizeUrlAsync(relayState, undefined, {})).search.slice(1);
};

test('a redirect that node-saml signed verifies, and its message and RelayState are read', async () => {
  const query = await byNodeSaml('a state & more+%');
  expect(verdict(query)).toBe('verifies');
  const { RelayState, SAMLRequest } = readRedirect(query);
  expect(RelayState).toBe('a state & more+%');
  expect(decodeMessage(SAMLRequest!)).toContain('<samlp:AuthnRequest');
  expect(verdict(await byNodeSaml('x', 'sha512'))).toBe('verifies');
});

test('SHA-1 is refused unless it is allowed', async () => {
  const query = await byNodeSaml('x', 'sha1');
  expect(verdict(query)).toBe('saml_sigalg_unsupported');
  expect(verdict(query, { allowSha1: true })).toBe('verifies');
});

test('the four failures are told apart', async () => {
  const query = await byNodeSaml('x');
  expect(verdict(query.replace(/&Signature=[^&]*/, ''))).toBe('saml_request_unsigned');
  expect(verdict(query.replace(/&SigAlg=[^&]*/, ''))).toBe('saml_sigalg_missing');
  expect(verdict(query.replace('rsa-sha256', 'hmac-sha256'))).toBe('saml_sigalg_unsupported');
  expect(verdict(query.replace('RelayState=x', 'RelayState=y'))).toBe('saml_request_signature');
  expect(verdict(query, { cert: key('other.crt') })).toBe('saml_request_signature');
  expect(verdict(query.replace(/Signature=.*/, 'Signature=%21'))).toBe('saml_request_signature');
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
])('the octets count as they were signed: %s', (_, encode) => {
  const members = [
    ['SAMLRequest', 'abc+/='],
    ['RelayState', 'a b/ü'],
    ['SigAlg', signer.algorithm.uri],
  ] as const;
  const octets = members.map(([name, value]) => `${name}=${encode(value)}`).join('&');
  const signature = createSign('sha256').update(octets).sign(signer.key, 'base64');
  const query = `other=1&Signature=${encodeURIComponent(signature)}&${octets.split('&').toReversed().join('&')}`;
  expect(verdict(query)).toBe('verifies');
  expect(readRedirect(query)).toMatchObject({ RelayState: 'a b/ü', SAMLRequest: 'abc+/=' });
});

test('an empty RelayState that is there is part of what is signed', () => {
  const octets = `SAMLRequest=abc&RelayState=&SigAlg=${encodeURIComponent(signer.algorithm.uri)}`;
  const signature = encodeURIComponent(createSign('sha256').update(octets).sign(signer.key, 'base64'));
  expect(verdict(`${octets}&Signature=${signature}`)).toBe('verifies');
  expect(verdict(`${octets.replace('&RelayState=', '')}&Signature=${signature}`)).toBe(
    'saml_request_signature',
  );
});

test.each([
  ['SAMLRequest=a&SAMLRequest=b', 'stands twice'],
  ['SAMLRequest=a&%53AMLRequest=b', 'stands twice'],
  ['SAMLRequest=a&SAMLResponse=b', 'a SAMLRequest and a SAMLResponse'],
  ['SAMLRequest=a&SAMLEncoding=urn:other', 'SAMLEncoding'],
  ['SAMLRequest=%zz', 'percent sign'],
  [`SAMLRequest=${'a'.repeat(70_000)}`, 'at most 65536'],
])('the query %.40s is refused by name', (query, words) => {
  expect(() => readRedirect(query)).toThrow(words);
});

test('what we send, signed or not, reads back and verifies', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (relayState, signed) => {
      const query = writeRedirect('SAMLResponse', '<a>é</a>', { relayState, ...(signed && { signer }) });
      const message = readRedirect(query);
      expect(decodeMessage(message.SAMLResponse!)).toBe('<a>é</a>');
      expect(message.RelayState ?? '').toBe(relayState);
      expect(verdict(query)).toBe(signed ? 'verifies' : 'saml_request_unsigned');
    }),
    { numRuns: 60 },
  );
});
