import { createHash } from 'node:crypto';

/** SHA-256 in hex: what is kept of the admin token. It has 256 random bits, so a slow hash would protect nothing more. */
export const hashOfAdminToken = (token: string): string => createHash('sha256').update(token).digest('hex');
