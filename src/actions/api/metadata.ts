/** The rules of session and refresh token metadata (actions-api.md 2 and 10): a map of short strings. */

export type Metadata = Readonly<Record<string, string>>;

const MOST_ENTRIES = 25;
const LONGEST = 255;

const flawOfKey = (key: string): string | undefined => {
  if (key.length > LONGEST) return `All metadata keys must be at most ${LONGEST} characters long`;
  if (key.includes('\0')) return 'Metadata keys must not contain null bytes (\\x00)';
  if (!/^[A-Za-z0-9_-]+$/.test(key))
    return 'Metadata keys may only include letters, numbers, underscores, or hyphens';
  // Written into an object, it would set nothing or the object's prototype.
  return key === '__proto__' ? 'Metadata keys must not be __proto__' : undefined;
};

/** Auth0 counts UTF-16 units here, not code points. */
const flawOfValue = (value: string): string | undefined => {
  if (value.length > LONGEST) return `All metadata values must be at most ${LONGEST} characters long`;
  return value.includes('\0') ? 'Metadata values must not contain null bytes (\\x00)' : undefined;
};

/** The map without the entry; the same map where it has none. */
export const withoutEntry = (metadata: Metadata, key: unknown): Metadata =>
  typeof key === 'string' && Object.hasOwn(metadata, key)
    ? Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== key))
    : metadata;

/**
 * The map with the entry set, or with `null` deleted.
 * Auth0 keeps a refused entry in its working copy, so that later calls fail until it is deleted; here a refused call leaves nothing behind.
 */
export function withEntry(metadata: Metadata, key: unknown, value: unknown): Metadata {
  const refuse = (flaw: string): never => {
    throw new Error(`Invalid metadata: ${flaw}`);
  };
  if (typeof key !== 'string') return refuse('Metadata key must be a string');
  if (value === null) return withoutEntry(metadata, key);
  if (typeof value !== 'string') return refuse('Metadata value must be a string');
  const flaw = flawOfKey(key) ?? flawOfValue(value);
  if (flaw !== undefined) return refuse(flaw);
  const changed = { ...metadata, [key]: value };
  return Object.keys(changed).length > MOST_ENTRIES
    ? refuse(`Metadata must not contain more than ${MOST_ENTRIES} entries`)
    : changed;
}

/** Runs a change and says of its failure what failed. */
export function prefixed<Result>(what: string, change: () => Result): Result {
  try {
    return change();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
