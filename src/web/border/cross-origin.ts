/**
 * What pages of other origins may call and read (CORS, Fetch 3.2): the endpoints that clients call from the browser. No cookie counts there,
 * so none is let along; docs/decisions/oauth-cors.md says why not just any page may.
 */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BorderError } from './border-error.js';

/** Routes by who may read their answers: pages of a client, or any page, since what they tell is public. */
const READERS = new Map<string | undefined, 'clients' | 'anyone'>([
  ['/oauth/token', 'clients'],
  ['/oauth/revoke', 'clients'],
  ['/userinfo', 'clients'],
  ['/.well-known/openid-configuration', 'anyone'],
  ['/.well-known/oauth-authorization-server', 'anyone'],
  ['/.well-known/jwks.json', 'anyone'],
]);

/** Headers that SDKs send, and those that a script may see. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'Auth0-Client, Authorization, Content-Type, DPoP',
  'access-control-max-age': '600',
} as const;
const EXPOSED = 'DPoP-Nonce, Retry-After, WWW-Authenticate';

const UNKNOWN_ORIGIN =
  'Pages of this origin may not call here: no client has it among its allowed_origins, web_origins or callbacks. Add it to one of them.';

type IsAllowed = (origin: string) => Promise<boolean>;

/**
 * Tells browsers which pages may read an answer, and answers their preflights. Call it once, before the border is laid, so that a page may
 * read why it was refused there.
 */
export function answerPages(app: NestFastifyApplication, isAllowed: IsAllowed): void {
  const fastify = app.getHttpAdapter().getInstance();
  // not when the answer is sent: who sends it does not wait for those who look at it
  fastify.addHook('onRequest', (request, reply) => nameReader(request, reply, isAllowed));
  for (const url of READERS.keys()) fastify.options(url!, preflight);
}

/** The answer goes out even where nobody can say who may read it. */
const isReader = (origin: string, isAllowed: IsAllowed): Promise<boolean> =>
  isAllowed(origin).catch(() => false);

async function nameReader(request: FastifyRequest, reply: FastifyReply, isAllowed: IsAllowed): Promise<void> {
  const readers = request.is404 ? undefined : READERS.get(request.routeOptions.url);
  if (readers === undefined) return;
  if (readers === 'anyone') {
    reply.header('access-control-allow-origin', '*');
    return;
  }
  // a cache must not hand one page what was told to another
  reply.header('vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined || !(await isReader(origin, isAllowed))) return;
  reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED });
}

function preflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.headers.origin !== undefined && !reply.hasHeader('access-control-allow-origin'))
    throw new BorderError('cross_origin_refused', UNKNOWN_ORIGIN);
  return reply.code(204).headers(PREFLIGHT).send();
}
