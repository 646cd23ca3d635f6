/** What holds for every member of `api`, whatever an author passes. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ApiRun, Member } from '../../src/actions/api/member.js';

/** Names and values at which members look twice. */
const TELLING = [
  '',
  ' ',
  'scope',
  '__proto__',
  'constructor',
  'toString',
  'a b',
  'read:all',
  'https://example.com/claim',
  'x'.repeat(101),
  'x'.repeat(5000),
  'x'.repeat(40_000),
  '\u{1F600}'.repeat(64),
  '\0',
  '\uD800',
  0,
  -0,
  -1,
  1e300,
  2 ** 53,
  NaN,
  Infinity,
  null,
  undefined,
  0n,
  true,
];

const argument = fc.oneof(
  fc.constantFrom(...TELLING),
  fc.string(),
  fc.array(fc.oneof(fc.string(), fc.constantFrom(...TELLING)), { maxLength: 12 }),
  fc.record(
    {
      ttl: fc.oneof(fc.double(), fc.constantFrom(...TELLING)),
      expires_at: fc.oneof(fc.double(), fc.constantFrom(...TELLING)),
      toString: fc.constant(null),
      toJSON: fc.func(fc.anything()),
    },
    { requiredKeys: [] },
  ),
  fc.func(fc.anything()),
  fc.constantFrom(Symbol('s'), Symbol.iterator),
  // What the sandbox hands on is copied: no accessors, and no class but Object and Array.
  fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
);

const left = (run: ApiRun): unknown =>
  structuredClone({ draft: run.draft, wishes: run.wishes, event: run.event, cache: run.cache });

/** Calls that throw leave nothing behind and say why; the others leave JSON. A few calls follow one another, as in a handler. */
export async function survivesAnyArguments(members: readonly Member[], runOf: () => ApiRun): Promise<void> {
  const call = fc.record({
    member: fc.constantFrom(...members),
    args: fc.array(argument, { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (calls) => {
      const run = runOf();
      for (const { member, args } of calls) {
        const before = left(run);
        let threw = false;
        try {
          await member.call(run, args);
        } catch (error) {
          if (!(error instanceof Error) || error.message === '') throw error;
          threw = true;
        }
        if (threw) expect(left(run)).toEqual(before);
        if (!member.hasEffect) expect(left(run)).toEqual(before);
        const source = member.sets?.(args) ?? null;
        expect(source === null || source !== '').toBe(true);
      }
      expect(JSON.parse(JSON.stringify(run.draft))).toEqual(run.draft);
      expect(JSON.parse(JSON.stringify(run.wishes))).toEqual(run.wishes);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(prototypesOf(run.draft).every((prototype) => PLAIN.has(prototype))).toBe(true);
    }),
    { numRuns: 300 },
  );
}

const PLAIN: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype]);
/** Of the value and all that hangs on it; one that was set through `__proto__` shows here. */
function prototypesOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return [Object.getPrototypeOf(value), ...Object.values(value).flatMap(prototypesOf)];
}
