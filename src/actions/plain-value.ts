/**
 * Values of an author's code as JSON: what JSON cannot say is an object with one member whose name begins with `$`. A real object that
 * looks like that is wrapped in `{"$object": …}`. Encoding expects values without getters and cycles; the sandbox copies them so.
 */

const marked = (name: string, value: unknown): unknown => ({ [name]: value });

export function encodePlain(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return marked('$undefined', true);
    case 'bigint':
      return marked('$bigint', String(value));
    case 'symbol':
      return marked('$symbol', value.description ?? '');
    case 'function':
      return marked('$function', value.name);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : marked('$number', numberText(value));
    case 'object':
      return encodeObject(value);
    case 'string':
    case 'boolean':
      break;
  }
  return value;
}

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function encodeObject(value: object | null): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(encodePlain);
  const members = Object.entries(value);
  const encoded = fromEntries(members.map(([name, member]) => [name, encodePlain(member)]));
  return members.length === 1 && members[0]![0].startsWith('$') ? marked('$object', encoded) : encoded;
}

/** The opposite. Functions come back as functions that throw, so that a type check sees what the author passed. */
export function decodePlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(decodePlain);
  const members = Object.entries(value);
  const [name, member] = members.length === 1 ? members[0]! : ['', undefined];
  switch (name) {
    case '$undefined':
      return undefined;
    case '$bigint':
      return /^-?\d{1,4096}$/.test(String(member)) ? BigInt(String(member)) : undefined;
    case '$symbol':
      return Symbol(String(member));
    case '$function':
      return namedFunction(String(member));
    case '$number':
      return Number(member);
    case '$object':
      return typeof member === 'object' && member !== null ? decodeMembers(Object.entries(member)) : member;
    default:
      return decodeMembers(members);
  }
}

const decodeMembers = (members: readonly [string, unknown][]): unknown =>
  fromEntries(members.map(([name, member]) => [name, decodePlain(member)]));

/** `Object.fromEntries` defines members, so that `__proto__` is one like any other. */
const fromEntries = (members: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(members);

function namedFunction(name: string): () => never {
  const placeholder = (): never => {
    throw new TypeError('a function of the author’s cannot be called here');
  };
  return Object.defineProperty(placeholder, 'name', { value: name });
}

/** For people: `undefined`, `NaN`, `[function name]`, and JSON as it is. */
export function shownPlain(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return value.toString();
    case 'function':
      return `[function ${value.name}]`;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      if (value === null) return null;
      return Array.isArray(value)
        ? value.map(shownPlain)
        : fromEntries(Object.entries(value).map(([name, member]) => [name, shownPlain(member)]));
    case 'string':
    case 'boolean':
      break;
  }
  return value;
}
