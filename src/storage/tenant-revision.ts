import type { Statement } from './statement.js';

/**
 * Counts a change of what the login path keeps parsed: settings and signing keys. It goes first in the list of
 * statements that make the change, since it also takes the lock under which such changes follow one another.
 */
export const COUNT_TENANT_CHANGE: Statement = {
  sql: 'UPDATE tenant SET revision = revision + 1 WHERE id = 1',
  values: [],
};
