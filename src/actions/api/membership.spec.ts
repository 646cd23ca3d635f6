import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { distinct, idFor, pageOf, soughtOf } from './membership.js';

const all = ['a', 'b', 'c'].map((id) => ({ id }));

test('an id follows from the name alone', () => {
  expect(idFor('rol', 'Admin')).toBe('rol_c1c224b03cd9bc7b');
  expect(idFor('grp', 'Admin')).toBe('grp_c1c224b03cd9bc7b');
  expect(idFor('rol', 'admin')).not.toBe(idFor('rol', 'Admin'));
});

test('pages are cut by take and go on from next', () => {
  expect(pageOf(all, undefined)).toEqual({ items: all });
  expect(pageOf(all, {})).toEqual({ items: all });
  expect(pageOf(all, { take: 3 })).toEqual({ items: all });
  expect(pageOf(all, { take: 2 })).toEqual({ items: all.slice(0, 2), next: 'b' });
  expect(pageOf(all, { take: 2, from: 'b' })).toEqual({ items: all.slice(2) });
  expect(pageOf(all, { from: 'c' })).toEqual({ items: [] });
  expect(pageOf([], { take: 1 })).toEqual({ items: [] });
});

test('50 is the default and 100 the most', () => {
  const many = Array.from({ length: 120 }, (_, index) => ({ id: `${index}` }));
  expect(pageOf(many, undefined).items).toHaveLength(50);
  expect(pageOf(many, { take: 100 }).items).toHaveLength(100);
  expect(() => pageOf(many, { take: 101 })).toThrow('The "take" parameter must be at most 100.');
});

test('whoever follows next meets every item once, in order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 100 }), (ids, take) => {
      const items = ids.map((id) => ({ id }));
      const met: string[] = [];
      let from: string | undefined;
      do {
        const page = pageOf(items, { take, from });
        met.push(...page.items.map(({ id }) => id));
        from = page.next;
      } while (from !== undefined);
      expect(met).toEqual(ids);
    }),
  );
});

test.each<[unknown, string]>([
  [null, 'params must be object'],
  [5, 'params must be object'],
  [{ from: 1 }, 'The "from" parameter must be a string if provided.'],
  [{ from: null }, 'The "from" parameter must be a string if provided.'],
  [{ from: 'x' }, 'The "from" parameter must be the "next" of the page before.'],
  [{ take: 0 }, 'The "take" parameter must be a positive integer if provided.'],
  [{ take: -1 }, 'The "take" parameter must be a positive integer if provided.'],
  [{ take: 1.5 }, 'The "take" parameter must be a positive integer if provided.'],
  [{ take: '1' }, 'The "take" parameter must be a positive integer if provided.'],
  [{ take: null }, 'The "take" parameter must be a positive integer if provided.'],
  [{ limit: 1 }, 'params must NOT have additional properties: "limit" is not one of take, from'],
])('the page %j is refused', (params, message) => {
  expect(() => pageOf(all, params)).toThrow(refusal(message));
});

test('what is sought is a list of strings with something in it', () => {
  expect(soughtOf('ids', ['a', ''], 2)).toEqual(['a', '']);
  for (const none of [undefined, null, 'a', {}, [], [1], ['a', null]])
    expect(() => soughtOf('ids', none, 2)).toThrow(
      new Error('The "ids" parameter must be a non-empty array of strings.'),
    );
  expect(() => soughtOf('ids', ['a', 'b', 'c'], 2)).toThrow(
    new Error('The "ids" parameter must have at most 2 items.'),
  );
});

test('of each id there is one', () => {
  expect(distinct([...all, { id: 'a' }])).toEqual(all);
});
