import type { Transaction } from '../tenant/transaction.js';

type Given = 'id' | 'protocol' | 'clientId' | 'createdAt' | 'samlLayers' | 'timeline';

/**
 * A pending transaction that nothing has happened to yet, but for what is given. What every login comes to have is there from the start, if
 * only as `undefined`: see docs/decisions/spreads.md.
 */
export const newTransaction = (
  given: Pick<Transaction, Given> & Partial<Omit<Transaction, Given>>,
): Transaction => ({
  revision: 1,
  status: 'pending',
  userId: null,
  finishedAt: null,
  now: null,
  seed: null,
  authenticatedAt: null,
  user: null,
  tokenClient: { alg: 'RS256', idTokenLifetimeInSeconds: 36_000 },
  idToken: { customClaims: {} },
  accessToken: { customClaims: {}, scopes: {} },
  event: null,
  warnings: [],
  reason: null,
  failure: null,
  result: null,
  assertionXml: null,
  signedWith: null,
  droppedClaims: [],
  subject: undefined,
  actions: undefined,
  ...given,
});
