import type { SqlValue } from './statement.js';
import { isStorableKey } from './storable-key.js';

/** Which grants: those that have all that is named; at least one is. */
export interface GrantSelection {
  readonly grantId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
}

const COLUMNS = {
  grantId: 'id',
  sessionId: 'session_id',
  userId: 'user_id',
  clientId: 'client_id',
} as const satisfies Record<keyof GrantSelection, string>;

/** What follows WHERE; `null` where no grant can be meant, since no database holds such a key. */
export function grantCondition(
  selection: GrantSelection,
): { readonly sql: string; readonly values: readonly SqlValue[] } | null {
  const named = Object.entries(selection).filter(
    (entry): entry is [keyof GrantSelection, string] => entry[1] !== undefined,
  );
  if (named.length === 0)
    throw new TypeError('a selection of grants names nothing, and would mean all of them');
  if (!named.every(([, value]) => isStorableKey(value))) return null;
  return {
    sql: named.map(([name]) => `grants.${COLUMNS[name]} = ?`).join(' AND '),
    values: named.map(([, value]) => value),
  };
}
