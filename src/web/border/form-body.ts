/**
 * Reads forms, which browsers post to the open routes. A body arrives as the raw string: a protocol message may be signed to the letter.
 * Programs' arrive as octets: who reads them tells the program what is wrong.
 */
import { isUtf8 } from 'node:buffer';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';
import { areaOfRequest } from './request-area.js';
import { BorderError } from './border-error.js';

export const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded';

/** Forms are read up to so many bytes: a signed request with its certificates is a tenth of it. */
export const FORM_LIMIT_IN_BYTES = 262_144;

/** Takes forms; the border keeps them from the control API. Call it before the application is initialised. */
export function acceptFormBodies(app: NestFastifyApplication): void {
  app.useBodyParser<RawServerDefault>(
    FORM_MEDIA_TYPE,
    { bodyLimit: FORM_LIMIT_IN_BYTES },
    (request, body, done) =>
      areaOfRequest(request) === 'program'
        ? done(null, body)
        : isUtf8(body)
          ? done(null, body.toString('utf8'))
          : done(new BorderError('invalid_request', 'The form is not UTF-8.'), undefined),
  );
}
