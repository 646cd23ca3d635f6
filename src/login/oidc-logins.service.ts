import { Injectable } from '@nestjs/common';
import {
  readAuthorizationRequest,
  type AuthorizationRequest,
} from '../protocol/oauth/authorization-request.js';
import {
  checkAuthorizationRequest,
  PUSHED_REQUEST_PREFIX,
  type AuthorizationClient,
  type CheckedRequest,
} from '../protocol/oauth/authorization-check.js';
import { describable } from '../protocol/oauth/description.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { repeatedError, type ReadParameters } from '../protocol/oauth/parameters.js';
import { ClientStore } from '../storage/client-store.js';
import { PushedRequestStore } from '../storage/pushed-request-store.js';
import type { Client } from '../tenant/client.js';
import { tokenDigest } from '../tenant/grant.js';
import { speaksNotion } from '../tenant/notion-client.js';
import { oauthSettingsOf, type OauthSettings } from '../tenant/oauth-settings.js';
import type { Organization } from '../tenant/organization.js';
import { sessionIdOf } from '../tenant/session.js';
import { AuthorizationsService } from './authorizations.service.js';
import {
  beginOidcLogin,
  checkOrganization,
  refusedOidcLogin,
  refuseUnboundToken,
  scopesOf,
  type OidcArrival,
  type OidcBeginning,
} from './begin-oidc-login.js';
import type { Browser, LoginAnswer } from './browser-login.js';
import { BrowserLoginsService } from './browser-logins.service.js';
import type { Tenant } from './circumstances.js';
import { CircumstancesService } from './circumstances.service.js';
import { readIdTokenHint } from './id-token-hint.js';
import { Randomness } from './ports.js';
import { TenantService } from './tenant.service.js';

/** A request as it came; `read` throws OAuthError where it cannot be taken apart. */
export interface UnreadAuthorization {
  readonly method: 'GET' | 'POST';
  readonly read: () => ReadParameters;
  /** Whose wire the path speaks, for clients that do; the client's own, where it is left out. */
  readonly dialect?: Dialect;
}

/** A request with what was pushed before, if it names that. */
interface Resolved {
  readonly request: AuthorizationRequest;
  readonly isPushed: boolean;
  readonly dpopJkt: string | undefined;
}

const NOTHING: AuthorizationRequest = readAuthorizationRequest(new Map());

/** Authorization requests from the browser: finds the client, has the request judged, and hands the transaction on. */
@Injectable()
export class OidcLoginsService {
  constructor(
    private readonly clients: ClientStore,
    private readonly pushed: PushedRequestStore,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly authorizations: AuthorizationsService,
    private readonly logins: BrowserLoginsService,
    private readonly randomness: Randomness,
  ) {}

  /** One transaction is stored whatever becomes of the request. Throws nothing that is the client's fault. */
  async arrive(unread: UnreadAuthorization, browser: Browser): Promise<LoginAnswer> {
    const tenant = await this.tenants.current();
    const circumstances = this.circumstances.of(tenant);
    const cameByPost = unread.method === 'POST';
    let arrival: OidcArrival = {
      request: NOTHING,
      client: null,
      dialect: unread.dialect ?? 'auth0',
      sendsIssuer: tenant.settings.authorization_response_iss_parameter_supported,
      http: browser.request,
      id: `txn_${this.randomness.bytes(16).toString('hex')}`,
      at: circumstances.at,
      // our cookies do not come along on a post from another site, so there they tell nothing
      browserDigest:
        !cameByPost && browser.browserToken !== undefined ? sessionIdOf(browser.browserToken) : null,
    };
    let target = null;
    try {
      const { parameters, repeated } = unread.read();
      const sent = readAuthorizationRequest(parameters, repeated);
      arrival = { ...arrival, request: sent };
      const client = await this.#clientOf(sent);
      const oauth = client && oauthSettingsOf(client);
      const dialect = dialectOf(unread, client, oauth);
      const sendsIssuer = arrival.sendsIssuer || dialect === 'strict';
      arrival = { ...arrival, client, dialect, sendsIssuer };
      const { request, isPushed, dpopJkt } = await this.#resolved(sent, arrival.at);
      arrival = { ...arrival, request };
      const organization = await this.#organizationOf(request);
      const check = checkAuthorizationRequest(request, {
        client: client && oauth ? rulesOf(client, oauth) : undefined,
        dialect,
        isPushed,
        ...(organization && { organizationName: organization.name }),
      });
      if (check.kind === 'page') throw check.error;
      target = check.kind === 'redirect' ? check.target : check.checked.target;
      if (check.kind === 'redirect') throw check.error;
      const { checked } = check;
      const begun = await this.#begun(request, checked, client!, oauth!, organization, tenant);
      const transaction = beginOidcLogin(arrival, { ...begun, dpopJkt: dpopJkt ?? request.dpopJkt });
      return await this.logins.begin(transaction, client!, { browser, cameByPost }, tenant, circumstances);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return this.logins.refuse(refusedOidcLogin(arrival, target), error, circumstances);
    }
  }

  /** Whether a request that is pushed would be gone on with (RFC 9126 2.1). Throws OAuthError where it would not. */
  async checkPushed(request: AuthorizationRequest, client: Client): Promise<void> {
    const oauth = oauthSettingsOf(client);
    const organization = await this.#organizationOf(request);
    const check = checkAuthorizationRequest(request, {
      client: rulesOf(client, oauth),
      dialect: oauth.dialect,
      isPushed: true,
      ...(organization && { organizationName: organization.name }),
    });
    if (check.kind !== 'proceed') throw check.error;
    await this.#begun(request, check.checked, client, oauth, organization, await this.tenants.current());
  }

  async #organizationOf({ organization }: AuthorizationRequest): Promise<Organization | null> {
    return organization === undefined ? null : this.authorizations.organizationCalled(organization);
  }

  /** The one that is named, where it is named once. */
  #clientOf({ clientId, repeated }: AuthorizationRequest): Promise<Client | null> | null {
    return clientId === undefined || repeated.includes('client_id') ? null : this.clients.get(clientId);
  }

  /**
   * RFC 9126 4. A request that was pushed works once, and for its client only; nothing of the browser's own is added to it, and what else the
   * browser says, be it twice, does not count.
   */
  async #resolved(sent: AuthorizationRequest, at: Date): Promise<Resolved> {
    const { requestUri, clientId } = sent;
    const own = { request: sent, isPushed: false, dpopJkt: undefined };
    if (clientId === undefined || !requestUri?.startsWith(PUSHED_REQUEST_PREFIX)) return own;
    const doubtful = sent.repeated.filter((name) => name === 'client_id' || name === 'request_uri');
    if (doubtful.length > 0) {
      if (sent.redirectUri !== undefined) return own;
      throw repeatedError(doubtful);
    }
    const digest = tokenDigest(requestUri.slice(PUSHED_REQUEST_PREFIX.length));
    const found = await this.pushed.take(digest, clientId, at);
    if (found) {
      const parameters = new Map([...Object.entries(found.parameters), ['client_id', clientId]]);
      return { request: readAuthorizationRequest(parameters), isPushed: true, dpopJkt: found.dpopJkt };
    }
    if (sent.redirectUri !== undefined) return own;
    throw new OAuthError(
      'request_uri_unknown',
      'the request_uri is unknown, used or expired; push the request again and use what is answered at once',
    );
  }

  /** What the request may come to. Throws OAuthError. */
  async #begun(
    request: AuthorizationRequest,
    checked: CheckedRequest,
    client: Client,
    oauth: OauthSettings,
    organization: Organization | null,
    tenant: Tenant,
  ): Promise<Omit<OidcBeginning, 'dpopJkt'>> {
    checkOrganization(request.organization, organization, oauth);
    const asked = checked.audience ?? tenant.settings.default_audience;
    const isDefaultAudience = checked.audience === undefined;
    // every access token is good for /userinfo, and one for that alone is opaque
    const audience = asked === `${tenant.issuer}userinfo` ? undefined : asked;
    const api = audience === undefined ? null : await this.authorizations.apiAt(audience);
    // the tenant's own default may be an API that nobody manages here
    if (audience !== undefined && !api && !isDefaultAudience)
      throw new OAuthError(
        'audience_unknown',
        'no API has the identifier that audience (or resource) names; make it at /api/v2/resource-servers',
        { about: audience },
      );
    refuseUnboundToken(checked, oauth, api);
    const allowed = await this.authorizations.requireClientScopes(client.client_id, api);
    const { scope, dropped } = scopesOf(request.scope, {
      allowed,
      audience,
      api,
      oauth,
      returnsCode: checked.returns.code,
    });
    return {
      checked,
      scope,
      droppedScope: dropped,
      audience,
      isDefaultAudience,
      organization,
      hintedUserId: await this.#wantedUserId(request, tenant),
    };
  }

  /** Who alone may log in: whom the `id_token_hint` names (OIDC Core 3.1.2.1), or `sub` with a value in `claims` (5.5.1). */
  async #wantedUserId(
    { idTokenHint, claims }: AuthorizationRequest,
    tenant: Tenant,
  ): Promise<string | undefined> {
    const hinted = idTokenHint === undefined ? undefined : await this.#hintedUserId(idTokenHint, tenant);
    const [asked, ...others] = claims.idToken.get('sub')?.values ?? [];
    if (typeof asked !== 'string' || others.length > 0) return hinted;
    if (hinted === undefined || hinted === asked) return asked;
    throw new OAuthError(
      'parameters_contradict',
      'id_token_hint names another user than sub in claims, so nobody could log in; send one of the two',
    );
  }

  /** The hint need not be valid any more, but it must be an ID token of ours, for a client that there is. */
  async #hintedUserId(idTokenHint: string, tenant: Tenant): Promise<string> {
    const hint = await readIdTokenHint(idTokenHint, {
      keys: await this.tenants.jwks(),
      issuer: tenant.issuer,
      now: this.circumstances.of(tenant).at,
    });
    if (!('flaw' in hint) && (await this.clients.get(hint.issuedTo))) return hint.subject;
    const why = 'flaw' in hint ? hint.flaw : 'the client that it was issued to is gone';
    throw new OAuthError(
      'parameter_invalid',
      `id_token_hint is no ID token of this server: send one that it issued, as it was issued (${describable(why)})`,
    );
  }
}

const isFapi2 = ({ complianceLevel }: OauthSettings): boolean => complianceLevel.startsWith('fapi2');

/** Whose words and rules. By Notion’s path too a client keeps its own, unless it is Notion's; those of FAPI 2 hold whatever else it says. */
function dialectOf(
  { dialect = 'auth0' }: UnreadAuthorization,
  client: Client | null,
  oauth: OauthSettings | null,
): Dialect {
  if (!client || !oauth) return dialect;
  if (isFapi2(oauth)) return 'strict';
  return dialect === 'notion' && speaksNotion(client) ? dialect : oauth.dialect;
}

function rulesOf(client: Client, oauth: OauthSettings): AuthorizationClient {
  // by the names of its levels FAPI 1 is had with PAR, and then wants PKCE as FAPI 2 does
  const isFapi = oauth.complianceLevel !== 'none';
  const isStrict = oauth.dialect === 'strict' || isFapi;
  return {
    callbacks: client.callbacks,
    webOrigins: client.web_origins,
    grantTypes: oauth.grantTypes,
    isNative: client.app_type === 'native',
    matchesExactly: isStrict,
    requiresPushedRequest: oauth.requiresPushedAuthorizationRequests || isFapi,
    // RFC 9700 2.1.1
    requiresPkce: isFapi || (isStrict && !oauth.isConfidential),
    allowsPlainChallenge: !isStrict,
    followsFapi2: isFapi2(oauth),
  };
}
