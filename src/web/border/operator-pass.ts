/**
 * What a browser keeps instead of the admin token, which it cannot send by itself: that somebody knew the token, and until when that
 * counts. It follows from the hash of the token, so any instance can check it, and another token ends it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A working day. */
const LIFETIME_MS = 12 * 3_600_000;

export interface OperatorPass {
  readonly pass: string;
  readonly expiresAt: Date;
}

export function operatorPass(adminTokenHash: string, now: Date): OperatorPass {
  const expiresAt = new Date(now.getTime() + LIFETIME_MS);
  const until = expiresAt.getTime().toString(36);
  return { pass: `${until}-${seal(adminTokenHash, until)}`, expiresAt };
}

/** In a time that tells nothing of where two seals differ; `given` may be whatever came. */
export function isOperatorPass(given: string | undefined, adminTokenHash: string, now: Date): boolean {
  const [, until, sealed] = /^([0-9a-z]{1,12})-([\w-]{43})$/.exec(given ?? '') ?? [];
  if (until === undefined || sealed === undefined) return false;
  const isSealed = timingSafeEqual(Buffer.from(sealed), Buffer.from(seal(adminTokenHash, until)));
  return isSealed && now.getTime() < Number.parseInt(until, 36);
}

const seal = (adminTokenHash: string, until: string): string =>
  createHmac('sha256', adminTokenHash).update(`operator until ${until}`).digest('base64url');
