import type { FastifyRequest } from 'fastify';
import type { Browser } from '../../login/browser-logins.service.js';
import { readBrowserToken, readSessionToken } from '../cookies.js';

export const browserOf = (request: FastifyRequest): Browser => ({
  sessionToken: readSessionToken(request),
  browserToken: readBrowserToken(request),
});
