import { Injectable } from '@nestjs/common';
import { AuthorizationsService } from '../login/authorizations.service.js';
import { checkOrganization, scopesOf } from '../login/begin-oidc-login.js';
import { Clock, Randomness } from '../login/ports.js';
import { TenantService } from '../login/tenant.service.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { USER_CODE_OCTETS, userCodeOf } from '../protocol/oauth/user-code.js';
import { DeviceCodeStore } from '../storage/device-code-store.js';
import type { DeviceCode } from '../tenant/device-code.js';
import { tokenDigest } from '../tenant/grant.js';
import { ClientCallsService, type ClientAnswer, type ClientCall } from './client-calls.service.js';
import { DEVICE_CODE } from './device-grant-type.js';
import { TargetsService } from './targets.service.js';
import type { TokenCall } from './token-call.js';
import { askedAudience, askedScopes } from './token-request.js';
import { refuseBeyondCaps } from './waiting-caps.js';

/** RFC 8628 3.2. */
export interface DeviceAuthorization {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

const LIFETIME_IN_SECONDS = 900;
const INTERVAL_IN_SECONDS = 5;

/** Gives devices a code that somebody types into a browser (RFC 8628 3.1). */
@Injectable()
export class DeviceAuthorizationsService {
  constructor(
    private readonly calls: ClientCallsService,
    private readonly targets: TargetsService,
    private readonly authorizations: AuthorizationsService,
    private readonly codes: DeviceCodeStore,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  begin(call: TokenCall): Promise<ClientAnswer<DeviceAuthorization>> {
    return this.calls.answer(call, 'oauth/device/code', (authenticated) => this.#begun(authenticated));
  }

  async #begun({ client, oauth, parameters }: ClientCall): Promise<DeviceAuthorization> {
    if (!oauth.grantTypes.includes(DEVICE_CODE))
      throw new OAuthError(
        'grant_not_allowed',
        `the client ${client.client_id} may use ${oauth.grantTypes.join(', ') || 'no grant'}; add ${DEVICE_CODE} to its grant_types`,
        { about: DEVICE_CODE },
      );
    // there is no parameter for it in this flow
    checkOrganization(undefined, null, oauth);
    const tenant = await this.tenants.current();
    const { audience, api } = await this.targets.of(askedAudience(parameters), tenant);
    const allowed = await this.authorizations.requireClientScopes(client.client_id, api);
    const { scope } = scopesOf(askedScopes(parameters) ?? [], {
      allowed,
      audience,
      api,
      oauth,
      returnsCode: true,
    });
    const now = this.clock.now();
    refuseBeyondCaps(await this.codes.waiting(client.client_id, now), {
      what: 'device codes',
      clientId: client.client_id,
      lifetime: LIFETIME_IN_SECONDS,
    });
    const value = this.randomness.bytes(32).toString('base64url');
    const userCode = await this.#kept({
      digest: tokenDigest(value),
      clientId: client.client_id,
      status: 'pending',
      createdAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + LIFETIME_IN_SECONDS * 1000).toISOString(),
      interval: INTERVAL_IN_SECONDS,
      scope: scope.join(' '),
      audience: audience ?? null,
      grantId: null,
      issuance: null,
    });
    const page = `${tenant.issuer}activate`;
    return {
      device_code: value,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: LIFETIME_IN_SECONDS,
      interval: INTERVAL_IN_SECONDS,
    };
  }

  /** Another code where one waits already that looks the same. */
  async #kept(code: Omit<DeviceCode, 'userCode'>): Promise<string> {
    for (;;) {
      const userCode = userCodeOf(this.randomness.bytes(USER_CODE_OCTETS));
      if (await this.codes.insert({ ...code, userCode })) return userCode;
    }
  }
}
