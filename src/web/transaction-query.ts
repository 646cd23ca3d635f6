/** Which transactions are asked for: the query of every list of them. */
import { z } from 'zod';
import type { TransactionFilters } from '../storage/transaction-store.js';
import { PROTOCOLS } from '../tenant/transaction.js';

export const transactionQuerySchema = z.strictObject({
  client_id: z.string().optional(),
  user_id: z.string().optional(),
  status: z.enum(['pending', 'suspended', 'completed', 'denied', 'failed']).optional(),
  protocol: z.enum(PROTOCOLS).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(512).optional(),
});
export type TransactionQuery = z.infer<typeof transactionQuerySchema>;

export const listingOf = ({
  client_id: clientId,
  user_id: userId,
  status,
  protocol,
  limit,
  cursor,
}: TransactionQuery): { filters: TransactionFilters; limit: number; cursor: string | undefined } => ({
  filters: { clientId, userId, status, protocol },
  limit,
  cursor,
});
