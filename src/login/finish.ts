/** How a transaction ends. Whatever the end, private keys that were brought along do not stay in what is kept. */
import type { Layers } from '../protocol/saml/layers.js';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { SECRET } from '../tenant/secret.js';
import type {
  ActionsPart,
  Continuation,
  SamlRequestPart,
  TimelineEvent,
  Transaction,
  TransactionStatus,
} from '../tenant/transaction.js';

type Ending = Partial<
  Pick<
    Transaction,
    | 'reason'
    | 'failure'
    | 'oauthError'
    | 'result'
    | 'assertionXml'
    | 'subject'
    | 'signedWith'
    | 'droppedClaims'
    | 'warnings'
  >
>;

/** `events` come before the one that names the end, all at `clock`, the transaction's; `at` is the server's. */
export function finish(
  transaction: Transaction,
  status: Extract<TransactionStatus, 'completed' | 'denied' | 'failed'>,
  ending: Ending,
  events: readonly Omit<TimelineEvent, 'at'>[],
  times: { readonly clock: Date; readonly at: Date },
): Transaction {
  const at = times.clock.toISOString();
  const last = {
    name: `transaction.${status}`,
    ...(ending.reason ? { detail: { reason: ending.reason } } : {}),
  };
  return {
    ...transaction,
    ...ending,
    status,
    revision: transaction.revision + 1,
    finishedAt: times.at.toISOString(),
    samlLayers: withoutSecrets(transaction.samlLayers),
    ...(transaction.actions && { actions: ended(transaction.actions) }),
    ...(transaction.saml && status === 'completed' && { saml: withoutQuery(transaction.saml) }),
    timeline: [...transaction.timeline, ...[...events, last].map((event) => ({ at, ...event }))],
  };
}

/** What Actions asked for has been applied, or is moot; who set what stays, and by what a browser that is away comes back. */
const ended = (actions: ActionsPart): ActionsPart => ({
  ...actions,
  state: 'ended',
  runningUntil: null,
  resumed: false,
  effects: null,
  continuation: actions.continuation && withoutReceived(actions.continuation),
});
const withoutReceived = (continuation: Continuation): Continuation => {
  const { received: _, ...kept } = continuation;
  return kept;
};

/** The clock of a transaction: its own where it was given one. */
export const clockOf = ({ now }: Transaction, at: Date): Date => (now === null ? at : new Date(now));

/** Its octets were kept to be verified, and so they were; message and RelayState stand beside it. */
const withoutQuery = (saml: SamlRequestPart): SamlRequestPart => {
  const { query: _, ...kept } = saml;
  return kept;
};

const withoutSecrets = (layers: Layers): Layers =>
  Object.fromEntries(
    Object.entries(layers).map(([name, layer]) => [
      name,
      layer.settings.key === undefined ? layer : { ...layer, settings: { ...layer.settings, key: SECRET } },
    ]),
  );

/** What the debug view shows of an error that ended a transaction. */
export function failureOf(error: MintmarkError): NonNullable<Transaction['failure']> {
  return {
    code: error.code,
    detail: error.description,
    ...(error.cause instanceof Error && { cause: error.cause.message }),
    ...(error.errors.length > 0 && { errors: error.errors }),
  };
}
