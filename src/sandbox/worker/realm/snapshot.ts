/**
 * Values for `console`, as JSON text that the worker makes look-alikes of (see printing.ts), so that they are printed as Node prints them
 * and no code of the author's is called from another realm. Depth and size are bounded; no getter is called.
 */
import {
  apply,
  branded,
  CUSTOM_INSPECT,
  dateValueOf,
  descriptorOf,
  functionText,
  isArray,
  isFinite,
  mapForEach,
  ownKeys,
  prototypeOf,
  quoted,
  read,
  regExpFlags,
  regExpSource,
  setForEach,
  slice,
  startsWith,
  symbolDescription,
  toText,
  typedArrayLength,
  typedArrayName,
} from './primordials.js';
import { framesIn } from './stack.js';

const DEEPEST = 5;
const MOST_ELEMENTS = 101;
const MOST_NODES = 4000;
const LONGEST_TEXT = 70_000;

/** Which errors are those of this realm or of Node's, and whose frames are shown. */
export interface Seen {
  readonly isError: (value: unknown) => boolean;
  readonly file: string;
}
interface State {
  readonly seen: Seen;
  nodes: number;
  count: number;
}
interface Around {
  readonly value: object;
  readonly id: number;
  readonly outer: Around | null;
  readonly depth: number;
}

export function snapshots(values: readonly unknown[], seen: Seen): string {
  const state: State = { seen, nodes: 0, count: 0 };
  let text = '[';
  for (let index = 0; index < values.length; index += 1) {
    text += (index === 0 ? '' : ',') + snapshot(values[index], null, state);
  }
  return `${text}]`;
}

const tagged = (tag: string, value: string): string => `{"t":"${tag}","v":${value}}`;
const raw = (text: string): string => tagged('raw', quoted(slice(text, 0, LONGEST_TEXT)));

function snapshot(value: unknown, around: Around | null, state: State): string {
  state.nodes += 1;
  switch (typeof value) {
    case 'string':
      return tagged('value', quoted(slice(value, 0, LONGEST_TEXT)));
    case 'number':
      return isFinite(value) ? tagged('value', toText(value)) : tagged('number', quoted(toText(value)));
    case 'boolean':
      return tagged('value', value ? 'true' : 'false');
    case 'undefined':
      return '{"t":"undefined"}';
    case 'bigint':
      return tagged('bigint', quoted(slice(toText(value), 0, LONGEST_TEXT)));
    case 'symbol':
      return tagged('symbol', quoted(symbolDescription(value) ?? ''));
    case 'function':
      return raw(nameOfFunction(value));
    case 'object':
    default:
      if (value === null) return tagged('value', 'null');
      try {
        return ofObject(value as object, around, state);
      } catch {
        return raw('[Object]');
      }
  }
}

function nameOfFunction(value: object): string {
  const name = descriptorOf(value, 'name')?.value as unknown;
  const known = typeof name === 'string' && name !== '' ? name : '';
  const text = branded(functionText, value) ?? '';
  if (startsWith(text, 'class')) return `[class ${known || '(anonymous)'}]`;
  const kind = startsWith(text, 'async') ? 'AsyncFunction' : 'Function';
  return known ? `[${kind}: ${known}]` : `[${kind} (anonymous)]`;
}

/** Of the nearest prototype that has one; `null` where there is no prototype. */
function classOf(value: object): string | null {
  let at = value as object | null;
  for (let steps = 0; at !== null && steps < 20; steps += 1) {
    const made = descriptorOf(at, 'constructor')?.value as unknown;
    const name = typeof made === 'function' ? (descriptorOf(made, 'name')?.value as unknown) : undefined;
    if (typeof name === 'string' && name !== '' && at !== value) return name;
    at = prototypeOf(at);
  }
  return prototypeOf(value) === null ? null : 'Object';
}

function ofObject(value: object, outer: Around | null, state: State): string {
  for (let at = outer; at !== null; at = at.outer)
    if (at.value === value) return tagged('circular', toText(at.id));
  const depth = (outer?.depth ?? 0) + 1;
  const name = classOf(value);
  if (depth > DEEPEST || state.nodes > MOST_NODES)
    return raw(isArray(value) ? '[Array]' : `[${name ?? 'Object'}]`);
  state.count += 1;
  const around: Around = { value, id: state.count, outer, depth };
  const custom = read(value, CUSTOM_INSPECT);
  if (typeof custom === 'function') {
    const said = branded(
      () =>
        apply(custom as (...args: unknown[]) => unknown, value, [
          2 - depth + 1,
          {},
          (inner: unknown) => toText(inner),
        ]),
      value,
    );
    if (typeof said === 'string') return raw(said);
    if (said !== undefined && said !== value) return snapshot(said, around, state);
  }
  return special(value, name, around, state) ?? ofPlain(value, name, around, state);
}

function special(value: object, name: string | null, around: Around, state: State): string | null {
  if (state.seen.isError(value)) return ofError(value, name, around, state);
  const date = branded(dateValueOf, value);
  if (date !== undefined) return tagged('date', isFinite(date) ? toText(date) : 'null');
  const array = branded(typedArrayName, value);
  if (array !== undefined) return ofTypedArray(value as Uint8Array, name ?? array);
  const source = name === 'RegExp' ? branded(regExpSource, value) : undefined;
  if (source !== undefined) return `{"t":"regexp","v":${quoted(source)},"f":${quoted(regExpFlags(value))}}`;
  return ofCollection(value, around, state) ?? (name === 'Promise' ? raw('Promise { … }') : null);
}

function ofError(value: object, name: string | null, around: Around, state: State): string {
  const stack = read(value, 'stack');
  const message = read(value, 'message');
  const said = read(value, 'name');
  const header = `${typeof said === 'string' ? said : (name ?? 'Error')}${
    typeof message === 'string' && message !== '' ? `: ${message}` : ''
  }`;
  const frames = typeof stack === 'string' ? framesIn(stack, header, state.seen.file).all : '';
  const text = quoted(slice(frames === '' ? `[${header}]` : header + frames, 0, LONGEST_TEXT));
  return `{"t":"error","v":${text},"i":${around.id},"e":${membersOf(value, around, state, true)}}`;
}

function ofTypedArray(value: Uint8Array, name: string): string {
  const length = typedArrayLength(value);
  let elements = '';
  for (let index = 0; index < length && index < MOST_ELEMENTS; index += 1) {
    elements += (index === 0 ? '' : ',') + quoted(toText(value[index]));
  }
  return `{"t":"typed","v":${quoted(name)},"n":${toText(length)},"e":[${elements}]}`;
}

function ofCollection(value: object, around: Around, state: State): string | null {
  let entries = '';
  let count = 0;
  const add = (text: () => string): void => {
    if (count < MOST_ELEMENTS) entries += (count === 0 ? '' : ',') + text();
    count += 1;
  };
  const map = branded((given) => {
    mapForEach(given, (element: unknown, key: unknown) =>
      add(() => `[${snapshot(key, around, state)},${snapshot(element, around, state)}]`),
    );
    return true;
  }, value);
  if (map) return `{"t":"map","i":${around.id},"e":[${entries}]}`;
  const set = branded((given) => {
    setForEach(given, (element: unknown) => add(() => snapshot(element, around, state)));
    return true;
  }, value);
  return set ? `{"t":"set","i":${around.id},"e":[${entries}]}` : null;
}

function ofPlain(value: object, name: string | null, around: Around, state: State): string {
  if (!isArray(value)) {
    const kind = name === null ? 'null' : quoted(slice(name, 0, 200));
    return `{"t":"object","c":${kind},"i":${around.id},"e":${membersOf(value, around, state, false)}}`;
  }
  let elements = '';
  for (let index = 0; index < value.length && index < MOST_ELEMENTS; index += 1) {
    const descriptor = descriptorOf(value, toText(index));
    const element = descriptor ? ofMember(descriptor, around, state) : '{"t":"undefined"}';
    elements += (index === 0 ? '' : ',') + element;
  }
  return `{"t":"array","i":${around.id},"n":${toText(value.length)},"e":[${elements}]}`;
}

function membersOf(value: object, around: Around, state: State, isError: boolean): string {
  const names = ownKeys(value);
  let members = '';
  for (let index = 0; index < names.length && state.nodes <= MOST_NODES; index += 1) {
    const name = names[index]!;
    const descriptor = descriptorOf(value, name);
    if (!descriptor || !(descriptor.enumerable || (isError && name === 'cause'))) continue;
    // The constructor's name is shown already, and `stack` says the rest.
    if (isError && (name === 'stack' || name === 'message')) continue;
    const key = typeof name === 'symbol' ? `[${toText(name)}]` : name;
    members += `${members === '' ? '' : ','}[${quoted(key)},${ofMember(descriptor, around, state)}]`;
  }
  return `[${members}]`;
}

function ofMember(descriptor: PropertyDescriptor, around: Around, state: State): string {
  if (descriptor.get) return raw(descriptor.set ? '[Getter/Setter]' : '[Getter]');
  if (descriptor.set) return raw('[Setter]');
  return snapshot(descriptor.value as unknown, around, state);
}
