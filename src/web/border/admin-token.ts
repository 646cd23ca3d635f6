import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 in hex: what is kept of the admin token. It has 256 random bits, so a slow hash would protect nothing more. */
export const hashOfAdminToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** In a time that tells nothing of where two tokens differ. `hash` is what `hashOfAdminToken` made. */
export const isAdminToken = (given: string, hash: string): boolean =>
  timingSafeEqual(digest(hashOfAdminToken(given)), digest(hash));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
