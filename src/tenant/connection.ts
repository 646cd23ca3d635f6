/** A connection: where users come from, in the shape of Auth0's Management API (`/api/v2/connections`). */
import { z } from 'zod';
import { patched, patchSchema } from './patch.js';
import { prefixedIdSchema } from './tenant-ids.js';

/** The one that every tenant begins with; a migration makes it, so that all instances agree. */
export const DEFAULT_CONNECTION = 'Username-Password-Authentication';

const yesOrNo = z.boolean('must be boolean');

/** What a caller may write. */
export const connectionBodySchema = z.strictObject({
  id: prefixedIdSchema('con').optional(),
  name: z
    .string('must be string')
    .regex(
      /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,126}[A-Za-z0-9])?$/,
      'must be 1 to 128 letters, digits or hyphens, and begin and end with a letter or digit',
    ),
  /** `auth0` is a directory of users here; any other is kept as data. */
  strategy: z
    .string('must be string')
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be the name of a strategy, like auth0, samlp or google-oauth2'),
  display_name: z.string('must be string').min(1, 'must NOT be empty').max(128).optional(),
  /** Ids of clients; left out, every client has it. */
  enabled_clients: z.array(z.string('must be string').min(1).max(64), 'must be array').max(10_000).optional(),
  options: z.record(z.string(), z.json('must be JSON'), 'must be object').default({}),
  metadata: z.record(z.string().max(255), z.string('must be string').max(255), 'must be object').default({}),
  /** Its name, where it is left out. */
  realms: z.array(z.string('must be string').min(1).max(255), 'must be array').max(10).optional(),
  is_domain_connection: yesOrNo.default(false),
});
export type ConnectionBody = z.infer<typeof connectionBodySchema>;

const { id: _id, name: _name, strategy: _strategy, ...members } = connectionBodySchema.shape;
const fixed = z.undefined('cannot be changed: DELETE this connection and make another').optional();
/** What PATCH may write; `null` takes it back. `metadata` is patched name by name. */
export const connectionPatchSchema = patchSchema({
  ...members,
  metadata: z
    .record(z.string().max(255), z.string('must be string').max(255).nullable(), 'must be object')
    .optional(),
  name: fixed,
  strategy: fixed,
});
export type ConnectionPatch = z.infer<typeof connectionPatchSchema>;

export interface Connection extends Omit<ConnectionBody, 'id' | 'realms'> {
  readonly id: string;
  readonly realms: readonly string[];
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}

export function connectionFrom(
  { id, realms, ...body }: ConnectionBody,
  { now, ...otherwise }: { readonly now: Date; readonly id: string },
): Connection {
  const at = now.toISOString();
  return { id: id ?? otherwise.id, ...body, realms: realms ?? [body.name], created_at: at, updated_at: at };
}

export function patchedConnection(
  connection: Connection,
  { metadata, ...patch }: ConnectionPatch,
  now: Date,
): Connection {
  const { created_at, updated_at: _, realms: kept, ...rest } = connection;
  const {
    id = connection.id,
    realms,
    ...body
  } = connectionBodySchema.parse({
    ...patched<ConnectionBody>({ ...rest, realms: [...kept] }, patch),
    metadata: metadata === null ? undefined : patched(connection.metadata, metadata ?? {}),
  });
  return { id, ...body, realms: realms ?? [body.name], created_at, updated_at: now.toISOString() };
}

/** Whether users of the connection log in at the client. */
export const isEnabledFor = (
  { enabled_clients: clients }: Pick<Connection, 'enabled_clients'>,
  clientId: string,
): boolean => clients === undefined || clients.includes(clientId);
