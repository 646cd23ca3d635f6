/** What a LogoutResponse says (saml-output.md 14, 15; SAML Core 3.2.2.2, 3.7.3.2). */
import { STATUS } from '../protocol/saml/names.js';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import type { SamlStatus } from '../protocol/saml/response.js';
import type { Logout, LogoutStep } from '../tenant/logout.js';

const DENIED = { code: STATUS.requester, subCode: STATUS.requestDenied };
const UNVERIFIED: SamlStatus = {
  ...DENIED,
  message: 'The signature of the request could not be verified.',
};
const REFUSALS: Readonly<Record<string, SamlStatus>> = {
  saml_request_unsigned: { ...DENIED, message: 'The request must be signed.' },
  saml_request_signature: UNVERIFIED,
  saml_sigalg_missing: UNVERIFIED,
  saml_sigalg_unsupported: UNVERIFIED,
  saml_logout_invalid: { code: STATUS.requester, message: 'The request is not valid.' },
  logout_disabled: { ...DENIED, message: 'Single logout is disabled for this service provider.' },
};
/** The SP reads no more than it needs; the logout's timeline has the cause. */
const RESPONDER: SamlStatus = {
  code: STATUS.responder,
  message: 'The logout could not be carried out.',
};

/** For a LogoutRequest that was refused. */
export function statusOfRefusal({ code }: MintmarkError, version: string): SamlStatus {
  if (code !== 'saml_request_version') return REFUSALS[code] ?? RESPONDER;
  const isTooLow = Number.parseInt(version, 10) < 2;
  return {
    code: STATUS.versionMismatch,
    subCode: isTooLow ? STATUS.requestVersionTooLow : STATUS.requestVersionTooHigh,
    message: 'Only SAML 2.0 is spoken here.',
  };
}

/** Those that were not logged out, for whatever reason. */
export const stillLoggedIn = ({ steps }: Logout): LogoutStep[] =>
  steps.filter(({ state }) => state !== 'logged_out');

/**
 * For a logout at its end. The requester itself is logged out, so the top level is Success; PartialLogout stands below it, where the
 * standard has it. A participant that cannot be asked counts as one that did not answer.
 */
export const statusOfEnd = (logout: Logout): SamlStatus =>
  stillLoggedIn(logout).length === 0
    ? { code: STATUS.success }
    : {
        code: STATUS.success,
        subCode: STATUS.partialLogout,
        message: 'Not every service provider confirmed the logout.',
      };

/** Why an SP's answer does not mean that it logged the user out; `null` where it does. PartialLogout on top is samlp's old mistake. */
export function whyNotLoggedOut({ code, subCode, message }: SamlStatus): string | null {
  if (code === STATUS.success && subCode !== STATUS.partialLogout) return null;
  const said = [code, subCode]
    .filter((part) => part !== undefined)
    .map((part) => part.split(':').at(-1))
    .join(', ');
  return `it answered ${said}${message === undefined ? '' : `: ${message.slice(0, 500)}`}`;
}
