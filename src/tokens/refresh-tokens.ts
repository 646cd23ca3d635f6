/** Refresh tokens as they are issued and replaced (oauth-oidc.md 4.3). Pure: what is written is decided in the store. */
import { instant } from '../login/actions/session-effects.js';
import type { RefreshTokenEffects } from '../tenant/effects.js';
import { tokenDigest, type Grant, type RefreshToken } from '../tenant/grant.js';
import type { OauthSettings, RefreshTokenSettings } from '../tenant/oauth-settings.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import type { ShownRefreshToken } from '../tenant/transaction.js';
import { randomText } from './issue-tokens.js';

/** Whether what was granted comes with one, and of which kind. Notion knows no scopes: there, whoever may refresh can. */
export function refreshAccess(
  granted: readonly string[],
  { grantTypes, dialect }: Pick<OauthSettings, 'grantTypes' | 'dialect'>,
  api: Pick<ResourceServer, 'allow_offline_access'> | null,
): 'offline' | 'online' | null {
  if (!grantTypes.includes('refresh_token')) return null;
  if (dialect === 'notion') return 'offline';
  if (api?.allow_offline_access === false) return null;
  if (granted.includes('offline_access')) return 'offline';
  return granted.includes('online_access') ? 'online' : null;
}

/** The earliest of them; `null` where there is none. */
const earliest = (...instants: readonly (string | null | undefined)[]): string | null =>
  instants
    .filter((each) => typeof each === 'string')
    .toSorted((one, other) => Date.parse(one) - Date.parse(other))[0] ?? null;

const after = (now: Date, seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();

const asked = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : instant(milliseconds);

interface Caller {
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** The first of a family. `value` goes to the client and is kept nowhere. */
export function firstRefreshToken(given: {
  readonly grant: Grant;
  readonly access: 'offline' | 'online';
  readonly settings: RefreshTokenSettings;
  readonly effects: RefreshTokenEffects | undefined;
  readonly caller: Caller;
  /** The key that it is bound to. */
  readonly dpopJkt?: string | undefined;
  readonly now: Date;
  readonly random: (bytes: number) => Buffer;
}): { readonly value: string; readonly token: RefreshToken } {
  const { grant, settings, effects = {}, caller, dpopJkt, now, random } = given;
  const value = randomText(random);
  const idleLifetime = settings.infinite_idle_token_lifetime ? null : settings.idle_token_lifetime;
  const expiresAt = earliest(
    settings.infinite_token_lifetime ? null : after(now, settings.token_lifetime),
    asked(effects.expiresAt),
  );
  return {
    value,
    token: {
      digest: tokenDigest(value),
      id: `rt_${random(12).toString('hex')}`,
      grantId: grant.id,
      status: 'active',
      createdAt: now.toISOString(),
      rotatedAt: null,
      lastExchangedAt: null,
      expiresAt,
      idleExpiresAt: idleEnd(now, idleLifetime, expiresAt, effects),
      details: {
        resourceServers: [{ audience: grant.audience, scope: grant.scope }],
        device: {
          initialIp: caller.address,
          lastIp: caller.address,
          ...(caller.userAgent !== undefined && {
            initialUserAgent: caller.userAgent,
            lastUserAgent: caller.userAgent,
          }),
        },
        metadata: effects.metadata ?? {},
        access: given.access,
        rotating: settings.rotation_type === 'rotating',
        idleLifetimeInSeconds: idleLifetime,
        leewayInSeconds: settings.leeway,
        ...(dpopJkt !== undefined && { dpopJkt }),
      },
    },
  };
}

/** Never after the absolute end. */
const idleEnd = (
  now: Date,
  idleLifetime: number | null,
  expiresAt: string | null,
  { idleExpiresAt }: RefreshTokenEffects,
): string | null => {
  const end = earliest(idleLifetime === null ? null : after(now, idleLifetime), asked(idleExpiresAt));
  return end === null ? null : earliest(end, expiresAt);
};

/** What an exchange makes of a token: the same family, the same absolute end unless an Action shortens it, and another idle one. */
export function exchangedToken(
  token: RefreshToken,
  given: {
    readonly settings: RefreshTokenSettings;
    readonly effects: RefreshTokenEffects | undefined;
    readonly caller: Caller;
    readonly now: Date;
  },
): Pick<RefreshToken, 'expiresAt' | 'idleExpiresAt' | 'lastExchangedAt' | 'details'> {
  const { settings, effects = {}, caller, now } = given;
  const { details } = token;
  const expiresAt = earliest(token.expiresAt, asked(effects.expiresAt));
  return {
    expiresAt,
    lastExchangedAt: now.toISOString(),
    idleExpiresAt: idleEnd(now, details.idleLifetimeInSeconds, expiresAt, effects),
    details: {
      ...details,
      device: {
        ...details.device,
        lastIp: caller.address,
        ...(caller.userAgent !== undefined && { lastUserAgent: caller.userAgent }),
      },
      ...(effects.metadata && { metadata: effects.metadata }),
      rotating: settings.rotation_type === 'rotating',
      leewayInSeconds: settings.leeway,
    },
  };
}

/** The one that replaces it. */
export function nextRefreshToken(
  token: RefreshToken,
  exchanged: ReturnType<typeof exchangedToken>,
  now: Date,
  random: (bytes: number) => Buffer,
): { readonly value: string; readonly token: RefreshToken } {
  const value = randomText(random);
  return {
    value,
    token: {
      ...token,
      ...exchanged,
      digest: tokenDigest(value),
      status: 'active',
      createdAt: now.toISOString(),
      rotatedAt: null,
    },
  };
}

export const shownRefreshToken = (token: RefreshToken, grant: Grant): ShownRefreshToken => ({
  id: token.id,
  clientId: grant.clientId,
  userId: grant.userId,
  sessionId: grant.sessionId,
  // a family is one token to whoever looks at it
  createdAt: grant.createdAt,
  lastExchangedAt: token.lastExchangedAt,
  expiresAt: token.expiresAt,
  idleExpiresAt: token.idleExpiresAt,
  details: token.details,
});
