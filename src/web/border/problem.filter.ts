import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { DatabaseError } from '../../storage/database.js';
import { operatorPage } from '../pages/operator-page.js';
import { prefersHtml } from '../pages/prefers-html.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { refusalPage } from '../pages/refusal-page.js';
import { BorderError, type BorderErrorCode } from './border-error.js';
import { FORM_LIMIT_IN_BYTES, FORM_MEDIA_TYPE } from './form-body.js';
import { BODY_LIMIT_IN_BYTES, JSON_MEDIA_TYPE } from './json-body.js';
import type { KnownRoutes } from './known-routes.js';
import { PROBLEM_JSON, problem, problemOf, statusOf, type ProblemDetails } from './problem-details.js';
import { areaOfRequest } from './request-area.js';
import type { Area } from './request-guard.js';

/** Writes down what nobody foresaw. `where` is method and route, without values. */
export type Report = (error: unknown, where: string) => void;

/** What Fastify's own refusals are in our words. */
const FASTIFY_CODES: ReadonlyMap<unknown, readonly [BorderErrorCode, string]> = new Map(
  Object.entries<readonly [BorderErrorCode, string]>({
    FST_ERR_CTP_BODY_TOO_LARGE: [
      'body_too_large',
      `The body is larger than ${BODY_LIMIT_IN_BYTES} bytes (1 MB), or ${FORM_LIMIT_IN_BYTES} of a form (256 kB).`,
    ],
    FST_ERR_CTP_INVALID_MEDIA_TYPE: [
      'content_type_unsupported',
      `Send the body with the header content-type: ${JSON_MEDIA_TYPE} to /api and /debug, ${FORM_MEDIA_TYPE} elsewhere.`,
    ],
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
      'invalid_request',
      'The body is not as long as its Content-Length says.',
    ],
    FST_ERR_BAD_URL: ['invalid_url', 'The path has a percent sign that begins no valid escape.'],
    FST_ERR_MAX_PARAM_LENGTH: ['url_too_long', 'A part of the path is too long.'],
  }),
);

/** Fastify's own refusal in our words, if `error` is one. */
export function namedRefusal(error: unknown): BorderError | undefined {
  const row = FASTIFY_CODES.get((error as { code?: unknown } | null)?.code);
  return row && new BorderError(row[0], row[1], { cause: error });
}

/** Who is answered, and where. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly area: Area;
}

/** A program of OAuth looks for `error` (RFC 6749 5.2). */
const oauthProblem = ({ status, code, detail }: ProblemDetails): Record<string, unknown> => ({
  error: status === 503 ? 'temporarily_unavailable' : status >= 500 ? 'server_error' : 'invalid_request',
  error_description: detail,
  code,
});

/** Sends a problem, unless an answer is already under way; in the open a browser gets it as a page, and a program of OAuth as its error. */
export function answer({ request, reply, area }: Exchange, known: MintmarkError | ProblemDetails): void {
  if (reply.sent) return;
  const details = known instanceof MintmarkError ? problemOf(known) : known;
  if (known instanceof BorderError) reply.headers(known.headers);
  reply.code(details.status);
  if (area === 'program') return void reply.send(oauthProblem(details));
  if (area === 'open') reply.header('vary', 'accept');
  if (area === 'open' && prefersHtml(request.headers.accept))
    void reply.send(sendProtocolPage(reply, pageOf(details), { formAction: 'none' }));
  else if (details.code === 'admin_token_required' && isPerson(request))
    void reply.send(sendProtocolPage(reply, operatorPage({ next: request.url }), { formAction: 'self' }));
  else void reply.type(PROBLEM_JSON).send(JSON.stringify(details));
}

const isPerson = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && prefersHtml(headers.accept);

function pageOf({ transaction_id: id, ...details }: ProblemDetails): string {
  return refusalPage({ ...details, transactionId: typeof id === 'string' ? id : null });
}

/** Answers every error that reaches the border with a problem (RFC 9457) or its page; what is not known is reported and answered as 500. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly routes: KnownRoutes,
    private readonly report: Report,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const known = this.named(error, request);
    const status = known instanceof MintmarkError ? statusOf(known.code) : known.status;
    if (status >= 500)
      this.report(error, `${request.method} ${request.routeOptions?.url ?? 'outside of every route'}`);
    answer({ request, reply, area: areaOfRequest(request) }, known);
  }

  private named(error: unknown, request: FastifyRequest): MintmarkError | ProblemDetails {
    if (error instanceof MintmarkError) return error;
    if (error instanceof DatabaseError && error.isUnavailability)
      return problem(
        'database_unavailable',
        503,
        'The database does not answer, or cannot write now. GET /health tells when it answers; the log of the server has the cause.',
      );
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const cause = error instanceof HttpException ? error.cause : error;
    if (cause instanceof MintmarkError) return cause;
    const refusal = namedRefusal(cause);
    if (refusal) return refusal;
    if (status === 404 && request.is404)
      return this.routes.explain(request.method, request.url.split('?', 1)[0]!);
    if (error instanceof HttpException && status < 500)
      return problem('invalid_request', status, error.message);
    return problem(
      'internal_error',
      500,
      'Something failed that nobody foresaw. The log of the server has the cause.',
    );
  }
}
