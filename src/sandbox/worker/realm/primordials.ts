/**
 * The language as it was before the author's code ran: an Action may change any prototype of its own context, and whatever works beside it
 * must not follow. Hence no method of a value, no `for…of`, no spread and no array pattern in this folder.
 */
export const GLOBAL = globalThis as unknown as Record<PropertyKey, unknown>;

export const apply = Reflect.apply;
export const ownKeys = Reflect.ownKeys;
export const descriptorOf = Reflect.getOwnPropertyDescriptor;
export const defineProperty = Reflect.defineProperty;
export const deleteProperty = Reflect.deleteProperty;
export const prototypeOf = Reflect.getPrototypeOf;
export const objectKeys = Object.keys;
export const createObject = Object.create;
export const isArray = Array.isArray;
export const isFinite = Number.isFinite;
export const isSame = Object.is;
export const parseJson = JSON.parse as (text: string) => unknown;
/** A string as JSON; of a string nobody asks for `toJSON`. */
export const quoted = JSON.stringify as (text: string) => string;
export const toText = String;
export const toNumber = Number;

/** A method (or getter) as a function that takes its object first, whatever becomes of the prototype. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the method answers
function detached<Result>(
  prototype: object,
  name: PropertyKey,
): (self: unknown, ...args: unknown[]) => Result {
  const { value, get } = descriptorOf(prototype, name)!;
  const method = (value ?? get) as (...given: unknown[]) => unknown;
  return (self, ...args) => apply(method, self, args) as Result;
}

export const slice = detached<string>(String.prototype, 'slice');
export const indexOf = detached<number>(String.prototype, 'indexOf');
export const lastIndexOf = detached<number>(String.prototype, 'lastIndexOf');
export const startsWith = detached<boolean>(String.prototype, 'startsWith');
export const charCodeAt = detached<number>(String.prototype, 'charCodeAt');
export const symbolDescription = detached<string | undefined>(Symbol.prototype, 'description');
export const stringValueOf = detached<string>(String.prototype, 'valueOf');
export const numberValueOf = detached<number>(Number.prototype, 'valueOf');
export const booleanValueOf = detached<boolean>(Boolean.prototype, 'valueOf');
export const dateValueOf = detached<number>(Date.prototype, 'valueOf');
export const regExpSource = detached<string>(RegExp.prototype, 'source');
export const regExpFlags = detached<string>(RegExp.prototype, 'flags');
export const mapForEach = detached<void>(Map.prototype, 'forEach');
export const setForEach = detached<void>(Set.prototype, 'forEach');
export const functionText = detached<string>(Function.prototype, 'toString');
export const hasInstance = detached<boolean>(Function.prototype, Symbol.hasInstance);
const typedArray = prototypeOf(Uint8Array.prototype) as object;
export const typedArrayName = detached<string | undefined>(typedArray, Symbol.toStringTag);
export const typedArrayLength = detached<number>(typedArray, 'length');

export const weakGet = detached<unknown>(WeakMap.prototype, 'get');
export const weakSet = detached<unknown>(WeakMap.prototype, 'set');

export const ErrorOfRealm = Error;
export const captureStackTrace = Error.captureStackTrace.bind(Error) as (
  holder: object,
  above?: object,
) => void;
export const CUSTOM_INSPECT = Symbol.for('nodejs.util.inspect.custom');
export const TO_STRING_TAG = Symbol.toStringTag;
export const HAS_INSTANCE = Symbol.hasInstance;

/** Prototype-less, so that a lookup finds what was put there and nothing else. */
export const ERRORS: Readonly<Record<string, new (message: string) => Error>> = Object.assign(
  Object.create(null) as Record<string, new (message: string) => Error>,
  { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError },
);

/** An own member that nothing inherited can catch. */
export const put = (object: object, name: PropertyKey, value: unknown): void => {
  defineProperty(object, name, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor);
};
/** The same, hidden from enumeration, as builtins are. */
export const putHidden = (object: object, name: PropertyKey, value: unknown): void => {
  defineProperty(object, name, {
    __proto__: null,
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  } as PropertyDescriptor);
};
/** An own member, where there is one and reading it does not throw. */
export function read(value: unknown, name: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}
/** The value, where it is what a brand check accepts. */
export function branded<Result>(check: (value: unknown) => Result, value: unknown): Result | undefined {
  try {
    return check(value);
  } catch {
    return undefined;
  }
}
