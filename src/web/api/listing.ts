/** Lists as Auth0's Management API gives them: pages by number, with or without the totals, or by checkpoint; all members or some. */
import { z } from 'zod';
import type { Listing, Page } from '../../storage/documents.js';

export const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');
/** A parameter that may be repeated. */
export const repeatable = z
  .union([z.string().max(2048), z.array(z.string().max(2048)).max(100)])
  .transform((given) => [given].flat());

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
/** Where a page begins, as its predecessor said it: its number and size, for callers a text without a meaning. */
const cursorOf = (page: number, take: number): string => Buffer.from(`${page}.${take}`).toString('base64url');
const CURSOR = /^(\d{1,9})\.([1-9]\d?|100)$/;
const cursorIn = (text: string): RegExpExecArray | null =>
  CURSOR.exec(Buffer.from(text, 'base64url').toString('latin1'));

interface PageAsked {
  readonly page: number;
  readonly per_page: number;
  readonly include_totals: boolean;
  readonly from?: string | undefined;
  readonly take?: number | undefined;
}
/** Of lists that are read by checkpoint too, which begins with `take`; `next` of each page is `from` of the one that follows. */
export const checkpointQuery = {
  ...pageQuery,
  from: z
    .string()
    .max(64)
    .refine((text) => cursorIn(text) !== null, 'must be the "next" that the page before came with')
    .optional(),
  take: z.coerce.number('must be number').int('must be integer').min(1).max(100).optional(),
};
/** Page and size, whichever way they were asked for: those of the checkpoint come first. */
export function atCheckpoint<Query extends PageAsked>(query: Query): Query {
  const [, page, size] = cursorIn(query.from ?? '') ?? [];
  if (page !== undefined) return { ...query, page: Number(page), per_page: Number(size) };
  return query.take === undefined ? query : { ...query, page: 0, per_page: query.take };
}
export const listQuerySchema = z.strictObject(checkpointQuery).overwrite(atCheckpoint);
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
  { page, per_page: perPage }: PageAsked,
): Listing<Item> => ({ items: items.slice(page * perPage, (page + 1) * perPage), total: items.length });

const WHOLE: Page = { page: 0, perPage: Number.MAX_SAFE_INTEGER };

/** Likewise, of those that fit, by what no column of the store tells; without a filter the store reads the page alone. */
export async function listedWhere<Item extends object>(
  read: (page: Page) => Promise<Listing<Item>>,
  query: PageAsked,
  fits: ((item: Item) => boolean) | undefined,
): Promise<Listing<Item>> {
  if (!fits) return read({ page: query.page, perPage: query.per_page });
  return paged((await read(WHOLE)).items.filter(fits), query);
}

/** A list, `{start, limit, length, total, <name>: list}`, or by checkpoint `{<name>: list, next}`, the last page without `next`. */
export function listed(
  name: string,
  { items, total }: Listing<object>,
  query: GetQuery & PageAsked,
): View | readonly View[] {
  const views = items.map((item) => chosenFields(item, query));
  const { page, per_page: limit, include_totals: withTotals } = query;
  if (query.take !== undefined || query.from !== undefined)
    return { [name]: views, ...((page + 1) * limit < total && { next: cursorOf(page + 1, limit) }) };
  return withTotals ? { start: page * limit, limit, length: views.length, total, [name]: views } : views;
}
