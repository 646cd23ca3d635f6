/** How a new transaction is written, for whoever writes it together with what it issued. */
import type { Transaction } from '../tenant/transaction.js';
import type { Statement } from './statement.js';
import { requireStorableKey } from './storable-key.js';

const INSERT = `INSERT INTO transactions
  (id, revision, status, protocol, client_id, user_id, created_at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

/** Throws `invalid_body` for a user_id or client_id that no database can look up. */
export function insertTransaction(transaction: Transaction): Statement {
  const { id, revision, status, protocol, clientId, userId, createdAt } = transaction;
  if (clientId !== null) requireStorableKey(clientId, '/client_id');
  if (userId !== null) requireStorableKey(userId, '/user/user_id');
  const at = Date.parse(createdAt);
  return {
    sql: INSERT,
    values: [id, revision, status, protocol, clientId, userId, at, JSON.stringify(transaction)],
  };
}
