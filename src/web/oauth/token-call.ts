/** A request to the token endpoint, as what is below HTTP takes it. */
import type { FastifyRequest } from 'fastify';
import { readJsonParameters, readParameters, type Parameters } from '../../protocol/oauth/parameters.js';
import type { TokenCall } from '../../tokens/token-call.js';
import { JSON_MEDIA_TYPE } from '../border/json-body.js';
import { mediaTypeOf } from '../border/request-area.js';
import { apiRequestFactsOf } from '../request-facts.js';

/** By what the Content-Type says; the border lets nothing else in. `nested` may be objects, which are left out. Throws OAuthError. */
export function bodyParameters(request: FastifyRequest, nested: readonly string[] = []): Parameters {
  const body = request.body as Uint8Array;
  return mediaTypeOf(request.headers) === JSON_MEDIA_TYPE
    ? readJsonParameters(body, nested).parameters
    : readParameters(body);
}

/** The header `DPoP`, as sent. */
export const dpopOf = ({ headers: { dpop } }: FastifyRequest): string | undefined =>
  Array.isArray(dpop) ? dpop.join(', ') : dpop;

export function tokenCallOf(request: FastifyRequest): TokenCall {
  const forwardedFor = request.headers['auth0-forwarded-for'];
  return {
    read: () => bodyParameters(request),
    authorization: request.headers.authorization,
    http: apiRequestFactsOf(request),
    forwardedFor: Array.isArray(forwardedFor) ? forwardedFor[0] : forwardedFor,
    dpop: dpopOf(request),
  };
}
