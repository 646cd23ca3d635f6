/** The claims of a JWT against what the verifier expects (RFC 7519 4.1, OIDC Core 3.1.3.7), one row a step. */
import type { VerificationStep } from '../verification.js';
import type { JsonObject } from './compact.js';

export interface Expectations {
  readonly now: Date;
  /** `client_id` for an ID token, the API's identifier for an access token. */
  readonly audience?: string;
  readonly issuer?: string;
  readonly nonce?: string;
  /** How far the two clocks may differ; 0 unless set. */
  readonly clockToleranceInSeconds?: number;
}
type Outcome = Omit<VerificationStep, 'name'>;
type Check = (claims: JsonObject, expected: Expectations) => Outcome;

const pass = (detail: string): Outcome => ({ status: 'pass', detail });
const skipped = (detail: string): Outcome => ({ status: 'skipped', detail });
const fail = (detail: string, hint: string): Outcome => ({ status: 'fail', detail, hint });

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));

/** An instant in words; NumericDates can lie beyond what a Date holds. */
function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s since 1970` : date.toISOString();
}

const CLOCK = 'set `now` of the transaction (or of this check) or mend the clock of the machine';

/** A check of one NumericDate against the clock. `late` is by how many seconds it fails, where it is positive. */
const dated =
  (
    name: string,
    words: { readonly held: string; readonly broken: string; readonly hint: string },
    keeps: (seconds: number, now: number, tolerance: number) => boolean,
  ): Check =>
  (claims, { now, clockToleranceInSeconds = 0 }) => {
    const value = claims[name];
    if (value === undefined) return skipped(`the token has no ${name}`);
    if (typeof value !== 'number')
      return fail(
        `${name} is ${shown(value)}, not a number`,
        `${name} is a NumericDate: seconds since 1970, without quotes`,
      );
    const clock = now.getTime() / 1000;
    const against = `${name} ${instant(value)}, clock ${instant(clock)}`;
    if (keeps(value, clock, clockToleranceInSeconds)) return pass(`${words.held}: ${against}`);
    return fail(`${words.broken} by ${Math.abs(clock - value)} s: ${against}`, words.hint);
  };

const issuer: Check = ({ iss }, { issuer: expected }) => {
  if (expected === undefined) return skipped('no issuer was expected');
  if (iss === expected) return pass(`iss is ${shown(iss)}`);
  const slash = typeof iss === 'string' && iss.replace(/\/$/, '') === expected.replace(/\/$/, '');
  return fail(
    `iss is ${shown(iss)}, expected ${shown(expected)}`,
    slash
      ? 'they differ in the trailing slash alone, but are compared byte for byte: configure the issuer with its slash'
      : 'another tenant issued it, or BASE_URL differs from the address the verifier knows',
  );
};

const audience: Check = ({ aud }, { audience: expected }) => {
  if (expected === undefined) return skipped(`no audience was expected; aud is ${shown(aud)}`);
  const addressed: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (addressed.includes(expected)) return pass(`aud ${shown(aud)} names ${shown(expected)}`);
  return fail(
    `aud is ${shown(aud)}, expected ${shown(expected)}`,
    'an access token takes its aud from `oidc.audience` of the transaction (else the tenant’s default_audience), an ID token from `client_id`: set that, or send the token to whom it is for',
  );
};

const nonce: Check = ({ nonce: sent }, { nonce: expected }) => {
  if (expected === undefined) return skipped(`no nonce was expected; it is ${shown(sent)}`);
  if (sent === expected) return pass(`nonce is ${shown(sent)}`);
  return fail(
    `nonce is ${shown(sent)}, expected ${shown(expected)}`,
    'it echoes `oidc.nonce` of the transaction: the token answers another request, or that one had no nonce',
  );
};

/** In the order in which they are looked at. */
const CHECKS: Readonly<Record<string, Check>> = {
  issuer,
  audience,
  issued_at: dated(
    'iat',
    {
      held: 'issued in the past',
      broken: 'issued in the future',
      hint: `the issuer’s clock is ahead: ${CLOCK}, or allow a tolerance`,
    },
    (iat, now, tolerance) => iat <= now + tolerance,
  ),
  not_before: dated(
    'nbf',
    { held: 'already valid', broken: 'not valid yet', hint: `it begins later: ${CLOCK}, or wait` },
    (nbf, now, tolerance) => nbf <= now + tolerance,
  ),
  expiry: dated(
    'exp',
    {
      held: 'not expired',
      broken: 'expired',
      hint: `it lived for \`jwt_configuration.lifetime_in_seconds\` of the client (ID token) or \`access_token_lifetime_in_seconds\` of the tenant: get a new one, or ${CLOCK}`,
    },
    (exp, now, tolerance) => now - tolerance < exp,
  ),
  nonce,
};

export const CLAIM_STEPS = Object.keys(CHECKS);

export const checkClaims = (claims: JsonObject, expected: Expectations): VerificationStep[] =>
  Object.entries(CHECKS).map(([name, check]) => Object.assign({ name }, check(claims, expected)));
