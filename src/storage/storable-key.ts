import { TenantError } from '../tenant/tenant-error.js';

/**
 * Whether a text can be a key on both databases: PostgreSQL's text holds no U+0000, and no database half of a
 * surrogate pair, which would be replaced and so meet other keys. JSON documents escape both and need no such care.
 */
export const isStorableKey = (text: string): boolean =>
  !text.includes('\u0000') && !/\p{Surrogate}/u.test(text);

/** Throws `invalid_body` naming the field at `pointer`. */
export function requireStorableKey(text: string, pointer: string): void {
  if (isStorableKey(text)) return;
  const detail = 'must hold neither U+0000 nor half of a surrogate pair: no database can look it up';
  throw new TenantError('invalid_body', `${pointer.slice(1)} ${detail}`, { errors: [{ pointer, detail }] });
}
