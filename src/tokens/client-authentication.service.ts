import { hash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { TenantService } from '../login/tenant.service.js';
import { decodeJwt } from '../protocol/jwt/compact.js';
import { verifyClientAssertion } from '../protocol/oauth/client-assertion.js';
import { readClientAuthentication, type ClientCredentials } from '../protocol/oauth/client-authentication.js';
import { quoted } from '../protocol/oauth/description.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import { ClientStore } from '../storage/client-store.js';
import { UsedTokenIdStore } from '../storage/used-token-id-store.js';
import { credentialKey } from '../tenant/client-credential.js';
import type { Client } from '../tenant/client.js';
import type { TokenEndpointAuthMethod } from '../tenant/oauth-client.js';
import { oauthSettingsOf, type OauthSettings } from '../tenant/oauth-settings.js';

export interface AuthenticatedClient {
  readonly client: Client;
  readonly oauth: OauthSettings;
  readonly method: TokenEndpointAuthMethod;
}

/** The endpoint that most assertions are for. */
const TOKEN_PATH = 'oauth/token';

/** Says whether a request comes from the client that it names, by whichever means the client is registered for. */
@Injectable()
export class ClientAuthenticationService {
  constructor(
    private readonly clients: ClientStore,
    private readonly usedTokenIds: UsedTokenIdStore,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws OAuthError, each with what would mend it. `named` is told the client as soon as there is one by that name: in whose dialect a
   * refusal is told is known before it is known whether it is that client. `path` is that of the endpoint, below the issuer.
   */
  async authenticate(
    authorization: string | undefined,
    parameters: Parameters,
    named: (client: Client) => void = () => undefined,
    path = TOKEN_PATH,
  ): Promise<AuthenticatedClient> {
    const offered = readClientAuthentication(authorization, parameters);
    if (offered.method === 'client_secret_basic')
      return this.#bySecret(offered.method, offered.candidates, named);
    if (offered.method === 'client_secret_post') return this.#bySecret(offered.method, [offered], named);
    const client = await this.#client(offered.clientId, named);
    const oauth = oauthSettingsOf(client);
    if (offered.method === 'none') {
      if (!oauth.authMethods.includes('none')) throw withoutCredentials(client, oauth);
      return { client, oauth, method: 'none' };
    }
    requireMethod(client, oauth, offered.method);
    await this.#verifyAssertion(client, oauth, offered.assertion, path);
    return { client, oauth, method: offered.method };
  }

  /** Of the readings of a header the one that names a client and has its secret. */
  async #bySecret(
    method: 'client_secret_basic' | 'client_secret_post',
    candidates: readonly ClientCredentials[],
    named: (client: Client) => void,
  ): Promise<AuthenticatedClient> {
    let known: Client | null = null;
    for (const { clientId, clientSecret } of candidates) {
      const client = await this.clients.get(clientId);
      // as long whether there is such a client or not
      const isRight = isSame(clientSecret, client?.client_secret ?? '');
      if (!client) continue;
      known = client;
      named(client);
      if (!isRight) continue;
      const oauth = oauthSettingsOf(client);
      requireMethod(client, oauth, method);
      return { client, oauth, method };
    }
    if (!known) throw unknown(candidates[0]!.clientId);
    throw new OAuthError(
      'client_secret_wrong',
      `the client_secret is not that of the client ${known.client_id}; GET /api/v2/clients/${known.client_id} tells it`,
    );
  }

  async #client(clientId: string, named: (client: Client) => void): Promise<Client> {
    const client = await this.clients.get(clientId);
    if (!client) throw unknown(clientId);
    named(client);
    return client;
  }

  async #verifyAssertion(
    client: Client,
    oauth: OauthSettings,
    assertion: string,
    path: string,
  ): Promise<void> {
    const { issuer } = await this.tenants.current();
    const now = this.clock.now();
    const { jti, expiresAt } = await verifyClientAssertion(assertion, {
      clientId: client.client_id,
      keys: { keys: publicKeys(oauth, assertion) },
      issuer,
      endpoints: [...new Set([TOKEN_PATH, path])].map((each) => `${issuer}${each}`),
      audienceIsIssuer: oauth.complianceLevel.startsWith('fapi2'),
      now,
    });
    const used = { kind: 'client_assertion', owner: client.client_id, jti } as const;
    if (await this.usedTokenIds.use(used, expiresAt, now)) return;
    throw new OAuthError(
      'client_assertion_replayed',
      'an assertion with this jti was used before; sign a new one for each request',
    );
  }
}

/** A key that is registered without a kid is tried whatever kid the assertion names. */
function publicKeys({ credentials }: OauthSettings, assertion: string): readonly unknown[] {
  const kid = decodeJwt(assertion).header?.['kid'];
  return credentials.map((credential) => ({
    ...credentialKey(credential).export({ format: 'jwk' }),
    alg: credential.alg,
    use: 'sig',
    ...(credential.kid !== undefined
      ? { kid: credential.kid }
      : typeof kid === 'string' && kid !== ''
        ? { kid }
        : {}),
  }));
}

/** In a time that tells nothing of where two secrets differ. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));
const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

const unknown = (clientId: string): OAuthError =>
  new OAuthError(
    'client_unknown',
    `there is no client ${quoted(clientId)}; GET /api/v2/clients lists those there are`,
  );

function requireMethod(
  client: Client,
  { authMethods }: OauthSettings,
  method: TokenEndpointAuthMethod,
): void {
  if (authMethods.includes(method)) return;
  throw new OAuthError(
    'client_method_not_allowed',
    `the client ${client.client_id} authenticates by ${authMethods.join(' or ')}, not by ${method}; change the request, or the client (token_endpoint_auth_method, client_authentication_methods)`,
  );
}

const withoutCredentials = ({ client_id: id }: Client, { authMethods }: OauthSettings): OAuthError =>
  new OAuthError(
    'client_secret_missing',
    authMethods.includes('private_key_jwt')
      ? `the client ${id} authenticates by private_key_jwt: send client_assertion and client_assertion_type`
      : `the client ${id} has a secret: send it by ${authMethods.join(' or ')}, or set token_endpoint_auth_method to none`,
  );
