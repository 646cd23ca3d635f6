import { expect, test } from 'vitest';
import { chosenFields, listQuerySchema, listed, paged } from './listing.js';

const query = (given: Record<string, string> = {}) => listQuerySchema.parse(given);
const listing = {
  items: [
    { id: 'a', name: 'A' },
    { id: 'b', name: 'B' },
  ],
  total: 7,
};

test('a list is an array, and with the totals a member of an object', () => {
  expect(listed('things', listing, query())).toEqual(listing.items);
  expect(listed('things', listing, query({ include_totals: 'true', page: '2', per_page: '2' }))).toEqual({
    start: 4,
    limit: 2,
    length: 2,
    total: 7,
    things: listing.items,
  });
});

test('a list is read by checkpoint to its end, with pages of one size', () => {
  const all = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
  const pages: unknown[] = [];
  for (let next: string | undefined = ''; next !== undefined;) {
    const asked = query({ take: '2', include_totals: 'true', ...(next !== '' && { from: next }) });
    const page = listed('things', paged(all, asked), asked) as { things: unknown; next?: string };
    pages.push(page.things);
    expect(Object.keys(page).toSorted()).toEqual(page.next === undefined ? ['things'] : ['next', 'things']);
    ({ next } = page);
  }
  expect(pages).toEqual([[{ id: 'a' }, { id: 'b' }], [{ id: 'c' }, { id: 'd' }], [{ id: 'e' }]]);
});

test('a checkpoint brings its size along', () => {
  const first = listed('things', { items: [], total: 7 }, query({ take: '3' })) as { next: string };
  expect(query({ from: first.next })).toMatchObject({ page: 1, per_page: 3 });
});

test('fields are named to be shown, or to be left out', () => {
  const view = { id: 'a', name: 'A', secret: 's' };
  expect(chosenFields(view, query({ fields: 'id, name' }))).toEqual({ id: 'a', name: 'A' });
  expect(chosenFields(view, query({ fields: 'secret', include_fields: 'false' }))).toEqual({
    id: 'a',
    name: 'A',
  });
  expect(chosenFields(view, query())).toEqual(view);
});

test.each([
  { per_page: '101' },
  { per_page: '-1' },
  { page: '1.5' },
  { page: 'x' },
  { page: '1e300' },
  { include_totals: 'yes' },
  { per_pag: '1' },
  { take: '0' },
  { take: '101' },
  { from: 'somewhere' },
  { from: Buffer.from('1.0').toString('base64url') },
])('a query that is not understood is refused: %j', (given) => {
  expect(listQuerySchema.safeParse(given).success).toBe(false);
});
