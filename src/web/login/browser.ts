import type { FastifyRequest } from 'fastify';
import type { Browser } from '../../login/browser-login.js';
import { BorderError } from '../border/border-error.js';
import { readBrowserToken, readSessionToken } from '../cookies.js';
import { requestFactsOf } from '../request-facts.js';

/** A GET here takes a login or a logout further, and its answer comes once; whoever only looks (HEAD) would lose it. Throws `method_not_allowed`. */
export function refuseHead({ method }: FastifyRequest): void {
  if (method !== 'HEAD') return;
  throw new BorderError('method_not_allowed', 'Logins and logouts go by GET and POST, not by HEAD.', {
    headers: { allow: 'GET, POST' },
  });
}

/** `longestValue`: where a parameter may carry a whole token, more of it is to be kept than of others. */
export const browserOf = (request: FastifyRequest, longestValue?: number): Browser => ({
  sessionToken: readSessionToken(request),
  browserToken: readBrowserToken(request),
  // browsers name the origin of every post (Fetch 3.1); programs do not, and theirs bring what they have
  isPostOfPage: request.method === 'POST' && request.headers.origin !== undefined,
  request: requestFactsOf(request, longestValue),
});
