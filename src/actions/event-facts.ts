/** What `event` is made of: plain data, of one moment of a transaction. */
import type { TriggerId } from '../tenant/action.js';
import type { Client } from '../tenant/client.js';
import type { Effects } from '../tenant/effects.js';
import type { Session } from '../tenant/session.js';
import type { RequestFacts, Transaction } from '../tenant/transaction.js';

export interface EventFacts {
  readonly trigger: TriggerId;
  readonly transaction: Transaction;
  /** `null` where it was deleted meanwhile. */
  readonly client: Client | null;
  /** `null` over REST. */
  readonly session: Session | null;
  /** Ids of the clients that take part in the session. */
  readonly participants: readonly string[];
  /** Names of the user's; absent where nobody looked. */
  readonly roles?: readonly string[];
  /** What the Actions before this one asked for. */
  readonly effects: Effects;
  /** `null` where nobody counts. */
  readonly loginsCount: number | null;
  readonly tenantName: string;
  /** Of the base URL, bare. */
  readonly hostname: string;
  /** The request that this handler runs for: that of the arrival, or the one that the browser came back by. */
  readonly request: RequestFacts;
  /** Of the Action that runs. */
  readonly secrets: Readonly<Record<string, string>>;
}
