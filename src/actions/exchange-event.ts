/** The event of credentials-exchange as the exchange itself tells it (actions-api.md 13): nobody logs in, so there is no user in it. */
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
    request: exchangeRequest(facts),
    resource_server: { identifier: oidc?.audience ?? '' },
    tenant: { id: facts.tenantName },
    transaction: { requested_scopes: requested, target_scopes: scope },
    secrets: facts.secrets,
    configuration: {},
  };
}
