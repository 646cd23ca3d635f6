/**
 * The cookies of a browser: its session, the token that tells it from other browsers before anybody has logged in, and an operator's pass.
 * Scripts cannot read them, and SameSite=Lax keeps them from posts of other sites. With TLS their names begin with `__Host-`, so that
 * no sibling domain can plant one (RFC 6265bis 4.1.3.2). They hold random tokens, or what is sealed already.
 */
import fastifyCookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const SESSION = 'mintmark_session';
const BROWSER = 'mintmark_browser';
const OPERATOR = 'mintmark_operator';

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether the base URL is https; known once the server listens. */
    cookiesAreSecure(): boolean;
  }
}

/** Teaches `fastify` cookies; they are parsed where somebody asks for them. Call it before the application is initialised. */
export function keepCookies(fastify: FastifyInstance, areSecure: () => boolean): void {
  fastify.decorate('cookiesAreSecure', areSecure);
  void fastify.register(fastifyCookie, { hook: false });
}

const nameOf = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** Of base64url; anything else was not made here. */
const TOKEN = /^[\w-]{1,512}$/;

/** Of several cookies of one name the first, which is the one with the longest path (RFC 6265 5.4). */
function read({ server, headers }: FastifyRequest, name: string): string | undefined {
  const value = server.parseCookie(headers.cookie ?? '')[nameOf(name, server.cookiesAreSecure())];
  return value !== undefined && TOKEN.test(value) ? value : undefined;
}

const write = (
  reply: FastifyReply,
  name: string,
  token: string,
  secure: boolean,
  expires?: Date,
  sameSite: 'lax' | 'strict' = 'lax',
): void =>
  void reply.setCookie(nameOf(name, secure), token, {
    path: '/',
    httpOnly: true,
    sameSite,
    secure,
    ...(expires && { expires }),
  });

export const readSessionToken = (request: FastifyRequest): string | undefined => read(request, SESSION);

/** `secure`: whether the base URL is https. */
export const setSessionCookie = (
  reply: FastifyReply,
  token: string,
  { expiresAt, secure }: { readonly expiresAt: Date | null; readonly secure: boolean },
): void => write(reply, SESSION, token, secure, expiresAt ?? undefined);

export const clearSessionCookie = (reply: FastifyReply, secure: boolean): void =>
  write(reply, SESSION, '', secure, new Date(0));

export const readBrowserToken = (request: FastifyRequest): string | undefined => read(request, BROWSER);

/** Until the browser is closed. */
export const setBrowserCookie = (
  reply: FastifyReply,
  token: string,
  { secure }: { readonly secure: boolean },
): void => write(reply, BROWSER, token, secure);

export const readOperatorPass = (request: FastifyRequest): string | undefined => read(request, OPERATOR);

/** No page of another site may make use of it, not even by a link. */
export const setOperatorCookie = (
  reply: FastifyReply,
  pass: string,
  { expiresAt, secure }: { readonly expiresAt: Date; readonly secure: boolean },
): void => write(reply, OPERATOR, pass, secure, expiresAt, 'strict');
