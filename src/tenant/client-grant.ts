/** A client grant: what a client may ask of an API, for itself or for its users (`/api/v2/client-grants` of Auth0). */
import { z } from 'zod';
import type { Issue } from '../protocol/field-errors.js';
import { invalidBody } from './invalid-body.js';
import { patched, patchSchema } from './patch.js';
import type { ResourceServer } from './resource-server.js';
import { audienceText, scopeValue } from './scope-value.js';
import { prefixedIdSchema } from './tenant-ids.js';

/** Whether tokens are for the client itself, or for a user of it. */
export const SUBJECT_TYPES = ['client', 'user'] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];
export const subjectType = z.enum(SUBJECT_TYPES, { error: 'must be client or user' });

/** What a caller may write. */
export const clientGrantBodySchema = z.strictObject({
  id: prefixedIdSchema('cgr').optional(),
  client_id: z.string('must be string').min(1, 'must NOT be empty').max(64),
  /** The identifier of a resource server. */
  audience: audienceText,
  scope: z.array(scopeValue, 'must be array').max(1000, 'must NOT have more than 1000 items').default([]),
  subject_type: subjectType.default('client'),
  /** Whatever scopes the API has, also those to come. */
  allow_all_scopes: z.boolean('must be boolean').default(false),
  organization_usage: z
    .enum(['deny', 'allow', 'require'], { error: 'must be deny, allow or require' })
    .default('deny'),
  allow_any_organization: z.boolean('must be boolean').default(false),
});
export type ClientGrantBody = z.infer<typeof clientGrantBodySchema>;

const {
  id: _id,
  client_id: _client,
  audience: _audience,
  subject_type: _type,
  ...members
} = clientGrantBodySchema.shape;
const fixed = z.undefined('cannot be changed: DELETE this grant and make another').optional();
/** What PATCH may write; `null` takes it back. */
export const clientGrantPatchSchema = patchSchema({
  ...members,
  client_id: fixed,
  audience: fixed,
  subject_type: fixed,
});
export type ClientGrantPatch = z.infer<typeof clientGrantPatchSchema>;

export interface ClientGrant extends Omit<ClientGrantBody, 'id'> {
  readonly id: string;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}

/** Throws `invalid_body` for scopes that the API does not have. */
export function clientGrantFrom(
  { id, ...body }: ClientGrantBody,
  { now, api, ...otherwise }: { readonly now: Date; readonly api: ResourceServer; readonly id: string },
): ClientGrant {
  refuseForeignScopes(body, api);
  const at = now.toISOString();
  return { id: id ?? otherwise.id, ...body, created_at: at, updated_at: at };
}

/** The grant with what the patch says. Throws as `clientGrantFrom`, where the patch names scopes. */
export function patchedClientGrant(
  grant: ClientGrant,
  patch: ClientGrantPatch,
  { now, api }: { readonly now: Date; readonly api: ResourceServer },
): ClientGrant {
  const { created_at, updated_at: _, ...kept } = grant;
  const { id = grant.id, ...body } = clientGrantBodySchema.parse(patched<ClientGrantBody>(kept, patch));
  if (patch.scope !== undefined) refuseForeignScopes(body, api);
  return { id, ...body, created_at, updated_at: now.toISOString() };
}

function refuseForeignScopes(body: Omit<ClientGrantBody, 'id'>, api: ResourceServer): void {
  const faults = clientGrantFaults(body, api);
  if (faults.length > 0) throw invalidBody(faults);
}

/** Scopes that the API does not have, or that stand beside all of them. */
export function clientGrantFaults(
  { scope, allow_all_scopes: all }: Pick<ClientGrantBody, 'scope' | 'allow_all_scopes'>,
  api: Pick<ResourceServer, 'identifier' | 'scopes'>,
): readonly Issue[] {
  if (all && scope.length > 0)
    return [{ path: ['scope'], message: 'must be empty beside allow_all_scopes, which grants every scope' }];
  const had = new Set(api.scopes.map(({ value }) => value));
  return scope.flatMap((value, index) =>
    had.has(value) ? [] : [{ path: ['scope', index], message: unknownScope(value, api) }],
  );
}

/** Says that the API has no such scope, and where it gets one. */
export const unknownScope = (
  value: string,
  { identifier, scopes }: Pick<ResourceServer, 'identifier' | 'scopes'>,
): string =>
  `the API ${identifier} has no scope "${value}"; ${
    scopes.length === 0
      ? 'it has none yet: give it some first'
      : `it has ${scopes
          .slice(0, 8)
          .map((scope) => scope.value)
          .join(', ')}${scopes.length > 8 ? ', …' : ''}`
  }`;

/** What the grant gives: never a scope that the API has no more. */
export function grantedScopes(
  { scope, allow_all_scopes: all }: Pick<ClientGrant, 'scope' | 'allow_all_scopes'>,
  { scopes }: Pick<ResourceServer, 'scopes'>,
): readonly string[] {
  const had = scopes.map(({ value }) => value);
  return all ? had : had.filter((value) => scope.includes(value));
}
