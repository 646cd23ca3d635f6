/** One scope, as `addScope` and the target scopes take it (actions-api.md 2, 4, 13). */
import { boundedStringOf } from './arguments.js';
import { stringArgument } from './argument-errors.js';

const LONGEST = 280;

/** Trimmed. Throws TypeError, Error. */
export function scopeArgument(value: unknown): string {
  const scope = stringArgument('scope', value).trim();
  if (scope === '') throw new Error('scope must NOT be empty');
  if (/\s/u.test(scope))
    throw new Error('scope must NOT have whitespace in it; add several scopes by several calls');
  return boundedStringOf('scope', scope, LONGEST);
}

/** What `sets` tells of a scope that `scopeArgument` takes. */
export const scopeSource = (value: unknown): string | null =>
  typeof value === 'string' ? `scopes.${value.trim()}` : null;
