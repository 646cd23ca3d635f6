/** The ID token by which a relying party says whom it means (OIDC Core 3.1.2.1), or which session (RP-Initiated Logout 1.0 2). */
import { decodeJwt } from '../protocol/jwt/compact.js';
import type { Jwks } from '../protocol/jwt/jwks.js';
import { verifyJwt } from '../protocol/jwt/verification.js';

/** What of it counts. */
export interface IdTokenHint {
  readonly subject: string;
  readonly audience: readonly string[];
  /** The client it was issued to; whether there is one is for the caller to find out. */
  readonly issuedTo: string;
  readonly sid: string | undefined;
}

/** A hint may come long after the login, and a transaction may have had a clock of its own: when the token was valid does not matter. */
const OF_NO_CONCERN: ReadonlySet<string> = new Set(['issued_at', 'not_before', 'expiry']);

const NO_ID_TOKEN = 'it is a token of ours, but no ID token: send what came as id_token';

/** Reads an ID token of ours, be it expired or not; else says what is wrong, without a stop. */
export async function readIdTokenHint(
  jwt: string,
  { keys, issuer, now }: { readonly keys: Jwks; readonly issuer: string; readonly now: Date },
): Promise<IdTokenHint | { readonly flaw: string }> {
  const { steps } = await verifyJwt(jwt, { keys, issuer, now });
  const failed = steps.find(({ name, status }) => status === 'fail' && !OF_NO_CONCERN.has(name));
  if (failed) return { flaw: `${failed.detail}${failed.hint === undefined ? '' : `; ${failed.hint}`}` };
  const { header, payload } = decodeJwt(jwt);
  const { sub, aud, azp, sid, events, scope } = payload ?? {};
  const audience = [aud].flat().filter((each) => typeof each === 'string');
  const [first] = audience;
  // logout tokens have events, access tokens of Auth0's dialect a scope, which no ID token can have
  if (header?.['typ'] !== 'JWT' || events !== undefined || scope !== undefined) return { flaw: NO_ID_TOKEN };
  if (first === undefined || typeof sub !== 'string') return { flaw: NO_ID_TOKEN };
  return {
    subject: sub,
    audience,
    issuedTo: typeof azp === 'string' && audience.includes(azp) ? azp : first,
    sid: typeof sid === 'string' ? sid : undefined,
  };
}
