/** The only place that lays the border around an application. */
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { BorderError } from './border-error.js';
import { BODY_LIMIT_IN_BYTES, acceptJsonBodies } from './json-body.js';
import { KnownRoutes } from './known-routes.js';
import { ProblemFilter, answer, namedRefusal, type Report } from './problem.filter.js';
import { areaOf, refusalOf, type GuardPolicy } from './request-guard.js';
import { SchemaPipe } from './schema.pipe.js';

/** What the Fastify adapter is made with. */
export const borderOptions = {
  bodyLimit: BODY_LIMIT_IN_BYTES,
  // For all of a request to arrive; Fastify's own default is for ever.
  requestTimeout: 30_000,
  // An attribute's name stands in a path: 1024 characters of four bytes, each percent-encoded.
  routerOptions: { maxParamLength: 12_288 },
  // What the router refuses never comes to the filter.
  frameworkErrors: (error: unknown, _request: unknown, reply: unknown) =>
    answer(
      reply as FastifyReply,
      namedRefusal(error) ?? new BorderError('invalid_request', 'The request line is not understood.'),
    ),
} satisfies ConstructorParameters<typeof FastifyAdapter>[0];

/** Bodies of the control API are JSON; a form could be posted by any page. */
const isForeignBody = (headers: Readonly<Record<string, string | string[] | undefined>>): boolean => {
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
  const mediaType = String(headers['content-type'] ?? '').split(';', 1)[0]!;
  return hasBody && mediaType.trim().toLowerCase() !== 'application/json';
};

/**
 * Guards every request, reads JSON, checks schemas and answers problems. Call it once, before the application is initialised.
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
    const area = areaOf(request.is404 ? undefined : request.routeOptions.url);
    reply.header('x-content-type-options', 'nosniff');
    if (area === 'control') reply.header('cache-control', 'no-store');
    let refusal: BorderError | undefined;
    try {
      refusal = refusalOf({ method, area, headers }, policy());
    } catch (error) {
      // Fastify does not catch what a hook throws; without a policy nothing passes.
      return done(error as Error);
    }
    if (refusal) return done(refusal);
    if (area === 'control' && isForeignBody(headers))
      return done(
        new BorderError(
          'content_type_unsupported',
          'Send the body with the header content-type: application/json.',
        ),
      );
    return done();
  });
  acceptJsonBodies(app);
  app.useGlobalPipes(new SchemaPipe());
  app.useGlobalFilters(new ProblemFilter(routes, report));
}
