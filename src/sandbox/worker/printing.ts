/** Prints what realm/snapshot.ts says of values, as Node's console does, from look-alikes: nothing of the author's is touched here. */
import { format, inspect } from 'node:util';

type Entries = readonly (readonly [string, Snapshot])[];
type Snapshot =
  | { readonly t: 'value'; readonly v: string | number | boolean | null }
  | { readonly t: 'undefined' }
  | { readonly t: 'number' | 'bigint' | 'symbol' | 'raw'; readonly v: string }
  | { readonly t: 'circular'; readonly v: number }
  | { readonly t: 'date'; readonly v: number | null }
  | { readonly t: 'regexp'; readonly v: string; readonly f: string }
  | { readonly t: 'error'; readonly v: string; readonly i: number; readonly e: Entries }
  | { readonly t: 'typed'; readonly v: string; readonly n: number; readonly e: readonly string[] }
  | { readonly t: 'map'; readonly i: number; readonly e: readonly (readonly [Snapshot, Snapshot])[] }
  | { readonly t: 'set'; readonly i: number; readonly e: readonly Snapshot[] }
  | { readonly t: 'object'; readonly c: string | null; readonly i: number; readonly e: Entries }
  | { readonly t: 'array'; readonly i: number; readonly n: number; readonly e: readonly Snapshot[] };

export const printed = (snapshots: string): string => {
  const seen = new Map<number, unknown>();
  return format(...(JSON.parse(snapshots) as Snapshot[]).map((snapshot) => lookAlike(snapshot, seen)));
};

/** A value that is printed as that text. */
const saying = (text: string): object => ({ [inspect.custom]: () => text });

function lookAlike(snapshot: Snapshot, seen: Map<number, unknown>): unknown {
  const known = <Value>(id: number, value: Value): Value => {
    seen.set(id, value);
    return value;
  };
  switch (snapshot.t) {
    case 'value':
      return snapshot.v;
    case 'undefined':
      return undefined;
    case 'number':
      return Number(snapshot.v);
    case 'bigint':
      return BigInt(snapshot.v);
    case 'symbol':
      return Symbol(snapshot.v);
    case 'raw':
      return saying(snapshot.v);
    case 'circular':
      return seen.get(snapshot.v);
    case 'date':
      return new Date(snapshot.v ?? Number.NaN);
    case 'regexp':
      return new RegExp(snapshot.v, snapshot.f);
    case 'error':
      return withMembers(
        known(snapshot.i, Object.assign(new Error(), { stack: snapshot.v })),
        snapshot.e,
        seen,
      );
    case 'typed':
      return saying(typedArray(snapshot.v, snapshot.n, snapshot.e));
    case 'map': {
      const map = known(snapshot.i, new Map<unknown, unknown>());
      for (const [key, value] of snapshot.e) map.set(lookAlike(key, seen), lookAlike(value, seen));
      return map;
    }
    case 'set': {
      const set = known(snapshot.i, new Set<unknown>());
      for (const element of snapshot.e) set.add(lookAlike(element, seen));
      return set;
    }
    case 'object':
      return withMembers(known(snapshot.i, instanceNamed(snapshot.c)), snapshot.e, seen);
    case 'array':
    default: {
      const array = known(snapshot.i, [] as unknown[]);
      for (const element of snapshot.e) array.push(lookAlike(element, seen));
      array.length = snapshot.n;
      return array;
    }
  }
}

function withMembers(object: object, members: Entries, seen: Map<number, unknown>): object {
  for (const [name, member] of members) {
    Object.defineProperty(object, name, { value: lookAlike(member, seen), enumerable: true });
  }
  return object;
}

function instanceNamed(name: string | null): object {
  if (name === null) return Object.create(null) as object;
  if (name === 'Object') return {};
  const made = { [name]: class {} }[name]!;
  return Object.create(made.prototype) as object;
}

/** Node shows a Buffer by its first 50 bytes, other typed arrays by their elements. */
function typedArray(name: string, length: number, elements: readonly string[]): string {
  if (name === 'Buffer') {
    const bytes = elements.slice(0, 50).map((byte) => Number(byte).toString(16).padStart(2, '0'));
    const more = length > 50 ? ` ... ${length - 50} more bytes` : '';
    return `<Buffer${bytes.length > 0 ? ` ${bytes.join(' ')}` : ''}${more}>`;
  }
  const shown = elements.slice(0, 100);
  const more = length > 100 ? `, ... ${length - 100} more items` : '';
  return `${name}(${length}) [${shown.length > 0 ? ` ${shown.join(', ')}${more} ` : ''}]`;
}
