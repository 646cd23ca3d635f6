/** A value as the author of an Action would write it. */
import { SECRET } from '../../tenant/secret.js';

/** What stands for something that JSON cannot say is no text: `shownPlain` has put it there. */
const STANDS_FOR_ITSELF = /^(?:undefined|NaN|-?Infinity|\[function .*\])$/s;
const NAME = /^[A-Za-z_$][\w$]*$/;

export function literal(value: unknown): string {
  if (typeof value === 'string')
    return value === SECRET || STANDS_FOR_ITSELF.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${NAME.test(name) ? name : JSON.stringify(name)}: ${literal(member)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
