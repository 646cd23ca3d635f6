import type { ActionEvent } from './event.js';

/** The event with one value set, or with `undefined` taken out; objects on the way are made. The one given stays as it is. */
export const changedEvent = (event: ActionEvent, path: readonly string[], value: unknown): ActionEvent =>
  changed(event, path, value) as ActionEvent;

function changed(at: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const members = typeof at === 'object' && at !== null ? Object.entries(at) : [];
  const before = members.find(([known]) => known === name)?.[1] as unknown;
  const after = changed(before, rest, value);
  const others = members.filter(([known]) => known !== name);
  return Object.fromEntries(after === undefined ? others : [...others, [name, after]]);
}
