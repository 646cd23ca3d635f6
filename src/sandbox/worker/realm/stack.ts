/** Where in the author's file something happened. */
import {
  apply,
  captureStackTrace,
  charCodeAt,
  createObject,
  defineProperty,
  deleteProperty,
  descriptorOf,
  ErrorOfRealm,
  indexOf,
  lastIndexOf,
  prototypeOf,
  slice,
  startsWith,
  toNumber,
} from './primordials.js';

export interface Place {
  readonly line: number | null;
  readonly column: number | null;
}
export const NOWHERE: Place = { line: null, column: null };

type Site = NodeJS.CallSite;

/** An author may set these, or forbid it; while we look they are ours. */
function withStackSettings<Result>(prepare: unknown, look: () => Result): Result | undefined {
  const settings = ['stackTraceLimit', 'prepareStackTrace'] as const;
  const before = [descriptorOf(ErrorOfRealm, settings[0]), descriptorOf(ErrorOfRealm, settings[1])] as const;
  const values = [100, prepare];
  for (let index = 0; index < 2; index += 1) {
    const descriptor = createObject(null) as PropertyDescriptor;
    descriptor.value = values[index];
    descriptor.writable = true;
    descriptor.configurable = true;
    descriptor.enumerable = true;
    defineProperty(ErrorOfRealm, settings[index]!, descriptor);
  }
  try {
    return look();
  } catch {
    return undefined;
  } finally {
    for (let index = 0; index < 2; index += 1) {
      const descriptor = before[index];
      if (descriptor) defineProperty(ErrorOfRealm, settings[index]!, descriptor);
      else deleteProperty(ErrorOfRealm, settings[index]!);
    }
  }
}

const sitesAbove = (above: object): readonly Site[] | undefined =>
  withStackSettings(
    (_error: unknown, sites: readonly Site[]) => sites,
    () => {
      const holder: { stack?: readonly Site[] } = {};
      captureStackTrace(holder, above);
      return holder.stack;
    },
  );

// Taken from a site while nobody has changed them.
const siteMethods = (() => {
  function here(): readonly Site[] | undefined {
    return sitesAbove(here);
  }
  const prototype = prototypeOf(here()![0]!)!;
  const methodNamed = (name: string): (() => unknown) =>
    descriptorOf(prototype, name)!.value as () => unknown;
  return {
    file: methodNamed('getFileName'),
    line: methodNamed('getLineNumber'),
    column: methodNamed('getColumnNumber'),
  };
})();

/** The innermost frame of that file that called `above`. */
export function placeAbove(above: object, file: string): Place {
  const sites = sitesAbove(above);
  if (!sites) return NOWHERE;
  for (let index = 0; index < sites.length; index += 1) {
    const site = sites[index]!;
    if (apply(siteMethods.file, site, []) === file) {
      return {
        line: apply(siteMethods.line, site, []) as number | null,
        column: apply(siteMethods.column, site, []) as number | null,
      };
    }
  }
  return NOWHERE;
}

const NEWLINE = 10;
const isNumber = (text: string): boolean => {
  if (text === '') return false;
  for (let index = 0; index < text.length; index += 1) {
    const code = charCodeAt(text, index);
    if (code < 48 || code > 57) return false;
  }
  return true;
};

/** `…file:line:column` at the end of a frame. */
function placeIn(frame: string, file: string): Place | null {
  const bare = charCodeAt(frame, frame.length - 1) === 41 ? slice(frame, 0, -1) : frame;
  const columnAt = lastIndexOf(bare, ':');
  const lineAt = lastIndexOf(bare, ':', columnAt - 1);
  const line = slice(bare, lineAt + 1, columnAt);
  const column = slice(bare, columnAt + 1);
  const before = slice(bare, 0, lineAt);
  const fileAt = before.length - file.length;
  if (fileAt < 1 || slice(before, fileAt) !== file || !isNumber(line) || !isNumber(column)) return null;
  const edge = charCodeAt(before, fileAt - 1);
  return edge === 32 || edge === 40 ? { line: toNumber(line), column: toNumber(column) } : null;
}

export interface Frames {
  /** Of the author's file alone, with the newline before each. */
  readonly own: string;
  /** Of the author's file and of packages. */
  readonly all: string;
  readonly first: Place;
}

/** The frames in the text of a stack, without its first lines. */
export function framesIn(stack: string, header: string, file: string): Frames {
  let own = '';
  let all = '';
  let first = NOWHERE;
  let at = startsWith(stack, header) ? header.length : 0;
  for (let lines = 0; at < stack.length && lines < 200; lines += 1) {
    const end = indexOf(stack, '\n', at);
    const line = slice(stack, at, end < 0 ? stack.length : end);
    at = end < 0 ? stack.length : end + 1;
    if (!startsWith(line, '    at ')) continue;
    const place = placeIn(line, file);
    if (place) {
      own += `\n${line}`;
      if (first === NOWHERE) first = place;
    }
    if (place || indexOf(line, 'node_modules/') >= 0) all += `\n${line}`;
    if (charCodeAt(stack, at) === NEWLINE) at += 1;
  }
  return { own, all, first };
}
