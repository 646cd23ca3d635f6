/** How a partial JSON object is laid over another one. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * `base` with `over` laid on it: objects merge, `null` takes the member away, anything else replaces it whole, lists too.
 * Only own members count, and `__proto__` is none, so that no name in `over` reaches a prototype. Neither argument changes.
 */
export function merged(base: JsonObject, over: JsonObject): JsonObject {
  const members = new Map<string, unknown>(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    const known = members.get(name);
    if (value === null || name === '__proto__') members.delete(name);
    else members.set(name, isObject(value) ? merged(isObject(known) ? known : {}, value) : value);
  }
  return Object.fromEntries(members);
}

/** `base` with the top-level members of `over`; `null` takes one away. */
export function overlaid(base: unknown, over: JsonObject): JsonObject {
  const members = new Map<string, unknown>(isObject(base) ? Object.entries(base) : []);
  for (const [name, value] of Object.entries(over))
    if (value === null || name === '__proto__') members.delete(name);
    else members.set(name, value);
  return Object.fromEntries(members);
}

/** What is left of a value when it is written as JSON and read again, and of no name that stands for a prototype. */
export function plainJson<Value>(value: Value): Value {
  const text = JSON.stringify(value);
  return JSON.parse(
    text,
    text.includes('"__proto__"')
      ? (name, member: unknown) => (name === '__proto__' ? undefined : member)
      : undefined,
  ) as Value;
}
