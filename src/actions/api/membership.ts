/**
 * What groups and roles share (actions-api.md 10): ids for things of which the event tells the name alone, paging, and lists to look for.
 * They are looked up in the event, so a test says with the transaction's partial `event` what there is to be found.
 */
import { hash } from 'node:crypto';
import { optionsOf } from './arguments.js';

/** Always the same for a name: an Action that was written against one run finds it in the next. */
export const idFor = (prefix: 'rol' | 'grp', name: string): string =>
  `${prefix}_${hash('sha256', name, 'hex').slice(0, 16)}`;

const MOST_PER_PAGE = 100;
const DEFAULT_PER_PAGE = 50;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** What `from` takes; absent on the last page. */
  readonly next?: string;
}

/** The page that `{ take, from }` asks for. A cursor is the id of the last item before the page. */
export function pageOf<Item extends { readonly id: string }>(
  all: readonly Item[],
  given: unknown,
): Page<Item> {
  const { from, take = DEFAULT_PER_PAGE } = optionsOf('params', given, ['take', 'from']);
  if (from !== undefined && typeof from !== 'string')
    throw new Error('The "from" parameter must be a string if provided.');
  if (typeof take !== 'number' || !Number.isInteger(take) || take <= 0)
    throw new Error('The "take" parameter must be a positive integer if provided.');
  if (take > MOST_PER_PAGE) throw new Error(`The "take" parameter must be at most ${MOST_PER_PAGE}.`);
  const before = from === undefined ? -1 : all.findIndex(({ id }) => id === from);
  if (from !== undefined && before === -1)
    throw new Error('The "from" parameter must be the "next" of the page before.');
  const items = all.slice(before + 1, before + 1 + take);
  const last = items.at(-1);
  return last !== undefined && last !== all.at(-1) ? { items, next: last.id } : { items };
}

/** A list of names or ids to look for. */
export function soughtOf(name: string, value: unknown, most: number): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string'))
    throw new Error(`The "${name}" parameter must be a non-empty array of strings.`);
  if (value.length > most) throw new Error(`The "${name}" parameter must have at most ${most} items.`);
  return value;
}

/** One of each id. */
export const distinct = <Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];
