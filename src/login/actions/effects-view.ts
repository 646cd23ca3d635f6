/** What an Action asked for, as a person reads it: without what stayed as it was, and without secrets. Pure. */
import { maskOf } from '../../actions/masked.js';
import type { Effects, RefreshTokenEffects, SessionEffects } from '../../tenant/effects.js';
import { SECRET } from '../../tenant/secret.js';
import { concealedEvent } from '../concealed-event.js';
import { instant } from './session-effects.js';
import type { TriggerEnd } from './trigger-run.js';

export type EffectsView = Readonly<Record<string, unknown>>;

/** Of a denied login no setting and no claim counts, of a failed one what is written to profile and cache at most. */
const COUNTS: Readonly<Record<TriggerEnd['kind'], (name: string) => boolean>> = {
  ended: () => true,
  redirect: () => true,
  denied: (name) => ['user', 'cache', 'session', 'authentication'].includes(name),
  failed: (name) => ['user', 'cache'].includes(name),
};

/** `null` takes away what is there, as in the calls. */
export function effectsView(
  effects: Effects,
  end: TriggerEnd['kind'],
  secrets: Readonly<Record<string, string>>,
): EffectsView {
  const { saml, idToken, accessToken, user, transaction, primaryUserId, methods, cache, multifactor } =
    effects;
  const all: EffectsView = {
    samlResponse: {
      ...saml.settings,
      ...('key' in saml.settings && { key: SECRET }),
      attributes: Object.fromEntries(saml.attributes.map(({ name, value }) => [name, value])),
    },
    idToken: { customClaims: idToken.customClaims },
    accessToken: { customClaims: accessToken.customClaims, scopes: accessToken.scopes },
    user: { user_metadata: user.userMetadata, app_metadata: user.appMetadata },
    transaction: { metadata: transaction.metadata, target_scopes: transaction.targetScopes ?? undefined },
    primary_user_id: primaryUserId ?? undefined,
    authentication: { methods: methods.length > 0 ? methods : undefined },
    cache: Object.fromEntries(
      Object.entries(cache).map(([key, record]) => [
        key,
        record && { value: record.value, expires_at: instant(record.expires_at) },
      ]),
    ),
    session: { ...lifetimes(effects.session), cookie: { mode: effects.session.cookieMode } },
    refresh_token: lifetimes(effects.refreshToken),
    multifactor: multifactor ?? undefined,
  };
  const counting = Object.fromEntries(Object.entries(all).filter(([name]) => COUNTS[end](name)));
  const mask = maskOf(secrets);
  return concealedEvent(mask(withoutEmpty(counting) ?? {}) as EffectsView);
}

const lifetimes = ({ expiresAt, idleExpiresAt, metadata }: SessionEffects | RefreshTokenEffects) => ({
  expires_at: expiresAt === undefined ? undefined : instant(expiresAt),
  idle_expires_at: idleExpiresAt === undefined ? undefined : instant(idleExpiresAt),
  metadata,
});

const DEPTH_OF_OURS = 2;

/** Down to the depth that is ours: an empty object that an author set is a value. `undefined` where nothing is left. */
function withoutEmpty(value: unknown, depth = DEPTH_OF_OURS): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth < 0) return value;
  const members = Object.entries(value)
    .map(([name, member]) => [name, withoutEmpty(member, depth - 1)] as const)
    .filter(([, member]) => member !== undefined);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
