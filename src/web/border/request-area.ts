import type { FastifyRequest } from 'fastify';
import { areaOf, type Area } from './request-guard.js';

/** Of the route that takes the request; what no route takes is open. */
export const areaOfRequest = (request: FastifyRequest): Area =>
  areaOf(request.is404 ? undefined : request.routeOptions.url);
