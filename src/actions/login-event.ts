/** The event of post-login as the login itself tells it (actions-api.md 12). */
import type { Session } from '../tenant/session.js';
import type { Transaction } from '../tenant/transaction.js';
import { profileOf, requestMembers } from './event-authorization.js';
import { eventClient, scopesIn } from './event-client.js';
import type { EventFacts } from './event-facts.js';
import { eventMethods } from './event-methods.js';
import { loginRequest } from './event-request.js';
import { eventRefreshToken, tokenCallProtocol } from './event-token-call.js';
import { eventConnection, eventUser } from './event-user.js';
import type { JsonObject } from './merged.js';

export function loginEvent(facts: EventFacts): JsonObject {
  const { transaction, session, roles } = facts;
  const { organization, exchanged } = transaction;
  const audience = transaction.oidc?.audience;
  return {
    authentication: { methods: eventMethods(facts) },
    ...(roles && { authorization: { roles } }),
    client: eventClient(facts),
    connection: eventConnection(transaction.user),
    ...(organization && { organization }),
    ...(exchanged && { refresh_token: eventRefreshToken(exchanged) }),
    request: loginRequest(facts),
    ...(audience !== undefined && { resource_server: { identifier: audience } }),
    ...(session && { session: eventSession(session, facts.participants) }),
    // where nobody counts it is the first
    stats: { logins_count: facts.loginsCount ?? 1 },
    tenant: { id: facts.tenantName },
    transaction: eventTransaction(transaction),
    user: eventUser(transaction),
    secrets: facts.secrets,
    configuration: {},
  };
}

/**
 * Auth0 knows no login over REST. Its tokens come of a login that was played, not of a password that was handed in, so it is shown as what
 * Actions are written for: the plain login of a browser. Of that protocol's parameters none is made up.
 */
function eventTransaction(transaction: Transaction): JsonObject {
  const { id, saml, oidc } = transaction;
  const loginHint = saml?.authnRequest?.subject?.nameId;
  if (oidc?.request)
    return { id, protocol: profileOf(oidc.request), ...requestMembers(oidc.request), metadata: {} };
  return {
    id,
    protocol: saml ? 'samlp' : (tokenCallProtocol(transaction) ?? 'oidc-basic-profile'),
    ...(oidc && { requested_scopes: scopesIn(oidc.scope) }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
    ...(saml?.authnRequest?.isPassive === true && { prompt: ['none'] }),
    metadata: {},
  };
}

function eventSession(session: Session, participants: readonly string[]): JsonObject {
  const { cookieMode, metadata, idleExpiresAt } = session.details ?? {};
  return {
    id: session.id,
    user_id: session.userId,
    created_at: session.createdAt,
    updated_at: session.lastSeenAt,
    authenticated_at: session.authenticatedAt,
    last_interacted_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    ...(idleExpiresAt !== undefined && { idle_expires_at: new Date(idleExpiresAt).toISOString() }),
    clients: participants.map((clientId) => ({ client_id: clientId })),
    // its cookie outlives the browser unless an Action wants otherwise
    cookie: { mode: cookieMode ?? 'persistent' },
    metadata: metadata ?? {},
  };
}
