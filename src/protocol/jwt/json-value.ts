/**
 * Reads a JavaScript value as JSON, strictly: what JSON.stringify would lose or turn into null without a word is a flaw here.
 * Dates become ISO instants and `undefined` members are left out, as every JSON writer does.
 */

/** Where the value is not JSON, and why. */
interface JsonFlaw {
  /** JSON pointer within the value; empty for the value itself. */
  readonly pointer: string;
  /** Reads on after "is": `a function`, `NaN`. */
  readonly what: string;
}
type JsonReading = { readonly value: unknown } | { readonly flaw: JsonFlaw };

/** Deeper values could exhaust the stack of a JSON reader. */
const DEEPEST = 100;

class Flawed extends Error {
  constructor(readonly flaw: JsonFlaw) {
    super(flaw.what);
  }
}

/** One reference token of a JSON pointer (RFC 6901 3). */
export const pointerToken = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const kindOf = (value: object): string => {
  const { constructor } = value;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'unnamed class';
};

/** Plain here or in another realm: the prototype is nothing, or has nothing above it. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

function read(value: unknown, pointer: string, above: readonly object[]): unknown {
  const refuse = (what: string): never => {
    throw new Flawed({ pointer, what });
  };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : refuse(String(value));
  if (typeof value !== 'object') return refuse(value === undefined ? 'undefined' : `a ${typeof value}`);
  if (Object.prototype.toString.call(value) === '[object Date]') {
    const date = value as Date;
    return Number.isNaN(date.getTime()) ? refuse('an invalid Date') : date.toISOString();
  }
  if (above.includes(value)) return refuse('a circle: it contains itself');
  if (above.length >= DEEPEST) return refuse(`nested deeper than ${DEEPEST} levels`);
  const here = [...above, value];
  if (Array.isArray(value))
    return Array.from(value, (item: unknown, index) => read(item, `${pointer}/${index}`, here));
  if (!isPlain(value)) return refuse(`an instance of ${kindOf(value)}`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // fromEntries makes own members of every name, `__proto__` too.
  return Object.fromEntries(
    members.map(([name, member]) => [name, read(member, `${pointer}/${pointerToken(name)}`, here)]),
  );
}

export function readJson(value: unknown): JsonReading {
  try {
    return { value: read(value, '', []) };
  } catch (error) {
    if (error instanceof Flawed) return { flaw: error.flaw };
    throw error;
  }
}
