import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { JWT_BEARER_ASSERTION, readClientAuthentication, triedBasic } from './client-authentication.js';
import { OAuthError } from './oauth-error.js';

const read = (authorization: string | undefined, parameters: Readonly<Record<string, string>> = {}) =>
  readClientAuthentication(authorization, new Map(Object.entries(parameters)));
const refusal = (...request: Parameters<typeof read>): OAuthError => {
  try {
    read(...request);
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
/** As RFC 6749 says, by software of others. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
/** As oauth4webapi does. */
const encodedThoroughly = (text: string): string =>
  encodeURIComponent(text).replace(
    /[-_.!~*'()]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
const assertion = (sub: unknown): string =>
  `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.AAAA`;

test('any client may send its pair raw, or form-encoded in either manner: one of the readings is right', () => {
  const id = fc.string({ minLength: 1 }).filter((text) => !text.includes(':'));
  fc.assert(
    fc.property(id, fc.string({ unit: 'binary' }), (clientId, secret) => {
      const clientSecret = secret.toWellFormed();
      for (const encode of [(text: string) => text, formEncoded, encodedThoroughly]) {
        const result = read(basic(`${encode(clientId)}:${encode(clientSecret)}`));
        expect(result).toMatchObject({ method: 'client_secret_basic' });
        expect((result as { candidates: unknown }).candidates).toContainEqual({ clientId, clientSecret });
      }
    }),
  );
});

test('the raw reading comes first, and a reading that says the same is not repeated', () => {
  expect(read(basic('app:100%25'))).toEqual({
    method: 'client_secret_basic',
    candidates: [
      { clientId: 'app', clientSecret: '100%25' },
      { clientId: 'app', clientSecret: '100%' },
    ],
  });
  expect(read(basic('app:a:b'))).toMatchObject({ candidates: [{ clientId: 'app', clientSecret: 'a:b' }] });
  expect(read(basic('app:100%'))).toMatchObject({ candidates: { length: 1 } });
});

test('the scheme is written in letters of any size', () => {
  expect(read(`BASIC   ${Buffer.from('a:b').toString('base64url')}`)).toMatchObject({
    candidates: [{ clientId: 'a', clientSecret: 'b' }],
  });
  expect(triedBasic('basic')).toBe(true);
  expect(triedBasic('Bearer x')).toBe(false);
  expect(triedBasic(undefined)).toBe(false);
});

test.each([
  'Basic',
  'Basic ',
  'Basic %%%',
  `Basic ${Buffer.from('no colon').toString('base64')}`,
  'Basic /zo=',
  'Basic YTpi YTpi',
])('the header %s cannot be read', (header) => {
  const error = refusal(header);
  expect(error).toMatchObject({ case: 'client_credentials_malformed', code: 'invalid_client' });
});

test('what cannot be read does not come back in the message', () => {
  expect(refusal(basic('hunter2')).description).not.toContain('hunter2');
  expect(refusal('Basic hunter2!').description).not.toContain('hunter2');
});

test('a header whose client is named in the body too is one method, unless the two differ', () => {
  expect(read(basic('app:s'), { client_id: 'app' })).toMatchObject({ method: 'client_secret_basic' });
  expect(read(basic('a%2Db:s'), { client_id: 'a-b' })).toMatchObject({
    candidates: [{ clientId: 'a-b', clientSecret: 's' }],
  });
  expect(refusal(basic('app:s'), { client_id: 'other' }).code).toBe('invalid_request');
});

test('a secret or an assertion in the body, or the name alone', () => {
  expect(read(undefined, { client_id: 'app', client_secret: 's' })).toEqual({
    method: 'client_secret_post',
    clientId: 'app',
    clientSecret: 's',
  });
  const jwt = assertion('app');
  const sent = { client_assertion: jwt, client_assertion_type: JWT_BEARER_ASSERTION };
  const authentication = { method: 'private_key_jwt', clientId: 'app', assertion: jwt };
  expect(read(undefined, sent)).toEqual(authentication);
  expect(read(undefined, { ...sent, client_id: 'app' })).toEqual(authentication);
  expect(read(undefined, { client_id: 'app' })).toEqual({ method: 'none', clientId: 'app' });
  expect(read('Bearer x', { client_id: 'app' })).toEqual({ method: 'none', clientId: 'app' });
});

test.each([
  [basic('app:s'), { client_secret: 's', client_id: 'app' }],
  [basic('app:s'), { client_assertion: assertion('app') }],
  [undefined, { client_secret: 's', client_assertion: assertion('app') }],
])('two methods at once are refused', (header, parameters) => {
  expect(refusal(header, parameters)).toMatchObject({
    case: 'client_methods_many',
    code: 'invalid_request',
  });
});

test.each([
  [{ client_assertion: assertion('app') }, 'missing'],
  [{ client_assertion: assertion('app'), client_assertion_type: 'saml' }, "'saml'"],
  [{ client_assertion: 'x', client_assertion_type: JWT_BEARER_ASSERTION }, 'sub'],
  [{ client_assertion: assertion(7), client_assertion_type: JWT_BEARER_ASSERTION }, 'sub'],
  [
    { client_assertion: assertion('app'), client_assertion_type: JWT_BEARER_ASSERTION, client_id: 'b' },
    "'b'",
  ],
])('an assertion that cannot be asked after is refused', (parameters, reason) => {
  const error = refusal(undefined, parameters);
  // whose code is invalid_client in every dialect
  expect(error.case).toBe('client_assertion_invalid');
  expect(error.description).toContain(reason);
});

test('who names no client is told so', () => {
  expect(refusal(undefined).case).toBe('client_unnamed');
  expect(refusal(undefined, { client_secret: 's' }).case).toBe('client_unnamed');
  expect(refusal('Bearer x').case).toBe('client_unnamed');
});

test('whatever the header, it is read or refused by name', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `Basic ${text}`),
      ),
      (header) => {
        try {
          read(header, { client_id: 'app' });
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
        }
      },
    ),
  );
});
