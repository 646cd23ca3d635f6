/** Lists as Auth0's Management API gives them: pages by number, with or without the totals, all members or some. */
import { z } from 'zod';
import type { Listing } from '../../storage/documents.js';

export const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');

/** Which members of a resource are answered. */
export const fieldsQuery = {
  /** Names, separated by commas. */
  fields: z.string().max(1024).optional(),
  /** `false` leaves the named ones out instead. */
  include_fields: flag.default(true),
};
export const pageNumbers = {
  /** The first is 0. */
  page: z.coerce.number('must be number').int('must be integer').min(0).default(0),
  per_page: z.coerce.number('must be number').int('must be integer').min(0).max(100).default(50),
  /** With the totals the list is a member of an object; lists of Actions always are. */
  include_totals: flag.default(false),
};
export const pageQuery = { ...fieldsQuery, ...pageNumbers };
export const listQuerySchema = z.strictObject(pageQuery);
export const getQuerySchema = z.strictObject(fieldsQuery);
export type ListQuery = z.infer<typeof listQuerySchema>;
export type GetQuery = z.infer<typeof getQuerySchema>;

type View = Record<string, unknown>;

/** The members that the query asks for. */
export function chosenFields(view: object, { fields, include_fields: include }: GetQuery): View {
  if (fields === undefined) return { ...view };
  const named = new Set(fields.split(',').map((name) => name.trim()));
  return Object.fromEntries(Object.entries(view).filter(([name]) => named.has(name) === include));
}

/** The page that the query asks for of a list that is read whole. */
export const paged = <Item extends object>(
  items: readonly Item[],
  { page, per_page: perPage }: ListQuery,
): Listing<Item> => ({ items: items.slice(page * perPage, (page + 1) * perPage), total: items.length });

/** A list, or `{start, limit, length, total, <name>: list}`. */
export function listed(
  name: string,
  { items, total }: Listing<object>,
  query: ListQuery,
): View | readonly View[] {
  const views = items.map((item) => chosenFields(item, query));
  const { page, per_page: limit, include_totals: withTotals } = query;
  return withTotals ? { start: page * limit, limit, length: views.length, total, [name]: views } : views;
}
