/** The JWT keys of test/keys, one for each algorithm, ready to sign and to be published. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JwtAlgorithm } from '../../src/protocol/jwt/algorithms.js';
import { jwksOf, thumbprintOf, type PublishedKey } from '../../src/protocol/jwt/jwks.js';
import type { JwtSigningKey } from '../../src/protocol/jwt/sign.js';

export const keyFile = (name: string): string =>
  readFileSync(new URL(`../keys/${name}`, import.meta.url), 'utf8');

const signingKey = (alg: JwtAlgorithm, file: string, label = ''): JwtSigningKey => {
  const privateKey = createPrivateKey(keyFile(file));
  return { kid: `${thumbprintOf(privateKey)}${label}`, alg, privateKey };
};

/** The RSA key plays two roles, so its second one has a kid of its own. */
export const jwtKeys: Readonly<Record<JwtAlgorithm, JwtSigningKey>> = {
  RS256: signingKey('RS256', 'jwt-rsa.key.pem'),
  PS256: signingKey('PS256', 'jwt-rsa.key.pem', '-ps256'),
  ES256: signingKey('ES256', 'jwt-p256.key.pem'),
  EdDSA: signingKey('EdDSA', 'jwt-ed25519.key.pem'),
};
/** An RS256 key that nobody trusts. */
export const otherKey = signingKey('RS256', 'jwt-other-rsa.key.pem');

export const jwtCertificate = keyFile('jwt-rsa.crt.pem');

export const published = Object.values(jwtKeys).map(({ kid, alg, privateKey }): PublishedKey => ({
  kid,
  alg,
  publicKey: createPublicKey(privateKey),
  certificatePem: alg === 'RS256' ? jwtCertificate : null,
}));
export const jwks = jwksOf(published);
