/** Makes resource servers and changes them. */
import type { Issue } from '../protocol/field-errors.js';
import { invalidBody } from './invalid-body.js';
import { patched } from './patch.js';
import {
  resourceServerBodySchema,
  type ResourceServer,
  type ResourceServerBody,
  type ResourceServerPatch,
} from './resource-server.js';

/** As Auth0 has it; never longer than the other tokens. */
const LIFETIME_FOR_WEB = 7_200;

export interface ResourceServerCircumstances {
  readonly now: Date;
  /** Stands where HS256 is asked for and no secret is given or kept. */
  readonly signingSecret: string;
}

/** Throws `invalid_body` for members that do not go together. */
export function resourceServerFrom(
  body: ResourceServerBody,
  { now, ...otherwise }: ResourceServerCircumstances & { readonly id: string },
): ResourceServer {
  const { id = otherwise.id, ...rest } = body;
  const at = now.toISOString();
  return { id, ...settled(rest, otherwise.signingSecret), is_system: false, created_at: at, updated_at: at };
}

/** The resource server with what the patch says. Throws as `resourceServerFrom`. */
export function patchedResourceServer(
  api: ResourceServer,
  patch: ResourceServerPatch,
  { now, signingSecret }: ResourceServerCircumstances,
): ResourceServer {
  const { id, is_system, created_at, updated_at: _, ...kept } = api;
  const laid = patched<Omit<ResourceServerBody, 'id'>>(kept, patch);
  // what was kept for the other algorithms, or for longer lives, must not refuse what the patch asks for
  if (patch.signing_secret === undefined && laid.signing_alg !== undefined && laid.signing_alg !== 'HS256')
    delete laid.signing_secret;
  if (patch.token_lifetime_for_web === undefined && laid.token_lifetime !== undefined)
    laid.token_lifetime_for_web = Math.min(api.token_lifetime_for_web, laid.token_lifetime);
  const body = resourceServerBodySchema.parse(laid);
  return { id, ...settled(body, signingSecret), is_system, created_at, updated_at: now.toISOString() };
}

/** Members that do not go together. */
export function resourceServerFaults({
  signing_alg: alg,
  signing_secret: secret,
  token_lifetime: lifetime,
  token_lifetime_for_web: forWeb,
}: Omit<ResourceServerBody, 'id'>): readonly Issue[] {
  if (alg !== 'HS256' && secret !== undefined)
    return [
      {
        path: ['signing_secret'],
        message: `is for HS256 alone, and signing_alg is ${alg}: leave one of them out`,
      },
    ];
  if (forWeb !== undefined && forWeb > lifetime)
    return [{ path: ['token_lifetime_for_web'], message: `must be <= token_lifetime, which is ${lifetime}` }];
  return [];
}

function settled(
  body: Omit<ResourceServerBody, 'id'>,
  signingSecret: string,
): Omit<ResourceServer, 'id' | 'is_system' | 'created_at' | 'updated_at'> {
  const faults = resourceServerFaults(body);
  if (faults.length > 0) throw invalidBody(faults);
  const { name, signing_secret: secret, token_lifetime_for_web: forWeb, ...rest } = body;
  return {
    ...rest,
    name: name ?? body.identifier,
    ...(body.signing_alg === 'HS256' && { signing_secret: secret ?? signingSecret }),
    token_lifetime_for_web: forWeb ?? Math.min(LIFETIME_FOR_WEB, body.token_lifetime),
  };
}
