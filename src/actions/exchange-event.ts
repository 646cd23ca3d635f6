/** The event of credentials-exchange as the exchange itself tells it (actions-api.md 13): nobody logs in, so there is no user in it. */
import type { Transaction } from '../tenant/transaction.js';
import { eventClient, scopesIn } from './event-client.js';
import type { EventFacts } from './event-facts.js';
import { exchangeRequest } from './event-request.js';
import type { JsonObject } from './merged.js';

export function exchangeEvent(facts: EventFacts): JsonObject {
  const { oidc, accessToken, clientGrant, organization } = facts.transaction;
  const requested = scopesIn(oidc?.scope ?? '');
  const scope = clientGrant?.scope ?? requested;
  return {
    accessToken: { customClaims: accessToken.customClaims, scope },
    client: eventClient(facts),
    ...(organization && { organization }),
    request: exchangeRequest(facts, tokenRequest(facts.transaction)),
    resource_server: { identifier: oidc?.audience ?? '' },
    tenant: { id: facts.tenantName },
    transaction: { requested_scopes: requested, target_scopes: scope },
    secrets: facts.secrets,
    configuration: {},
  };
}

/** RFC 6749 4.4.2: what the call over REST stands for, without what it left out. No secret of a client is ever handed to Actions. */
function tokenRequest({ clientId, oidc }: Transaction): JsonObject {
  const said = (name: 'scope' | 'audience'): JsonObject =>
    oidc?.[name] === undefined || oidc.defaulted?.includes(name) ? {} : { [name]: oidc[name] };
  return { grant_type: 'client_credentials', client_id: clientId, ...said('audience'), ...said('scope') };
}
