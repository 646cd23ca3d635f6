import { Injectable } from '@nestjs/common';
import { quoted } from '../protocol/oauth/description.js';
import { readParameters, type Parameters } from '../protocol/oauth/parameters.js';
import { organizationNamesIn } from '../protocol/oauth/redirect-uri.js';
import { ClientStore } from '../storage/client-store.js';
import type { Client } from '../tenant/client.js';
import type { Logout } from '../tenant/logout.js';
import { AuthorizationsService } from './authorizations.service.js';
import { readIdTokenHint, type IdTokenHint } from './id-token-hint.js';
import { LogoutError } from './logout-error.js';
import { LogoutsService } from './logouts.service.js';
import { Clock } from './ports.js';
import {
  askingClientId,
  meansSession,
  invalidHint,
  postLogoutTarget,
  returnTarget,
  urlsOf,
  type LogoutUrls,
  type CheckedRpLogout,
} from './rp-logout-request.js';
import { TenantService } from './tenant.service.js';

/** What becomes of a request. */
export type RpLogoutReception =
  /** Nobody is logged in in this browser. */
  | { readonly kind: 'nobody' }
  /** Whether the person in front of the browser wants it nobody knows. */
  | { readonly kind: 'confirm'; readonly who: string; readonly clientName: string | null }
  | { readonly kind: 'begun'; readonly logout: Logout };

/** `federated` means itself, with a value or without. */
const FEDERATED = /(?:^|&)federated(?:[=&]|$)/;

/** Logouts that relying parties send the browser for. A browser is sent nowhere that is not registered. */
@Injectable()
export class RpLogoutsService {
  constructor(
    private readonly logouts: LogoutsService,
    private readonly clients: ClientStore,
    private readonly tenants: TenantService,
    private readonly authorizations: AuthorizationsService,
    private readonly clock: Clock,
  ) {}

  /** Throws LogoutError or OAuthError, for the person in front of the browser. */
  async readV2(query: string): Promise<CheckedRpLogout> {
    const parameters = readParameters(query, 'query');
    const clientId = parameters.get('client_id');
    const client = await this.#client(clientId);
    const { settings } = await this.tenants.current();
    return {
      endpoint: '/v2/logout',
      clientId: clientId ?? null,
      redirectTo: returnTarget(parameters, await this.#urls(parameters.get('returnTo'), client, settings)),
      sids: [],
      sent: {},
      isFederated: FEDERATED.test(query),
    };
  }

  /** Throws LogoutError or OAuthError, for the person in front of the browser. */
  async readOidc(parameters: Parameters): Promise<CheckedRpLogout> {
    const { issuer, settings } = await this.tenants.current();
    const token = parameters.get('id_token_hint');
    const hint = token === undefined ? null : await this.#hint(token, issuer);
    const clientId = askingClientId(parameters, hint);
    const client = await this.#client(clientId);
    const uri = parameters.get('post_logout_redirect_uri');
    const state = parameters.get('state');
    return {
      endpoint: '/oidc/logout',
      clientId: clientId ?? null,
      redirectTo: postLogoutTarget(parameters, await this.#urls(uri, client, settings)),
      sids: [hint?.sid, parameters.get('logout_hint')].filter((sid) => sid !== undefined),
      sent: {
        ...(uri !== undefined && { postLogoutRedirectUri: uri }),
        ...(state !== undefined && { state }),
      },
      isFederated: parameters.has('federated'),
    };
  }

  /** `isConfirmed`: the person in front of the browser said yes. */
  async receive(
    checked: CheckedRpLogout,
    browser: { readonly sessionToken: string | undefined; readonly browserToken: string },
    isConfirmed = false,
  ): Promise<RpLogoutReception> {
    const found = await this.logouts.findSession(browser.sessionToken);
    if (!found) return { kind: 'nobody' };
    if (!isConfirmed && !meansSession(checked, found.session.id)) {
      const { user_id: userId, name, email } = found.user;
      const client = checked.clientId === null ? null : await this.clients.get(checked.clientId);
      return { kind: 'confirm', who: email ?? name ?? userId, clientName: client?.name ?? null };
    }
    const { clientId, redirectTo, endpoint, isFederated } = checked;
    const logout = await this.logouts.beginHere(browser.sessionToken, browser.browserToken, {
      relyingParty: { clientId, redirectTo },
      requested: {
        by: 'rp-initiated',
        endpoint,
        ...(clientId !== null && { client_id: clientId }),
        ...(isFederated && { federated: 'ignored: there is no other identity provider behind this one' }),
      },
    });
    return logout ? { kind: 'begun', logout } : { kind: 'nobody' };
  }

  async #hint(token: string, issuer: string): Promise<IdTokenHint> {
    const read = await readIdTokenHint(token, {
      keys: await this.tenants.jwks(),
      issuer,
      now: this.clock.now(),
    });
    if ('flaw' in read) throw invalidHint(read.flaw);
    return read;
  }

  /** A logout names no organization, so the URL itself does, and it must be one of ours. */
  async #urls(
    uri: string | undefined,
    client: Client | null,
    settings: LogoutUrls['settings'],
  ): Promise<LogoutUrls> {
    const urls = { client, settings };
    for (const name of uri === undefined ? [] : organizationNamesIn(uri, urlsOf(urls)))
      if ((await this.authorizations.organizationCalled(name))?.name === name)
        return { ...urls, organizationName: name };
    return urls;
  }

  async #client(clientId: string | undefined): Promise<Client | null> {
    if (clientId === undefined) return null;
    const client = await this.clients.get(clientId);
    if (client) return client;
    throw new LogoutError(
      'logout_client_unknown',
      `There is no client ${quoted(clientId)}: look at the client_id that the application is configured with. Nobody was logged out.`,
    );
  }
}
