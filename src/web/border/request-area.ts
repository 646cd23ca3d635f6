import type { FastifyRequest } from 'fastify';
import { areaOf, type Area } from './request-guard.js';

/** Of the route that takes the request; what no route takes is open. */
export const areaOfRequest = (request: FastifyRequest): Area =>
  areaOf(request.is404 ? undefined : request.routeOptions.url);

/** Of the body, in lower case and without parameters; empty where there is none. */
export const mediaTypeOf = (headers: FastifyRequest['headers']): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
