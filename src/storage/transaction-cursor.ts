import { TenantError } from '../tenant/tenant-error.js';
import { isStorableKey } from './storable-key.js';

/** The last one of a page, of transactions or of what else is listed by age; the next page begins with the first one older than it. */
export interface TransactionCursor {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly id: string;
}

export const encodeCursor = ({ createdAt, id }: TransactionCursor): string =>
  Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');

/** Throws `cursor_invalid` for anything that `encodeCursor` cannot have made. */
export function decodeCursor(cursor: string): TransactionCursor {
  try {
    const [createdAt, id, ...rest] = JSON.parse(
      Buffer.from(cursor, 'base64url').toString('utf8'),
    ) as unknown[];
    if (Number.isSafeInteger(createdAt) && typeof id === 'string' && isStorableKey(id) && rest.length === 0)
      return { createdAt: createdAt as number, id };
  } catch {
    // Neither base64url nor JSON nor a list: told below.
  }
  throw new TenantError(
    'cursor_invalid',
    'the cursor must be the `next` of an earlier page, unchanged: leave it out to begin with the newest',
  );
}
