/** The nonces of DPoP proofs (RFC 9449 8). They follow from a key of the tenant and the hour, so nothing is kept, and any instance knows them. */
import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';

/** So long a nonce is given out; it is accepted as long again. */
const PERIOD_MS = 300_000;

/** The one that is given out now, and the one before it. */
export function dpopNonces(key: KeyObject, now: Date): readonly [current: string, previous: string] {
  const secret = Buffer.from(
    hkdfSync('sha256', key.export({ format: 'der', type: 'pkcs8' }), '', 'mintmark dpop nonce', 32),
  );
  const period = Math.floor(now.getTime() / PERIOD_MS);
  const nonceOf = (number: number): string =>
    createHmac('sha256', secret).update(String(number)).digest('base64url');
  return [nonceOf(period), nonceOf(period - 1)];
}
