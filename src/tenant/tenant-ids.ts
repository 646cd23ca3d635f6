/** Ids of what a tenant has, as Auth0 writes them: a prefix that tells the kind, then letters and digits. */
import { z } from 'zod';

/** Of a role, a connection, an organization and a client grant. */
export type IdPrefix = 'rol' | 'con' | 'org' | 'cgr';

/** Bytes of randomness in an id. */
export const ID_BYTES = 8;

export const prefixedId = (prefix: IdPrefix, random: Buffer): string => `${prefix}_${random.toString('hex')}`;

/** An id that the caller chooses, so that it is the same everywhere. */
export const prefixedIdSchema = (prefix: IdPrefix): z.ZodString =>
  z
    .string('must be string')
    .regex(
      new RegExp(`^${prefix}_[A-Za-z0-9]{1,64}$`),
      `must be ${prefix}_ and 1 to 64 letters or digits, or be left out`,
    );
