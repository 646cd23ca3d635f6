import { Injectable } from '@nestjs/common';
import { AuthorizationsService } from '../login/authorizations.service.js';
import type { Tenant } from '../login/circumstances.js';
import { plainForm, type AccessTokenForm } from '../login/minted-tokens.js';
import { quoted } from '../protocol/oauth/description.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { didYouMean } from '../protocol/nearest-name.js';
import { ResourceServerStore } from '../storage/resource-server-store.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import type { TokenClientPart } from '../tenant/transaction.js';

/** What an access token is for. */
export interface Target {
  /** `undefined` where it is good for /userinfo only. */
  readonly audience: string | undefined;
  /** `null` where nobody manages an API by that name. */
  readonly api: ResourceServer | null;
  readonly isDefault: boolean;
}

/** Among so many the nearest name is looked for. */
const MOST_NAMES = 100;

/** Finds out what is asked for. */
@Injectable()
export class TargetsService {
  constructor(
    private readonly apis: ResourceServerStore,
    private readonly authorizations: AuthorizationsService,
  ) {}

  /** Errors: `audience_unknown`. Only the tenant's own default may be an API that nobody manages. */
  async of(asked: string | undefined, { issuer, settings }: Tenant): Promise<Target> {
    const named = asked ?? settings.default_audience;
    const audience = named === `${issuer}userinfo` ? undefined : named;
    const isDefault = asked === undefined;
    if (audience === undefined) return { audience, api: null, isDefault };
    const api = await this.authorizations.apiAt(audience);
    if (api || isDefault) return { audience, api, isDefault };
    const { items } = await this.apis.list({ page: 0, perPage: MOST_NAMES });
    const hint = didYouMean(
      audience,
      items.map(({ identifier }) => identifier),
    );
    throw new OAuthError(
      'audience_unknown',
      `no API has the identifier ${quoted(audience)}${hint || '; POST /api/v2/resource-servers makes one'}`,
      { about: audience },
    );
  }

  /** Of what was granted before; an API may be gone since. */
  async granted(audience: string | null): Promise<Target> {
    if (audience === null) return { audience: undefined, api: null, isDefault: false };
    return { audience, api: await this.authorizations.apiAt(audience), isDefault: false };
  }
}

/** How the target's access tokens look; without an API of its own as the client's tokens do. */
export function formFor({ api }: Target, { alg }: TokenClientPart, tenant: Tenant): AccessTokenForm {
  if (!api) return plainForm(tenant.jwtKeys[alg], tenant.settings.access_token_lifetime_in_seconds);
  const key =
    api.signing_alg === 'HS256'
      ? { alg: api.signing_alg, secret: api.signing_secret ?? '' }
      : tenant.jwtKeys[api.signing_alg];
  return { key, lifetimeInSeconds: api.token_lifetime, dialect: api.token_dialect };
}
