/** How a wrong argument is refused: Auth0's short text, the name of the argument and the rule it breaks (actions-api.md 2). */
import type { z } from 'zod';
import { settingMessage } from '../../protocol/saml/settings.js';

/** Throws TypeError. */
export function stringArgument(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be string`);
  return value;
}

/** As `stringArgument`, for names of members that are kept as JSON and merged: one name would reach the prototype. Throws also Error. */
export function nameArgument(name: string, value: unknown): string {
  const given = stringArgument(name, value);
  if (given === '__proto__') throw new Error(`${name} must NOT be __proto__; choose another name`);
  return given;
}

/** What the schema makes of the value. Throws TypeError where the type is wrong, Error where another rule is broken. */
export function argumentOf<Value>(name: string, schema: z.ZodType<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const message = settingMessage(name, issues);
  throw issues.some(({ code }) => code === 'invalid_type') ? new TypeError(message) : new Error(message);
}
