import type { FastifyRequest } from 'fastify';
import type { Browser } from '../../login/browser-logins.service.js';
import { readBrowserToken, readSessionToken } from '../cookies.js';

export const browserOf = (request: FastifyRequest): Browser => ({
  sessionToken: readSessionToken(request),
  browserToken: readBrowserToken(request),
  // browsers name the origin of every post (Fetch 3.1); programs do not, and theirs bring what they have
  isPostOfPage: request.method === 'POST' && request.headers.origin !== undefined,
});
