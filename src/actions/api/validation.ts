/** `api.validation`: rejects the login with a code and a text of the author's own (actions-api.md 9). */
import { stringArgument } from './argument-errors.js';
import { boundedStringOf } from './arguments.js';
import { setter, type Member } from './member.js';

const LONGEST = 100;

const text = (name: string, value: unknown): string =>
  boundedStringOf(name, stringArgument(name, value), LONGEST);

export const VALIDATION: readonly Member[] = [
  setter('validation.error', ({ wishes }, [errorCode, errorMessage]) => {
    const code = text('errorCode', errorCode);
    const reason = text('errorMessage', errorMessage);
    wishes.denial = { by: 'validation.error', code, reason };
  }),
];
