/** `api.access`: denies. Neither member checks anything; the last word counts, and the handler goes on (actions-api.md 1.2, 4, 13). */
import { shownPlain } from '../plain-value.js';
import { setter, type Member } from './member.js';

/** Whatever was passed, as a text; `otherwise` where nothing was. */
function textOf(value: unknown, otherwise: string): string {
  if (value === undefined || value === null) return otherwise;
  const shown = shownPlain(value);
  return typeof shown === 'string' ? shown : JSON.stringify(shown);
}

const WITHOUT_REASON = 'Denied by an Action, which gave no reason.';

export const ACCESS: readonly Member[] = [
  // One argument: a code before the reason, as at credentials-exchange, is taken for the reason.
  setter('access.deny', ({ wishes }, [reason]) => {
    wishes.denial = { by: 'access.deny', code: 'access_denied', reason: textOf(reason, WITHOUT_REASON) };
  }),
];

/** A text alone that is none of them is a reason, as a login has it. */
const CODES = new Set<unknown>(['invalid_scope', 'invalid_request', 'server_error']);

export const ACCESS_OF_EXCHANGE: readonly Member[] = [
  setter('access.deny', ({ wishes }, [code, reason]) => {
    wishes.denial = {
      by: 'access.deny',
      code: textOf(code, 'server_error'),
      reason: textOf(reason, CODES.has(code) ? WITHOUT_REASON : textOf(code, WITHOUT_REASON)),
    };
  }),
];
