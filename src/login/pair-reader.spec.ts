import { expect, test } from 'vitest';
import { KEYS } from '../../test/support/login-context.js';
import { effectiveConfiguration } from '../protocol/saml/layers.js';
import { PairReader } from './pair-reader.js';

const rules = { minimumRsaBits: 1024, pointer: '/samlResponse' };
const { cert, key } = KEYS.other;

test('a pair is read once, whether a body or a configuration brings it', () => {
  const { readers, ofConfiguration } = new PairReader(1024);
  const first = readers.readSigningPair(cert, key, rules);
  expect(first).not.toBeNull();
  expect(readers.readSigningPair(cert, key, rules)).toBe(first);
  const configuration = effectiveConfiguration({ client: { settings: { cert, key }, attributes: [] } });
  expect(ofConfiguration.readSigningPair(configuration)).toBe(first);
  expect(ofConfiguration.readEncryptionPair(configuration)).toBeNull();
});

test('a pair that is refused is refused again, with the field of whoever asks', () => {
  const { readers } = new PairReader(1024);
  for (const pointer of ['/samlResponse', '/addons/samlp'])
    expect(() => readers.readSigningPair(cert, KEYS.idp.key, { ...rules, pointer })).toThrow(
      expect.objectContaining({
        code: 'saml_key_pair_mismatch',
        errors: [expect.objectContaining({ pointer: `${pointer}/cert` }), expect.anything()],
      }) as Error,
    );
});

test('half a pair is refused though the other half was read before', () => {
  const { readers } = new PairReader(1024);
  readers.readEncryptionPair(KEYS.sp.cert, KEYS.sp.publicKey, rules);
  expect(() => readers.readEncryptionPair(KEYS.sp.cert, undefined, rules)).toThrow(
    'without encryptionPublicKey',
  );
});
