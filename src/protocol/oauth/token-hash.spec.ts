import { expect, test } from 'vitest';
import { tokenHashes } from './token-hash.js';

/** OIDC Core, Appendix A.4 and A.6, which sign with RS256. */
const accessToken = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
const code = 'Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk';

test('the hashes are those of the examples of OpenID Connect', () => {
  expect(tokenHashes({ accessToken, code }, 'RS256')).toEqual({
    at_hash: '77QmUPtjPfzWtF2AnpK9RQ',
    c_hash: 'LDktKdoQak3Pk0cnXxCltA',
  });
});

test('what was not issued has no hash', () => {
  expect(tokenHashes({}, 'RS256')).toEqual({});
  expect(Object.keys(tokenHashes({ code }, 'RS256'))).toEqual(['c_hash']);
});

test('EdDSA hashes with SHA-512, half of which is 32 octets', () => {
  expect(Buffer.from(tokenHashes({ code }, 'EdDSA').c_hash!, 'base64url')).toHaveLength(32);
  expect(tokenHashes({ code }, 'ES256')).toEqual(tokenHashes({ code }, 'PS256'));
});
