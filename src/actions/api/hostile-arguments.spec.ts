/** Whatever an author hands to a member, it is accepted or refused in words, and what is refused leaves nothing behind. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiRun } from '../../../test/support/api-run.js';
import { AUTHENTICATION } from './authentication.js';
import { GROUPS } from './groups.js';
import type { ApiRun, Member } from './member.js';
import { MULTIFACTOR } from './multifactor.js';
import { PROMPT } from './prompt.js';
import { REDIRECT } from './redirect.js';
import { REFRESH_TOKEN } from './refresh-token.js';
import { ROLES } from './roles.js';
import { SESSION } from './session.js';

const MEMBERS: readonly Member[] = [
  ...AUTHENTICATION,
  ...GROUPS,
  ...MULTIFACTOR,
  ...PROMPT,
  ...REDIRECT,
  ...REFRESH_TOKEN,
  ...ROLES,
  ...SESSION,
];

const words = (text: string): readonly string[] => text.trim().split(/\s+/);
const OPTIONS = words(`
  type options additionalFactors otpFallback preferredMethod allowRememberBrowser providerOptions host ikey skey username
  fields vars query secret payload expiresInSeconds tokenParameterName preserveRefreshTokens take from __proto__ constructor`);
const WORDS = words(`
  otp push phone sms any duo none persistent https://example.test/?a=1 javascript:1 session_token __proto__ constructor a`);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(...WORDS),
  fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1, Number.NaN, 1n, Symbol('s'), () => 1, true),
  fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 2 }),
);
/** Objects that come close to what members take, for three levels. */
const near = (depth: number): fc.Arbitrary<unknown> =>
  depth === 0
    ? leaf
    : fc.oneof(
        leaf,
        fc
          .array(fc.tuple(fc.constantFrom(...OPTIONS), near(depth - 1)), { maxLength: 3 })
          .map((entries) => Object.fromEntries(entries)),
        fc.array(near(depth - 1), { maxLength: 2 }),
      );
const argumentLists = fc.array(near(3), { maxLength: 3 });

const runs: readonly (() => ApiRun)[] = [
  () => apiRun(),
  () =>
    apiRun({
      event: {
        request: { query: { session_token: 'a.b.c', state: 's' }, body: {} },
        session: { id: 'sid_1', metadata: { a: '1' } },
        transaction: { protocol: 'oauth2-refresh-token' },
        refresh_token: { id: 'rt_1', metadata: { a: '1' } },
        user: { user_id: 'auth0|jane', groups: ['a', { name: 'b' }] },
        authorization: { roles: ['a', 'b'] },
      },
    }),
];
const seen = ({ draft, wishes, event }: ApiRun): unknown => structuredClone({ draft, wishes, event });

test.each(MEMBERS.map((member) => [member.name, member] as const))(
  '%s accepts or refuses whatever it is given',
  (_name, member) => {
    fc.assert(
      fc.property(fc.constantFrom(...runs), argumentLists, (begin, args) => {
        const run = begin();
        const before = seen(run);
        let thrown: unknown;
        try {
          member.call(run, args);
        } catch (error) {
          thrown = error;
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).not.toBe('');
          // An accident in our own code would be one of these.
          expect((error as Error).message).not.toMatch(
            /undefined \(reading|is not a function|Cannot convert/,
          );
        }
        if (thrown !== undefined || !member.hasEffect) expect(seen(run)).toEqual(before);
        // The server judges each call again, by itself.
        const again = begin();
        if (thrown === undefined) member.call(again, args);
        else expect(() => member.call(again, args)).toThrow((thrown as Error).message);
        expect(seen(again)).toEqual(seen(run));
        expect(JSON.parse(JSON.stringify(seen(run)))).toEqual(seen(run));
      }),
    );
  },
);
