/** A public key by which a client proves itself (`private_key_jwt`, RFC 7523), in the shape of Auth0's `client_authentication_methods`. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { CLIENT_ASSERTION_ALGORITHMS } from '../protocol/oauth/client-assertion.js';

const jwk = z
  .record(z.string().max(64), z.json('must be JSON'), 'must be a JWK, which is an object')
  .refine(
    (key) => key['d'] === undefined && key['k'] === undefined,
    'must be a public key: the client keeps its private key (d) or secret (k) to itself',
  );

const pem = z
  .string('must be string')
  .max(16_384, 'must NOT have more than 16384 characters')
  .refine(
    (text) => !/PRIVATE KEY/.test(text),
    'must be a public key: the client keeps its private key to itself; openssl pkey -in key.pem -pubout writes the public one',
  );

export const clientCredentialSchema = z
  .strictObject({
    id: z.string('must be string').min(1).max(128).optional(),
    name: z.string('must be string').max(128).optional(),
    credential_type: z.literal('public_key', 'must be public_key').default('public_key'),
    /** A public key or a certificate as PEM, or the key as JWK. */
    pem: pem.optional(),
    jwk: jwk.optional(),
    alg: z
      .enum(CLIENT_ASSERTION_ALGORITHMS, {
        error: `must be one of ${CLIENT_ASSERTION_ALGORITHMS.join(', ')}`,
      })
      .default('RS256'),
    /** What assertions name the key by; where they name none, each key is tried. */
    kid: z.string('must be string').min(1, 'must NOT be empty').max(255).optional(),
  })
  .superRefine((credential, context) => {
    const fault = faultOf(credential);
    if (fault) context.addIssue({ code: 'custom', path: [fault.member], message: fault.message });
  });
export type ClientCredential = z.infer<typeof clientCredentialSchema>;

/** The key itself. Only of a credential that the schema has passed. */
export const credentialKey = ({ pem: text, jwk: key }: Pick<ClientCredential, 'pem' | 'jwk'>): KeyObject =>
  text === undefined
    ? createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    : createPublicKey(text.replaceAll(String.raw`\n`, '\n'));

interface Fault {
  readonly member: 'pem' | 'jwk' | 'alg';
  readonly message: string;
}

function faultOf(credential: Pick<ClientCredential, 'pem' | 'jwk' | 'alg'>): Fault | undefined {
  const { pem: text, jwk: key, alg } = credential;
  if ((text === undefined) === (key === undefined))
    return { member: 'pem', message: 'give the public key once: as pem, or as jwk' };
  let read: KeyObject;
  try {
    read = credentialKey(credential);
  } catch {
    return text === undefined
      ? {
          member: 'jwk',
          message: 'is no public key that can be read: it needs kty, and n and e or crv, x and y',
        }
      : {
          member: 'pem',
          message:
            'cannot be read: it must begin with -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----',
        };
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = read;
  const curve = { ES256: 'prime256v1', ES384: 'secp384r1' }[alg as 'ES256'];
  const fits = curve === undefined ? type === 'rsa' : type === 'ec' && details?.namedCurve === curve;
  if (fits) return undefined;
  return {
    member: 'alg',
    message: `is ${alg}, which needs ${curve === undefined ? 'an RSA key' : `an EC key on ${curve}`}, and the key is ${type === 'ec' ? `on ${details?.namedCurve}` : type}`,
  };
}
