/**
 * Verifies a JWT and writes down each step (RFC 7519 7.2, RFC 8725). The first step that fails is the cause:
 * nothing of the payload is looked into before its signature.
 */
import { compactVerify, errors } from 'jose';
import type { Verification, VerificationStep } from '../verification.js';
import { VERIFIABLE } from './algorithms.js';
import { CLAIM_STEPS, checkClaims, type Expectations } from './claim-checks.js';
import { objectOf, parseCompact, type Flaw, type JsonObject } from './compact.js';
import { thumbprintOf } from './jwks.js';
import { findKey, type TrustedKey, type TrustedKeys } from './verification-key.js';

export interface JwtVerificationOptions extends Expectations {
  readonly keys: TrustedKeys;
}

/** Every step, in order; a transcript always has them all. */
const STEPS = ['parse', 'header', 'key', 'signature_value', 'claims', ...CLAIM_STEPS] as const;

const failed = (name: string, flaw: Flaw, data?: JsonObject): VerificationStep => ({
  name,
  status: 'fail',
  ...flaw,
  ...(data && { data }),
});

const MAC = /^HS\d/i;

/** What bars the header (RFC 7515 4.1.11, RFC 8725 3.1). */
function headerFlaw({ alg, crit, kid }: JsonObject): Flaw | undefined {
  const detail = `alg is ${JSON.stringify(alg) ?? 'absent'}`;
  if (typeof alg === 'string' && alg.toLowerCase() === 'none')
    return {
      detail,
      hint: 'a token without a signature can be written by anyone: a verifier that takes it is broken; set the client’s jwt_configuration.alg to RS256, PS256, ES256 or EdDSA',
    };
  if (typeof alg === 'string' && MAC.test(alg))
    return {
      detail,
      hint: 'a MAC needs a shared secret, and with a public key as that secret anyone could make the token: never choose the method by the header; set the client’s jwt_configuration.alg to RS256, PS256, ES256 or EdDSA',
    };
  if (typeof alg !== 'string' || !VERIFIABLE.has(alg))
    return { detail, hint: `the signature algorithms of JWTs are ${[...VERIFIABLE.keys()].join(', ')}` };
  if (crit !== undefined)
    return {
      detail: `crit is ${JSON.stringify(crit)}`,
      hint: 'it lists extensions that a verifier must understand, and none is understood here: leave crit out',
    };
  if (kid !== undefined && typeof kid !== 'string')
    return { detail: `kid is ${JSON.stringify(kid)}`, hint: 'kid is a string (RFC 7515 4.1.4)' };
  return undefined;
}

/** The key that verifies; else why none does. jose's word counts, whatever it stumbles over. */
async function signedBy(
  jwt: string,
  alg: string,
  candidates: readonly TrustedKey[],
): Promise<{ readonly signer: TrustedKey } | { readonly refusal: string }> {
  let refusal = 'does not verify over header and payload';
  for (const signer of candidates) {
    try {
      await compactVerify(jwt, signer.publicKey, { algorithms: [alg] });
      return { signer };
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed))
        refusal = `cannot be verified: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return { refusal };
}

/** DER begins with a SEQUENCE; RFC 7518 3.4 wants R and S side by side. */
const looksLikeDer = (alg: string, signature: Buffer): boolean =>
  alg.startsWith('ES') && signature[0] === 0x30 && signature.length % 32 !== 0;

const describe = ({ kid, publicKey, certificateSha256 }: TrustedKey): JsonObject => ({
  ...(kid !== undefined && { kid }),
  type: publicKey.asymmetricKeyType,
  thumbprint: thumbprintOf(publicKey),
  ...(certificateSha256 !== undefined && { certificateSha256 }),
});

/** The steps up to the signature; they stop at the first that fails. */
async function verifySignature(
  jwt: string,
  keys: TrustedKeys,
): Promise<{ steps: VerificationStep[]; payload?: Buffer }> {
  const parsed = parseCompact(jwt);
  if ('hint' in parsed) return { steps: [failed('parse', parsed)] };
  const { header, payload, signature } = parsed;
  const steps: VerificationStep[] = [
    {
      name: 'parse',
      status: 'pass',
      detail: 'three parts of base64url, the first a JSON object',
      data: { payloadBytes: payload.length, signatureBytes: signature.length },
    },
  ];
  const barred = headerFlaw(header);
  if (barred) return { steps: [...steps, failed('header', barred, { header })], payload };
  const alg = String(header['alg']);
  steps.push({ name: 'header', status: 'pass', detail: `alg is ${alg}`, data: { header } });

  const found = findKey(keys, header['kid'], alg, VERIFIABLE.get(alg)!);
  if ('detail' in found) return { steps: [...steps, failed('key', found)], payload };
  const { candidates } = found;
  steps.push({
    name: 'key',
    status: 'pass',
    detail:
      candidates.length === 1
        ? 'the key is trusted and fits the algorithm'
        : `the header names no kid; ${candidates.length} trusted keys fit`,
    data: { candidates: candidates.map(describe) },
  });

  const signed = await signedBy(jwt, alg, candidates);
  if ('signer' in signed)
    steps.push({
      name: 'signature_value',
      status: 'pass',
      detail: `${alg} verifies over header and payload`,
      data: describe(signed.signer),
    });
  else
    steps.push(
      failed('signature_value', {
        detail: `${alg} ${signed.refusal} (${signature.length} bytes of signature)`,
        hint: looksLikeDer(alg, signature)
          ? 'the signature is in DER; a JWS carries the raw R and S (dsaEncoding ieee-p1363)'
          : 'the token was changed after it was signed, or another key signed it under this kid: compare the key’s thumbprint with that of the issuer',
      }),
    );
  return { steps, payload };
}

function readClaims(payload: Buffer, expected: Expectations): VerificationStep[] {
  const claims = objectOf(payload);
  if (!claims)
    return [
      failed('claims', {
        detail: 'the payload is not a JSON object',
        hint: 'a JWT carries claims (RFC 7519 7.2); this is some other signed content',
      }),
    ];
  return [
    { name: 'claims', status: 'pass', detail: 'the payload is a JSON object', data: { claims } },
    ...checkClaims(claims, expected),
  ];
}

/** The transcript of a JWT from anyone. Never throws, however mangled the token, the keys or the claims are. */
export async function verifyJwt(jwt: string, options: JwtVerificationOptions): Promise<Verification> {
  const { steps, payload } = await verifySignature(jwt, options.keys);
  const taken = new Map(steps.map((step) => [step.name, step]));
  if (payload) for (const step of readClaims(payload, options)) taken.set(step.name, step);
  const all = STEPS.map(
    (name): VerificationStep =>
      taken.get(name) ?? { name, status: 'skipped', detail: 'not reached: an earlier step failed' },
  );
  const signed = taken.get('signature_value')?.status === 'pass';
  return { valid: signed && all.every(({ status }) => status !== 'fail'), steps: all };
}
