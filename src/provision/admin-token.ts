import { randomBytes } from 'node:crypto';
import type { SettingsStore } from '../storage/settings-store.js';
import { hashOfAdminToken } from '../web/border/admin-token.js';

export interface AdminToken {
  /** See `hashOfAdminToken`. */
  readonly hash: string;
  /** Only where it was generated just now: nothing can show it again. */
  readonly generated: string | null;
}

/** The configured token, else the one that is kept, else a new one: of several instances at their first start one makes it. */
export async function provideAdminToken(
  settings: SettingsStore,
  configured: string | null,
): Promise<AdminToken> {
  if (configured !== null) return { hash: hashOfAdminToken(configured), generated: null };
  const kept = await settings.adminTokenHash();
  if (kept !== null) return { hash: kept, generated: null };
  const token = randomBytes(32).toString('base64url');
  const isFirst = await settings.setFirstAdminTokenHash(hashOfAdminToken(token));
  return isFirst
    ? { hash: hashOfAdminToken(token), generated: token }
    : { hash: (await settings.adminTokenHash())!, generated: null };
}

/** Where the start fails after all, a token made for it was never shown: the next start makes another. */
export async function takeBackAdminToken(
  settings: SettingsStore,
  { hash, generated }: AdminToken,
): Promise<void> {
  if (generated !== null) await settings.clearAdminTokenHash(hash);
}
