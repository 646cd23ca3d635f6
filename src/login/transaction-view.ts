/** A transaction as `/api/transactions` shows it. No secret, no private key, and not the cause of a failure. */
import type { Transaction } from '../tenant/transaction.js';
import { concealedEvent } from './concealed-event.js';
import { SECRET } from '../tenant/secret.js';
import { restLayer } from './transaction-settings.js';

/** Where the user is to go before the login goes on; whoever has the address can go on with it. */
const redirectOf = ({ status, actions }: Transaction): Record<string, unknown> =>
  status === 'suspended' && actions?.continuation
    ? { redirect: { url: actions.continuation.url, expires_at: actions.continuation.expiresAt } }
    : {};

export function transactionView(transaction: Transaction): Record<string, unknown> {
  const { settings, attributes } = restLayer(transaction);
  const { saml, oidc, accessToken } = transaction;
  return {
    id: transaction.id,
    status: transaction.status,
    protocol: transaction.protocol,
    client_id: transaction.clientId,
    user_id: transaction.userId,
    created_at: transaction.createdAt,
    finished_at: transaction.finishedAt,
    now: transaction.now,
    seed: transaction.seed,
    ...(saml && {
      saml: {
        acsUrl: saml.acsUrl,
        RelayState: saml.RelayState,
        SAMLRequest: saml.SAMLRequest,
        request_id: saml.authnRequest?.id,
        issuer: saml.authnRequest?.issuer,
      },
      samlResponse: {
        ...settings,
        ...(settings.key !== undefined && { key: SECRET }),
        ...(attributes.length > 0 && {
          attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
        }),
      },
    }),
    ...(oidc && { oidc, idToken: transaction.idToken, accessToken }),
    event: transaction.event ? concealedEvent(transaction.event) : undefined,
    warnings: transaction.warnings,
    ...redirectOf(transaction),
    reason: transaction.reason,
    ...transaction.oauthError,
    result: transaction.result,
  };
}
