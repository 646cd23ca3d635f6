/** The only place that lays the border around an application. */
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { keepCookies, readOperatorPass } from '../cookies.js';
import { BorderError } from './border-error.js';
import { FORM_MEDIA_TYPE, acceptFormBodies } from './form-body.js';
import { BODY_LIMIT_IN_BYTES, JSON_MEDIA_TYPE, acceptJsonBodies } from './json-body.js';
import { KnownRoutes } from './known-routes.js';
import { isOperatorPass } from './operator-pass.js';
import { ProblemFilter, answer, namedRefusal, type Report } from './problem.filter.js';
import { areaOfRequest, mediaTypeOf } from './request-area.js';
import { refusalOf, type Area, type GuardPolicy } from './request-guard.js';
import { SchemaPipe } from './schema.pipe.js';

/** Before what programs and browsers of OAuth clients call. */
const DOUBLE_SLASH =
  /^\/{2,}(?=(?:oauth|v1\/oauth|oidc|\.well-known)\/|(?:authorize|userinfo|v2\/logout)(?:[?/]|$))/;

/** What the Fastify adapter is made with. */
export const borderOptions = {
  bodyLimit: BODY_LIMIT_IN_BYTES,
  // For all of a request to arrive; Fastify's own default is for ever.
  requestTimeout: 30_000,
  // A signed request stands in the address, beside the cookies of every server on localhost; Node's own 16 kB end without a page of ours.
  http: { maxHeaderSize: 65_536 },
  // An attribute's name stands in a path: 1024 characters of four bytes, each percent-encoded.
  routerOptions: { maxParamLength: 12_288 },
  // Libraries that are given the issuer where they want a domain write `https://host//oauth/token`.
  rewriteUrl: ({ url = '/' }) => url.replace(DOUBLE_SLASH, '/'),
  // What the router refuses never comes to the filter.
  frameworkErrors: (error: unknown, request: unknown, reply: unknown) =>
    answer(
      { request: request as FastifyRequest, reply: reply as FastifyReply, area: 'open' },
      namedRefusal(error) ?? new BorderError('invalid_request', 'The request line is not understood.'),
    ),
} satisfies ConstructorParameters<typeof FastifyAdapter>[0];

/**
 * What each area reads. Any page can post a form, so the control API takes none; what is open is posted by browsers; programs send forms, as
 * OAuth has it, or JSON, as Auth0's libraries do.
 */
const BODIES: Readonly<Partial<Record<Area, readonly string[]>>> = {
  control: [JSON_MEDIA_TYPE],
  open: [FORM_MEDIA_TYPE],
  program: [FORM_MEDIA_TYPE, JSON_MEDIA_TYPE],
};

/** Why the body is none for its route; what no route takes is refused as that. */
function refusedBodyOf(request: FastifyRequest, area: Area): BorderError | undefined {
  const { headers } = request;
  const expected = BODIES[area];
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
  if (!hasBody || expected === undefined || request.is404) return undefined;
  if (expected.includes(mediaTypeOf(headers))) return undefined;
  return new BorderError(
    'content_type_unsupported',
    `Send the body with the header content-type: ${expected.join(' or ')}.`,
  );
}

/**
 * Guards every request, reads bodies, checks schemas and answers problems: JSON for the control API, octets for programs, forms (as raw
 * strings) elsewhere. Call it once, before the application is initialised.
 * `policy` is asked on each request, since the port may be known only after listening.
 */
export function layBorder(
  app: NestFastifyApplication,
  { policy, report }: { readonly policy: () => GuardPolicy; readonly report: Report },
): void {
  const fastify = app.getHttpAdapter().getInstance();
  const routes = new KnownRoutes();
  fastify.addHook('onRoute', ({ method, url }) => routes.add(method, url));
  fastify.addHook('onRequest', (request, reply, done) => {
    const { method, headers } = request;
    const area = areaOfRequest(request);
    const isOperator = (hash: string): boolean => isOperatorPass(readOperatorPass(request), hash, new Date());
    reply.header('x-content-type-options', 'nosniff');
    if (area === 'control' || area === 'program') reply.header('cache-control', 'no-store');
    let refusal: BorderError | undefined;
    try {
      refusal = refusalOf({ method, area, headers, isOperator }, policy());
    } catch (error) {
      // Fastify does not catch what a hook throws; without a policy nothing passes.
      return done(error as Error);
    }
    return done(refusal ?? refusedBodyOf(request, area));
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    // so that `@Body() body: string` is one, though a post may come without any
    const area = areaOfRequest(request);
    if (area === 'open') request.body ??= '';
    if (area === 'program') request.body ??= Buffer.alloc(0);
    done();
  });
  // Node writes octets as they are; a text it would put behind the headers first, and encode both: a copy of a whole page.
  fastify.addHook('onSend', (_request, _reply, payload, done) =>
    done(null, typeof payload === 'string' && payload !== '' ? Buffer.from(payload) : payload),
  );
  keepCookies(fastify, () => policy().origin.startsWith('https:'));
  acceptJsonBodies(app);
  acceptFormBodies(app);
  app.useGlobalPipes(new SchemaPipe());
  app.useGlobalFilters(new ProblemFilter(routes, report));
}
