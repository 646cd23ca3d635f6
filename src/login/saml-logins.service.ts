import { Injectable } from '@nestjs/common';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { decodeAuthnRequest, type AuthnRequest } from '../protocol/saml/authn-request.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import { ClientStore } from '../storage/client-store.js';
import type { Client } from '../tenant/client.js';
import { sessionIdOf } from '../tenant/session.js';
import { beginSamlLogin, unreadableSamlLogin, type SamlArrival } from './begin-saml-login.js';
import type { Browser, LoginAnswer } from './browser-login.js';
import { BrowserLoginsService } from './browser-logins.service.js';
import { CircumstancesService } from './circumstances.service.js';
import { ssoUrls } from './endpoints.js';
import { LoginError } from './login-error.js';
import { clientNamed } from './named-client.js';
import { BaseUrl, Randomness } from './ports.js';
import { TenantService } from './tenant.service.js';

/** A request as it came; `read` throws SamlError where it cannot be taken apart. */
export interface UnreadArrival {
  readonly method: SamlArrival['method'];
  /** Of a GET, without `?`. */
  readonly query?: string;
  readonly read: () => SamlArrival;
}

/** AuthnRequests from the browser: finds the client, has the request judged, and hands the transaction on. */
@Injectable()
export class SamlLoginsService {
  constructor(
    private readonly clients: ClientStore,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly logins: BrowserLoginsService,
    private readonly randomness: Randomness,
    private readonly baseUrl: BaseUrl,
  ) {}

  /**
   * A request that arrived at the SSO URL of a client, or with `clientId` null at the shared one, where its Issuer names the client.
   * One transaction is stored whatever becomes of it. Throws nothing that is the SP's fault.
   */
  async arrive(
    clientId: string | null,
    { method, query, read }: UnreadArrival,
    browser: Browser,
  ): Promise<LoginAnswer> {
    const tenant = await this.tenants.current();
    const circumstances = this.circumstances.of(tenant);
    const { at } = circumstances;
    const id = `txn_${this.randomness.bytes(16).toString('hex')}`;
    let client: Client | null = null;
    let arrival: SamlArrival = { method, received: null, ...(query !== undefined && { unreadable: query }) };
    let request: AuthnRequest | undefined;
    try {
      if (clientId !== null) client = await this.clients.get(clientId);
      arrival = read();
      request = decodeArrival(arrival);
      if (clientId !== null && !client) throw clientUnknown(clientId);
      client ??= await this.#clientNamedBy(request);
    } catch (error) {
      if (!(error instanceof MintmarkError)) throw error;
      const refused = unreadableSamlLogin(arrival, { id, at, client, request, http: browser.request });
      return this.logins.refuse(refused, error, circumstances);
    }
    const begun = beginSamlLogin({
      arrival,
      request,
      client,
      http: browser.request,
      id,
      at,
      endpoints: ssoUrls(this.baseUrl.value, client.client_id),
      // our cookies do not come along on a post from another site, so there they tell nothing
      browserDigest:
        method === 'GET' && browser.browserToken !== undefined ? sessionIdOf(browser.browserToken) : null,
      readCertificate: circumstances.readCertificate,
    });
    if (begun.refusal) return this.logins.refuse(begun.transaction, begun.refusal, circumstances);
    const cameByPost = method === 'POST';
    return this.logins.begin(begun.transaction, client, { browser, cameByPost }, tenant, circumstances);
  }

  /** On the shared URL the Issuer names the client. */
  async #clientNamedBy(request: AuthnRequest | undefined): Promise<Client> {
    if (!request)
      throw new SamlError(
        'saml_request_invalid',
        'there is no SAMLRequest: a login that begins here must name its client, at /samlp/<client_id>',
      );
    const found = await this.clients.findByEntityId(request.issuer);
    return clientNamed(request.issuer, found, '/samlp/<client_id>');
  }
}

function decodeArrival({ received }: SamlArrival): AuthnRequest | undefined {
  if (!received) return undefined;
  if (received.name === 'SAMLRequest') return decodeAuthnRequest(received.encoded);
  throw new SamlError(
    'saml_request_invalid',
    'a SAMLResponse came where an AuthnRequest is wanted: an identity provider receives SAMLResponse at its logout URL only',
  );
}

const clientUnknown = (id: string): LoginError =>
  new LoginError(
    'client_unknown',
    `the address names the client ${id}, and there is none: look at the service provider's single sign-on URL, or make the client`,
  );
