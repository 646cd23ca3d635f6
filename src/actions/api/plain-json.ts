/**
 * An author's value as JSON.stringify would write it and JSON.parse read it back: what they hand to Auth0 goes the same way. Members that
 * are `undefined`, functions or symbols are left out (`null` in arrays), NaN and the infinities become `null`, bigints throw.
 */

/** Deeper values could exhaust the stack of a JSON reader; tokens take no deeper ones either. */
const DEEPEST = 100;

/** `undefined` where JSON would say nothing at all. Throws TypeError. */
export const plainJson = (value: unknown): unknown => read(value, 0);

function read(value: unknown, depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // `+ 0` turns -0, which JSON cannot say, into 0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (typeof value === 'bigint')
    throw new TypeError('JSON cannot say a BigInt; pass it as a string (String(value)) or as a number');
  return typeof value === 'object' ? readObject(value, depth + 1) : undefined;
}

function readObject(value: object, depth: number): unknown {
  if (depth > DEEPEST)
    throw new TypeError(`the value is nested deeper than ${DEEPEST} levels, or contains itself`);
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => read(item, depth) ?? null);
  const members = Object.entries(value).map(([name, member]) => [name, read(member, depth)] as const);
  // fromEntries makes own members of every name, `__proto__` too.
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

/** UTF-8 bytes of a value that is JSON already. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Makes an own member of every name: assigning to `__proto__` would set the prototype instead. */
export function put<Value>(values: Record<string, Value>, name: string, value: Value): void {
  Object.defineProperty(values, name, { value, configurable: true, enumerable: true, writable: true });
}

/** The same with one member more, or another value of it. */
export const withMember = <Value>(
  values: Readonly<Record<string, Value>>,
  name: string,
  value: Value,
): Record<string, Value> => Object.fromEntries([...Object.entries(values), [name, value]]);
