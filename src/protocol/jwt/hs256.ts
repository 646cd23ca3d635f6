/**
 * JWTs that two parties sign with a secret they share (RFC 7518 3.2), as `api.redirect` makes and takes them. Beside verification.ts and
 * not in it: there a key is public, and a MAC over a public key proves nothing. Synchronous, since an Action awaits neither call.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { objectOf, parseCompact, type JsonObject } from './compact.js';

const segment = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const mac = (signingInput: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(signingInput).digest();

/** The compact JWT, its header `alg` and `typ`. The secret is taken as UTF-8. */
export function signHs256(claims: JsonObject, secret: string, typ = 'JWT'): string {
  const signingInput = `${segment({ alg: 'HS256', typ })}.${segment(claims)}`;
  return `${signingInput}.${mac(signingInput, secret).toString('base64url')}`;
}

/** The claims, or why there are none; the reason shows neither secret nor token. */
export type Hs256Reading = { readonly claims: JsonObject } | { readonly reason: string };

const quoted = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));

/** Why a header is not one of ours; `undefined` where it is. A `typ` is optional (RFC 7519 5.1), and jose writes none. */
function unfit({ alg, typ, crit }: JsonObject): string | undefined {
  if (alg !== 'HS256')
    return `its alg is ${quoted(alg)}, and only HS256 is accepted: sign it with the shared secret`;
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT'))
    return `Unexpected token payload type: its typ is ${quoted(typ)}, not JWT`;
  if (crit !== undefined) return 'its header says crit, and no extension is understood';
  return undefined;
}

/** Instead of what is told to those who look at access tokens. */
const NO_JWT =
  'send back the JWT that the redirect target made, whole, in the parameter that tokenParameterName names';

/** Verifies form, header and signature. What the claims say is left to the caller: expiry too. */
export function verifyHs256(jwt: string, secret: string): Hs256Reading {
  const parsed = parseCompact(jwt);
  if (!('payload' in parsed))
    return { reason: `${parsed.detail}; ${jwt.includes('.') ? parsed.hint : NO_JWT}` };
  const reason = unfit(parsed.header);
  if (reason !== undefined) return { reason };
  const expected = mac(jwt.slice(0, jwt.lastIndexOf('.')), secret);
  // Both are public lengths; timingSafeEqual wants them equal.
  if (parsed.signature.length !== expected.length || !timingSafeEqual(parsed.signature, expected))
    return {
      reason:
        'Failed signature validation: it was signed with another secret, or changed since; both sides must use the same text as secret, not decoded from base64',
    };
  const claims = objectOf(parsed.payload);
  return claims ? { claims } : { reason: 'its payload is not a JSON object' };
}
