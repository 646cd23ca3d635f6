/** `api.authentication`: how the user proves who they are, and who they then are (actions-api.md 5). */
import type { Effects } from '../../tenant/effects.js';
import { booleanOf, optionsOf, shown } from './arguments.js';
import { factorOf, factorsOf, type FactorCommand } from './factors.js';
import { setter, type ApiRun, type Member } from './member.js';

const LONGEST_USER_ID = 128;
const MOST_MFA_COMMANDS = 4;

const isWebAddress = (value: unknown): value is string =>
  typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/**
 * Remembers a login method of the author's own, for `event.authentication.methods` of later logins in the browser session.
 * Auth0 documents it for onContinuePostLogin alone, and does not refuse it elsewhere; neither does this: it is remembered all the same.
 */
function recordMethod({ draft, now }: ApiRun, [url]: readonly unknown[]): void {
  if (!isWebAddress(url))
    throw new Error(
      `provider_url must be an http: or https: URL that names the method, such as https://mfa.example.test/otp, not ${shown(url)}`,
    );
  draft.methods.push({ name: url, url, timestamp: new Date(now).toISOString() });
}

function setPrimaryUser({ draft }: ApiRun, [id]: readonly unknown[]): void {
  if (draft.primaryUserId !== null)
    throw new Error('The primary user can only be altered once per transaction');
  if (typeof id !== 'string' || id === '')
    throw new Error('The provided primary_user_id must be a non-empty string');
  if (id.length > LONGEST_USER_ID)
    throw new Error('The provided primary_user_id exceeds the maximum length.');
  draft.primaryUserId = id;
}

/** Counts over all Actions of a flow, those after a redirect too. */
function assertRoomForCommand({ mfaCommands }: Effects): void {
  if (mfaCommands >= MOST_MFA_COMMANDS)
    throw new Error(
      `Only ${MOST_MFA_COMMANDS} challengeWith, challengeWithAny, enrollWith and enrollWithAny commands are allowed in one login; Auth0 fails the login at the next one`,
    );
}

/** `challengeWith`, `enrollWith`: one factor first, others on request. */
const withOne = (kind: FactorCommand, member: string): Member =>
  setter(member, ({ draft, wishes }, [given, more]) => {
    const factor = factorOf(kind, 'factor', given);
    // Auth0's older pages put otpFallback here, and Actions that were written after them still run.
    const known = kind === 'challenge' ? ['additionalFactors', 'otpFallback'] : ['additionalFactors'];
    const options = optionsOf('options', more, known);
    const additionalFactors =
      options['additionalFactors'] === undefined
        ? []
        : factorsOf(kind, 'options.additionalFactors', options['additionalFactors']);
    const otpFallback =
      options['otpFallback'] === undefined
        ? {}
        : { otpFallback: booleanOf('options.otpFallback', options['otpFallback']) };
    assertRoomForCommand(draft);
    draft.mfaCommands += 1;
    wishes.interactions.push({ kind, member, detail: { factor, additionalFactors, ...otpFallback } });
  });

/** `challengeWithAny`, `enrollWithAny`: the user picks. */
const withAny = (kind: FactorCommand, member: string): Member =>
  setter(member, ({ draft, wishes }, [given]) => {
    const factors = factorsOf(kind, 'factors', given);
    if (factors.length === 0) throw new Error('factors must NOT have fewer than 1 items');
    assertRoomForCommand(draft);
    draft.mfaCommands += 1;
    wishes.interactions.push({ kind, member, detail: { factors } });
  });

export const AUTHENTICATION: readonly Member[] = [
  setter('authentication.recordMethod', recordMethod),
  setter('authentication.setPrimaryUser', setPrimaryUser),
  withOne('challenge', 'authentication.challengeWith'),
  withAny('challenge', 'authentication.challengeWithAny'),
  withOne('enroll', 'authentication.enrollWith'),
  withAny('enroll', 'authentication.enrollWithAny'),
];
