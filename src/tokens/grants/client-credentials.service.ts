import { Injectable } from '@nestjs/common';
import { clientScopes, mintClientToken, withClientToken } from '../../login/authorization-response.js';
import { Clock } from '../../login/ports.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import { beyond } from '../../protocol/oauth/scopes.js';
import { ClientGrantStore } from '../../storage/client-grant-store.js';
import { OrganizationStore } from '../../storage/organization-store.js';
import { grantedScopes, type ClientGrant } from '../../tenant/client-grant.js';
import type { Organization } from '../../tenant/organization.js';
import type { ResourceServer } from '../../tenant/resource-server.js';
import { keptAccessToken, randomText } from '../issue-tokens.js';
import { formFor, TargetsService, type Target } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { askedAudience, askedScopes } from '../token-request.js';
import { requireProof } from '../proof-of-possession.js';
import { runActions } from './actions.js';
import type { GrantRow } from './grant.js';

/** What the client may have of the target; `scopes` is `undefined` where nothing limits them. */
interface Allowance {
  readonly scopes: readonly string[] | undefined;
  readonly grant: ClientGrant | null;
}

/** RFC 6749 4.4: a client asks for itself. */
@Injectable()
export class ClientCredentialsGrant implements GrantRow {
  readonly name = 'client_credentials';
  readonly type = 'client_credentials';
  readonly allowedBy = ['client_credentials'];
  readonly forPublicClients = false;

  constructor(
    private readonly targets: TargetsService,
    private readonly clientGrants: ClientGrantStore,
    private readonly organizations: OrganizationStore,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { client, parameters, tenant, circumstances, draft, dpopJkt } = call;
    const target = await this.targets.of(askedAudience(parameters), tenant);
    if (target.audience === undefined)
      throw new OAuthError(
        'audience_missing',
        'the request names no audience, and the tenant has no default_audience; send the identifier of an API',
      );
    requireProof(call, target.api);
    const { scopes, grant } = await this.#allowance(client.client_id, target);
    const asked = askedScopes(parameters);
    const refused = scopes && beyond(asked ?? [], scopes);
    if (refused && refused.length > 0)
      throw new OAuthError(
        'scope_not_granted',
        `the client grant of ${client.client_id} for this API has no ${refused.join(' ')}; PATCH /api/v2/client-grants/${grant?.id ?? ''} to give it`,
        { about: refused.join(' ') },
      );
    const organization = await this.#organization(call, grant);
    draft.know({
      oidc: {
        audience: target.audience,
        ...draft.transaction.oidc,
        scope: (asked ?? scopes ?? []).join(' '),
        ...defaulted(asked, target),
      },
      ...(scopes && { clientGrant: { scope: scopes } }),
      ...(organization && { organization }),
    });

    const transaction = await runActions(call);
    const at = this.clock.now();
    const access = await mintClientToken(transaction, {
      issuer: tenant.issuer,
      at,
      form: formFor(target, transaction.tokenClient, tenant),
      tellsPermissions: target.api?.enforce_policies ?? false,
      organization: organization ? { id: organization.id } : undefined,
      dpopJkt,
      random: () => randomText(circumstances.random),
      wasRevoked: circumstances.wasRevoked,
    });
    const scope = clientScopes(transaction).join(' ');
    draft.issue(
      keptAccessToken(access, {
        grantId: null,
        clientId: client.client_id,
        userId: null,
        subject: `${client.client_id}@clients`,
        scope,
        customClaims: {},
        dpopJkt,
      }),
    );
    draft.become(withClientToken(transaction, access, at));
    return {
      access_token: access.token,
      scope,
      expires_in: access.lifetimeInSeconds,
      token_type: access.tokenType,
    };
  };

  async #allowance(clientId: string, { api }: Target): Promise<Allowance> {
    if (!api) return { scopes: undefined, grant: null };
    const { policy } = api.subject_type_authorization.client;
    const grant = await this.clientGrants.find(clientId, api.identifier, 'client');
    if (policy === 'allow_all') return { scopes: api.scopes.map(({ value }) => value), grant };
    if (policy === 'deny_all' || !grant) throw withoutGrant(clientId, api);
    return { scopes: grantedScopes(grant, api), grant };
  }

  /**
   * The one that is asked for, or the client's own for this flow, which counts where the client grant lets organizations in at all. The
   * client's `organization_usage` is of logins, and does not count here. Grants are given to no single organization, so `allow_any_organization`
   * decides.
   */
  async #organization(
    { parameters, oauth }: GrantCall,
    grant: ClientGrant | null,
  ): Promise<Organization | null> {
    const asked = parameters.get('organization');
    const usage = grant?.organization_usage ?? 'deny';
    const refused = (why: string): OAuthError => new OAuthError('organization_invalid', why);
    if (usage === 'deny') {
      if (asked === undefined) return null;
      throw refused(
        'parameter organization is not allowed by the client grant: set its organization_usage to allow or require',
      );
    }
    const wanted = asked ?? oauth.defaultOrganizationId;
    if (wanted === null) {
      if (usage === 'allow') return null;
      throw refused('parameter organization is required by the client grant (organization_usage)');
    }
    if (grant?.allow_any_organization !== true)
      throw refused(
        'the client grant is for no organization: set its allow_any_organization to true, since it cannot be given to single ones here',
      );
    const found = await this.organizations.findByIdOrName(wanted);
    if (found) return found;
    throw refused(
      asked === undefined
        ? 'default_organization of the client names none: set its organization_id to the id (org_...) of one that there is'
        : 'parameter organization names none: send its id (org_...) or its name',
    );
  }
}

const defaulted = (asked: readonly string[] | undefined, { isDefault }: Target) => {
  const left = [
    ...(asked ? [] : (['scope'] as const)),
    ...(isDefault ? (['audience'] as const) : []),
  ] as const;
  return left.length > 0 ? { defaulted: left } : {};
};

const withoutGrant = (
  clientId: string,
  { identifier, subject_type_authorization }: ResourceServer,
): OAuthError =>
  new OAuthError(
    'client_grant_missing',
    subject_type_authorization.client.policy === 'deny_all'
      ? `the API ${identifier} gives no client tokens of its own (subject_type_authorization.client.policy is deny_all)`
      : `the client ${clientId} has no client grant for the API ${identifier}; POST /api/v2/client-grants makes one`,
    { about: identifier },
  );
