import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { askedAudience, askedScopes, keptParameters, required } from './token-request.js';

const caseOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error instanceof OAuthError ? error.case : error;
  }
};

test('what proves who somebody is is not kept, and nothing becomes a prototype', () => {
  const parameters = new Map([
    ['grant_type', 'password'],
    ['password', 'hunter2'],
    ['code', 'c'],
    ['refresh_token', 'r'],
    ['client_secret', 's'],
    ['client_assertion', 'a'],
    ['code_verifier', 'v'],
    ['__proto__', 'polluted'],
    ['ext-theme', 'dark'],
  ]);
  expect(keptParameters(parameters)).toEqual({ grant_type: 'password', 'ext-theme': 'dark' });
});

test('whatever comes, what is kept is bounded', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ maxLength: 300 }), fc.string({ maxLength: 5000 })), { maxLength: 80 }),
      (entries) => {
        const kept = Object.entries(keptParameters(new Map(entries)));
        expect(kept.length).toBeLessThanOrEqual(50);
        expect(kept.reduce((sum, [name, value]) => sum + name.length + value.length, 0)).toBeLessThanOrEqual(
          16_384,
        );
      },
    ),
  );
});

test('scopes are words, and a request may say nothing of them', () => {
  expect(askedScopes(new Map([['scope', ' a  b a ']]))).toEqual(['a', 'b']);
  expect(askedScopes(new Map())).toBeUndefined();
  expect(caseOf(() => askedScopes(new Map([['scope', 'a "b"']])))).toBe('scope_invalid');
});

test('audience comes before resource, and what is required is named where it is missing', () => {
  expect(askedAudience(new Map([['resource', 'r']]))).toBe('r');
  expect(
    askedAudience(
      new Map([
        ['resource', 'r'],
        ['audience', 'a'],
      ]),
    ),
  ).toBe('a');
  expect(caseOf(() => required(new Map(), 'code', 'send it'))).toBe('parameter_missing');
});
