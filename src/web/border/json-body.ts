/** Reads JSON bodies so that what arrives is what was sent, or is refused: UTF-8 only, no forged prototypes. */
import { isUtf8 } from 'node:buffer';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';
import { areaOfRequest } from './request-area.js';
import { BorderError } from './border-error.js';

export const JSON_MEDIA_TYPE = 'application/json';

/** Bodies are read up to so many bytes. */
export const BODY_LIMIT_IN_BYTES = 1_048_576;

/** Line and column of a JSON syntax error; the engine's own words would quote the body, secrets and all. */
function whereOf(error: unknown, text: string): string {
  const position = /at position (\d+)/.exec(String(error))?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` at line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

/** Why a body that the parser refused is none: broken syntax, or a name that would forge an object's prototype. */
function refusalOf(body: Buffer): BorderError {
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  try {
    JSON.parse(text);
  } catch (error) {
    return new BorderError('invalid_json', `The body is not JSON${whereOf(error, text)}.`);
  }
  return new BorderError(
    'invalid_json',
    'The body has a member named __proto__, or constructor with prototype in it, at some depth; no such name is taken.',
  );
}

/** Takes `application/json` alone for JSON; an empty body is no body. Call it before the application is initialised. */
export function acceptJsonBodies(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeContentTypeParser('text/plain');
  const parse = fastify.getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>(
    JSON_MEDIA_TYPE,
    { bodyLimit: BODY_LIMIT_IN_BYTES },
    (request, body, done) => {
      // whether a member stands twice, JSON.parse does not tell
      if (areaOfRequest(request) === 'program') return done(null, body);
      if (body.length === 0) return done(null, undefined);
      if (!isUtf8(body))
        return done(new BorderError('invalid_json', 'The body is not UTF-8 (RFC 8259 8.1).'), undefined);
      return void parse(request, body.toString('utf8'), (error, value) =>
        error ? done(refusalOf(body), undefined) : done(null, value),
      );
    },
  );
}
