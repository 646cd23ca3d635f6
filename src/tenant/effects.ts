/**
 * What the Actions of a trigger have asked for so far: plain JSON, kept with a suspended transaction, applied when the trigger ends.
 * Members of `api` write on a copy of it (`draft`), so that an Action that throws leaves nothing behind.
 */
import type { AttributeValue, SetterName } from '../protocol/saml/settings.js';

/** Where in the author's code a call stands; lines and columns count from 1. */
export interface Source {
  /** The Action's name. */
  readonly action: string;
  readonly file: string;
  /** `null` where the stack did not tell. */
  readonly line: number | null;
  readonly column: number | null;
}

export interface CacheRecord {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expires_at: number;
}

export type MetadataValue = string | number | boolean;

export interface SessionEffects {
  /** Milliseconds since 1970, the earliest that was asked for; at or before now the session ends. */
  expiresAt?: number;
  idleExpiresAt?: number;
  cookieMode?: 'persistent' | 'non-persistent';
  /** The whole of it as it is to be, where it was changed. */
  metadata?: Record<string, string>;
}
export interface RefreshTokenEffects {
  expiresAt?: number;
  idleExpiresAt?: number;
  metadata?: Record<string, string>;
}

export interface Effects {
  readonly saml: {
    settings: Partial<Record<SetterName, unknown>>;
    /** In call order, one a name; `null` takes the attribute out. */
    attributes: { name: string; value: AttributeValue | null }[];
  };
  readonly idToken: { customClaims: Record<string, unknown> };
  readonly accessToken: {
    customClaims: Record<string, unknown>;
    /** `true` adds the scope, `false` takes it away. */
    scopes: Record<string, boolean>;
    /** Of all calls (at most 1000 adds, 2000 in all). */
    scopeCalls: { adds: number; all: number };
  };
  /** By top-level name; `null` removes it. Flushed once. */
  readonly user: { userMetadata: Record<string, unknown>; appMetadata: Record<string, unknown> };
  readonly transaction: {
    /** By key; `null` where one was taken away, since a test may have given it at the start. */
    metadata: Record<string, MetadataValue | null>;
    /** `null` as long as nobody changed them. */
    targetScopes: string[] | null;
  };
  primaryUserId: string | null;
  /** `api.authentication.recordMethod`. */
  readonly methods: { name: string; url: string; timestamp: string }[];
  /** Writes to the trigger's cache by key; `null` deletes. */
  readonly cache: Record<string, CacheRecord | null>;
  readonly session: SessionEffects;
  readonly refreshToken: RefreshTokenEffects;
  /** challengeWith*, enrollWith* calls of the whole flow; the fifth is an error. */
  mfaCommands: number;
  /** The last `multifactor.enable`. */
  multifactor: { provider: string; options: Record<string, unknown> | null } | null;
  /** Who set what last: `samlResponse.audience`, `samlResponse.attributes.<name>`, `idToken.<claim>`, `accessToken.<claim>`, `scopes.<scope>`, … */
  readonly sources: Record<string, Source>;
}

export const noEffects = (): Effects => ({
  saml: { settings: {}, attributes: [] },
  idToken: { customClaims: {} },
  accessToken: { customClaims: {}, scopes: {}, scopeCalls: { adds: 0, all: 0 } },
  user: { userMetadata: {}, appMetadata: {} },
  transaction: { metadata: {}, targetScopes: null },
  primaryUserId: null,
  methods: [],
  cache: {},
  session: {},
  refreshToken: {},
  mfaCommands: 0,
  multifactor: null,
  sources: {},
});

/** How an Action wants the login to go on once its handler has ended; nothing of it outlives that Action. */
export interface Wishes {
  /** The last word counts. */
  denial: Denial | null;
  /** `api.redirect.sendUserTo`: absolute, normalised, without `state`. The last one counts. */
  redirect: string | null;
  /** What needs a page that is not there yet, in call order. */
  interactions: Interaction[];
}
export interface Denial {
  /** Which member denied. */
  readonly by: 'access.deny' | 'session.revoke' | 'refreshToken.revoke' | 'validation.error';
  /** OAuth error: `access_denied`; at credentials-exchange the code that was given; of `validation.error` its own. */
  readonly code: string;
  readonly reason: string;
  /** Of `session.revoke`. */
  readonly preserveRefreshTokens?: boolean;
}
export interface Interaction {
  readonly kind: 'challenge' | 'enroll' | 'prompt' | 'multifactor';
  readonly member: string;
  readonly detail: Record<string, unknown>;
}
export const noWishes = (): Wishes => ({ denial: null, redirect: null, interactions: [] });
