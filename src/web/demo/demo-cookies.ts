/**
 * What the demo service provider remembers of a browser, in the browser itself: which requests it has sent, and who is logged in.
 * It guards nothing, so nothing keeps a person from writing their own; a real service provider keeps a session on its server.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

const REQUESTS = 'mintmark_demo_requests';
const LOGIN = 'mintmark_demo_login';
/** Tabs that may log in at the same time. */
const MOST_REQUESTS = 5;
const AN_HOUR = 3600;

export interface DemoLogin {
  readonly nameId: string;
  readonly format: string;
  readonly sessionIndex: string;
}

/** IDs of requests that were not answered yet, the latest last. */
export const readRequests = (request: FastifyRequest): string[] =>
  (cookie(request, REQUESTS) ?? '').split('.').filter((id) => /^_[0-9a-f]{40}$/.test(id));

export const writeRequests = (reply: FastifyReply, ids: readonly string[], secure: boolean): void =>
  write(reply, REQUESTS, ids.slice(-MOST_REQUESTS).join('.'), secure);

export function readLogin(request: FastifyRequest): DemoLogin | null {
  const value = cookie(request, LOGIN);
  if (value === undefined) return null;
  try {
    const login = JSON.parse(Buffer.from(value, 'base64url').toString()) as Readonly<
      Record<string, unknown>
    > | null;
    const { nameId, format, sessionIndex } = login ?? {};
    return typeof nameId === 'string' && typeof format === 'string' && typeof sessionIndex === 'string'
      ? { nameId, format, sessionIndex }
      : null;
  } catch {
    return null;
  }
}

export const writeLogin = (reply: FastifyReply, login: DemoLogin | null, secure: boolean): void =>
  write(reply, LOGIN, login ? Buffer.from(JSON.stringify(login)).toString('base64url') : '', secure);

const cookie = (request: FastifyRequest, name: string): string | undefined =>
  request.server.parseCookie(request.headers.cookie ?? '')[name];

/** An empty value takes it back. */
function write(reply: FastifyReply, name: string, value: string, secure: boolean): void {
  reply.setCookie(name, value, {
    path: '/demo/sp',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: value === '' ? 0 : AN_HOUR,
  });
}
