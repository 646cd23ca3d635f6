/** Verifies a DPoP proof: that whoever sends this very request has the private key which it names (RFC 9449 4.3). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import { VERIFIABLE } from '../jwt/algorithms.js';
import { objectOf, parseCompact, type JsonObject } from '../jwt/compact.js';
import { thumbprintOf } from '../jwt/jwks.js';
import { quoted } from './description.js';
import { OAuthError } from './oauth-error.js';

/** Auth0 advertises no other. */
export const DPOP_ALGORITHMS: readonly string[] = ['ES256'];
/** What a proof may be signed with where the caller says so; each is among those of jwt/algorithms.ts. */
export const ALL_DPOP_ALGORITHMS: readonly string[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'];

const MOST_CHARACTERS = 8192;
const LONGEST_JTI = 255;
const MINIMUM_RSA_BITS = 2048;
/** How old a proof may be, and how far ahead of ours a clock. */
const OLDEST_IN_SECONDS = 300;
const AHEAD_IN_SECONDS = 30;

export interface DpopRules {
  /** Of the request, as HTTP spells it: `POST`. */
  readonly method: string;
  /** Of the request, as the client sees it: behind a proxy the public one. Query and fragment do not count. */
  readonly url: string;
  readonly now: Date;
  readonly algorithms?: readonly string[];
  /** The token that the request shows, at a resource. */
  readonly accessToken?: string;
  /** Those that count now, where one is demanded: the current one, and the one before. */
  readonly nonces?: readonly string[];
}

/** Kept by the caller until `expiresAt`, so that the proof serves once. */
export interface VerifiedProof {
  /** The RFC 7638 thumbprint of the key: `cnf.jkt` of what is issued. */
  readonly jkt: string;
  readonly jti: string;
  readonly expiresAt: Date;
}

const invalid = (detail: string): OAuthError =>
  new OAuthError('dpop_proof_invalid', `the DPoP proof is not accepted: ${detail}`);

const shown = (value: unknown): string =>
  value === undefined ? 'missing' : quoted(typeof value === 'string' ? value : JSON.stringify(value));

/** The members of a JWK that only its owner may know (RFC 7518 6.2.2, 6.3.2, 6.4.1). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/** The key in the header, fit for the algorithm of the header. */
function keyOf({ jwk }: JsonObject, alg: string): KeyObject {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk))
    throw invalid('its header has no jwk; put the public key there');
  const members = jwk as JsonObject;
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(members, name));
  if (secret !== undefined)
    throw invalid(
      `the jwk of its header holds the private member '${secret}': this key is no secret any more; make a new one, and send its public half`,
    );
  let key: KeyObject;
  try {
    key = createPublicKey({ key: members, format: 'jwk' });
  } catch {
    throw invalid('the jwk of its header is no public key');
  }
  const shape = VERIFIABLE.get(alg)!;
  if (members['kty'] !== shape.kty || (shape.crv !== undefined && members['crv'] !== shape.crv))
    throw invalid(`the jwk of its header is not a key for ${alg}`);
  if ((key.asymmetricKeyDetails?.modulusLength ?? MINIMUM_RSA_BITS) < MINIMUM_RSA_BITS)
    throw invalid(`the RSA key of its header has fewer than ${MINIMUM_RSA_BITS} bits`);
  return key;
}

/** A URI as RFC 9449 4.3 compares it: without query and fragment, spelt as a browser would. */
function comparable(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return undefined;
  const { origin, pathname, protocol, host } = new URL(uri);
  return `${origin === 'null' ? `${protocol}//${host}` : origin}${pathname}`;
}

/** Half of a day's work is to find out that `http` was sent for `https`, so both are shown. */
function checkRequest({ htm, htu }: JsonObject, { method, url }: DpopRules): void {
  if (htm !== method) throw invalid(`its htm is ${shown(htm)}, the method of the request ${quoted(method)}`);
  const named = comparable(htu);
  if (named === undefined || named !== comparable(url))
    throw invalid(`its htu is ${shown(htu)}, the URL of the request ${quoted(url.replace(/[?#].*$/s, ''))}`);
}

function checkAge({ iat }: JsonObject, now: number): number {
  if (typeof iat !== 'number') throw invalid(`its iat is ${shown(iat)}; send the seconds since 1970`);
  const age = now - iat;
  if (age > OLDEST_IN_SECONDS)
    throw invalid(
      `it was made ${Math.round(age)} s ago, at most ${OLDEST_IN_SECONDS} are allowed; make one for each request`,
    );
  if (-age > AHEAD_IN_SECONDS)
    throw invalid(`it is made ${Math.round(-age)} s from now: the clock of the client is ahead`);
  return iat;
}

/** What it is bound to: the access token that it comes with. */
function checkToken({ ath }: JsonObject, accessToken: string | undefined): void {
  if (accessToken === undefined) return;
  if (ath !== createHash('sha256').update(accessToken, 'ascii').digest('base64url'))
    throw invalid(
      `its ath is ${ath === undefined ? 'missing' : 'not that of the access token'}; it is the SHA-256 of the token in base64url`,
    );
}

/** Errors: `dpop_proof_invalid`, which says what is wrong with it, and `dpop_nonce_needed`, whose answer goes out with a nonce. */
export async function verifyDpopProof(proof: string, rules: DpopRules): Promise<VerifiedProof> {
  if (proof.length > MOST_CHARACTERS)
    throw invalid(`it has ${proof.length} characters, at most ${MOST_CHARACTERS} are read`);
  const parsed = parseCompact(proof);
  if (!('payload' in parsed)) throw invalid(parsed.detail);
  const { header, payload } = parsed;
  const { typ, alg, crit } = header;
  if (typeof typ !== 'string' || !/^(application\/)?dpop\+jwt$/i.test(typ))
    throw invalid(`its typ is ${shown(typ)}, and must be 'dpop+jwt'`);
  const algorithms = (rules.algorithms ?? DPOP_ALGORITHMS).filter((each) => VERIFIABLE.has(each));
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    throw invalid(`its alg is ${shown(alg)}; use ${algorithms.join(', ')}`);
  if (crit !== undefined) throw invalid('its header says crit, and no extension is understood');
  const key = keyOf(header, alg);
  try {
    await compactVerify(proof, key, { algorithms: [alg] });
  } catch {
    throw invalid('its signature does not verify with the jwk of its header');
  }

  const claims = objectOf(payload);
  if (!claims) throw invalid('its payload is not a JSON object');
  const { jti, nonce } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI)
    throw invalid(`its jti is ${shown(jti)}; give each proof a jti of its own`);
  checkRequest(claims, rules);
  const iat = checkAge(claims, rules.now.getTime() / 1000);
  checkToken(claims, rules.accessToken);
  if (rules.nonces && !rules.nonces.some((each) => each === nonce))
    throw new OAuthError(
      'dpop_nonce_needed',
      nonce === undefined
        ? 'Authorization server requires nonce in DPoP proof'
        : 'the nonce of the DPoP proof is not one that was given out lately; use that of the header DPoP-Nonce',
    );
  return { jkt: thumbprintOf(key), jti, expiresAt: new Date((iat + OLDEST_IN_SECONDS + 1) * 1000) };
}
