/** Signs a JWT in compact form (RFC 7515 7.1), with jose. */
import type { KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { SIGNING, type JwtAlgorithm, type SigningAlgorithm } from './algorithms.js';
import { JwtError } from './jwt-error.js';
import type { Claims } from './restricted-claims.js';

/** A key ready to sign with. Parse the PEM once, not per token: jose also keeps what it made of the KeyObject. */
export interface JwtSigningKey {
  readonly kid: string;
  readonly alg: JwtAlgorithm;
  readonly privateKey: KeyObject;
}

const fits = (key: KeyObject, algorithm: SigningAlgorithm): boolean =>
  key.type === 'private' &&
  key.asymmetricKeyType === algorithm.keyType &&
  (algorithm.namedCurve === undefined || key.asymmetricKeyDetails?.namedCurve === algorithm.namedCurve);

/** The compact JWT, its header `alg`, `typ`, `kid`. Errors: `jwt_key_unusable`. */
export async function signJwt(
  payload: Claims,
  { kid, alg, privateKey }: JwtSigningKey,
  typ = 'JWT',
): Promise<string> {
  const algorithm = SIGNING[alg];
  if (!fits(privateKey, algorithm))
    throw new JwtError(
      'jwt_key_unusable',
      `the key ${kid} cannot sign ${alg}, which needs a private ${algorithm.namedCurve ?? algorithm.keyType} key`,
    );
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg, typ, kid })
    .sign(privateKey);
}
