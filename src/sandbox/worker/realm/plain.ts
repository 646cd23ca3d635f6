/** An author's values on their way out as JSON text (the encoding of actions/plain-value.ts), and those of members on their way in. */
import {
  apply,
  booleanValueOf,
  branded,
  createObject,
  ERRORS,
  isArray,
  isFinite,
  isSame,
  numberValueOf,
  objectKeys,
  put,
  quoted,
  startsWith,
  stringValueOf,
  symbolDescription,
  toNumber,
  toText,
} from './primordials.js';

const DEEPEST = 32;

const TypeErrorOfRealm = ERRORS['TypeError']!;
const bigIntOf = BigInt;
const symbolOf = Symbol;

/** The objects around a value. */
interface Around {
  readonly value: object;
  readonly outer: Around | null;
  readonly depth: number;
}
interface Budget {
  left: number;
}

/** The arguments of one call. Throws TypeError where they cannot be said: cycles, too deep, too large; and whatever a getter throws. */
export function encodeArguments(args: readonly unknown[], limit: number): string {
  const budget = { left: limit };
  let text = '[';
  for (let index = 0; index < args.length; index += 1) {
    text += (index === 0 ? '' : ',') + encode(args[index], toText(index), null, budget);
  }
  return `${text}]`;
}

function spend(text: string, budget: Budget): string {
  budget.left -= text.length;
  if (budget.left < 0) throw new TypeErrorOfRealm('the arguments are too large: 1 MB is the most');
  return text;
}

const marked = (name: string, value: string): string => `{"$${name}":${value}}`;

function encode(given: unknown, key: string, around: Around | null, budget: Budget): string {
  const value = unboxed(asJson(given, key));
  switch (typeof value) {
    case 'string':
      // Before it is quoted: a string may be larger than all there is room for.
      spend(value, budget);
      return quoted(value);
    case 'number':
      return spend(
        isFinite(value) && !isSame(value, -0)
          ? toText(value)
          : marked('number', isSame(value, -0) ? '"-0"' : quoted(toText(value))),
        budget,
      );
    case 'boolean':
      return spend(value ? 'true' : 'false', budget);
    case 'undefined':
      return spend(marked('undefined', 'true'), budget);
    case 'bigint':
      return spend(marked('bigint', quoted(toText(value))), budget);
    case 'symbol':
      return spend(marked('symbol', quoted(symbolDescription(value) ?? '')), budget);
    case 'function': {
      const { name } = value as { name: unknown };
      return spend(marked('function', quoted(typeof name === 'string' ? name : '')), budget);
    }
    case 'object':
    default:
      return value === null ? spend('null', budget) : encodeObject(value as object, around, budget);
  }
}

/** `toJSON`, as JSON.stringify asks for it. */
function asJson(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'bigint') return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? apply(toJSON as (name: string) => unknown, value, [key]) : value;
}
function unboxed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return (
    branded(stringValueOf, value) ?? branded(numberValueOf, value) ?? branded(booleanValueOf, value) ?? value
  );
}

function encodeObject(value: object, outer: Around | null, budget: Budget): string {
  for (let at = outer; at !== null; at = at.outer) {
    if (at.value === value) throw new TypeErrorOfRealm('an argument contains itself (it is circular)');
  }
  const around: Around = { value, outer, depth: (outer?.depth ?? 0) + 1 };
  if (around.depth > DEEPEST)
    throw new TypeErrorOfRealm(`an argument is nested more than ${DEEPEST} levels deep`);
  spend('{}', budget);
  if (isArray(value)) {
    let elements = '';
    const { length } = value as { length: number };
    for (let index = 0; index < length; index += 1) {
      const element = encode((value as unknown[])[index], toText(index), around, budget);
      elements += (index === 0 ? '' : ',') + element;
    }
    return `[${elements}]`;
  }
  const names = objectKeys(value);
  let members = '';
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index]!;
    const member = encode((value as Record<string, unknown>)[name], name, around, budget);
    members += `${index === 0 ? '' : ','}${quoted(spend(name, budget))}:${member}`;
  }
  const text = `{${members}}`;
  return names.length === 1 && startsWith(names[0], '$') ? marked('object', text) : text;
}

/** The opposite, for what JSON.parse made of it in this realm; what it hands back is new. */
export function decode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) {
    const elements: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) put(elements, index, decode(value[index]));
    return elements;
  }
  const names = objectKeys(value);
  const name = names.length === 1 ? names[0]! : '';
  const member = (value as Record<string, unknown>)[name];
  switch (name) {
    case '$undefined':
      return undefined;
    case '$bigint':
      return bigIntOf(member as string);
    case '$number':
      return toNumber(member);
    case '$symbol':
      return symbolOf(member as string);
    case '$object':
      return decodeMembers(member as object);
    default:
      return decodeMembers(value);
  }
}
function decodeMembers(value: object): object {
  const members = {};
  const names = objectKeys(value);
  for (let index = 0; index < names.length; index += 1) {
    put(members, names[index]!, decode((value as Record<string, unknown>)[names[index]!]));
  }
  return members;
}

/** Sets (or with `undefined` deletes) a value in the event that the author holds; objects on the way are made. */
export function changeIn(event: object, path: readonly string[], value: unknown): void {
  let at = event;
  for (let index = 0; index < path.length - 1; index += 1) {
    const next = (at as Record<string, unknown>)[path[index]!];
    if (typeof next === 'object' && next !== null) at = next;
    else {
      const made = {};
      put(at, path[index]!, made);
      at = made;
    }
  }
  const name = path[path.length - 1]!;
  if (value === undefined) delete (at as Record<string, unknown>)[name];
  else put(at, name, decode(value));
}

/** Without a prototype. */
export const emptyTable = <Value>(): Record<string, Value> => createObject(null) as Record<string, Value>;
