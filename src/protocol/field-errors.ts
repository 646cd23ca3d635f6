/** Turns what a zod schema finds wrong into the fields at fault: JSON pointers, plain sentences, the nearest known name. */
import type { z } from 'zod';
import type { FieldError } from './mintmark-error.js';
import { didYouMean } from './nearest-name.js';
import { SETTINGS } from './saml/settings.js';

/** What zod and every Standard Schema report; zod's own members are there when zod wrote it. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
  readonly issues?: readonly Issue[];
}
export interface FieldErrorSource {
  /** The schema that found the issues: it knows the names that are allowed. */
  readonly schema?: unknown;
  /** What was validated: tells a field that is missing from one of the wrong type. */
  readonly input?: unknown;
  /** Where the validated value stands in the body. */
  readonly at?: readonly PropertyKey[];
}

/** A body may be wrong in a hundred thousand places; a person reads the first few. */
const MOST_ERRORS = 50;
const MOST_CHARACTERS = 80;

/** RFC 6901 3 and 4: `/samlResponse/attributes/a~1b`; the whole document is the empty pointer. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

const shortened = (name: string): string =>
  name.length <= MOST_CHARACTERS ? name : `${name.slice(0, MOST_CHARACTERS)}…`;

/** What a schema is made of, as far as the way to an object's names leads through it. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly in?: z.ZodType;
  readonly getter?: () => z.ZodType;
}
const definitionOf = (schema: unknown): Definition | undefined =>
  (schema as { def?: Definition } | undefined)?.def;

/** The schemas of objects, arrays and records that `schema` stands for, wrappers and unions resolved. */
function containers(schema: unknown): Definition[] {
  const definition = definitionOf(schema);
  if (!definition) return [];
  if (definition.options) return definition.options.flatMap(containers);
  const inner = definition.innerType ?? definition.in ?? definition.getter?.();
  return inner === undefined ? [definition] : containers(inner);
}

/** The names that are allowed at `path` below `schema`. */
function allowedNames(schema: unknown, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path;
  const here = containers(schema);
  if (key === undefined) return here.flatMap(({ shape }) => Object.keys(shape ?? {}));
  return here.flatMap(({ shape, element, valueType }) => {
    const member = shape && Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
    const next = member ?? element ?? valueType;
    return next === undefined ? [] : allowedNames(next, rest);
  });
}

function unknownName(name: string, allowed: readonly string[]): string {
  const noun = Object.keys(SETTINGS).every((setting) => allowed.includes(setting)) ? 'setting' : 'field';
  const guess = didYouMean(name, allowed);
  const few = allowed.length > 0 && allowed.length <= 12 ? `; allowed: ${allowed.join(', ')}` : '';
  return `unknown ${noun} "${shortened(name)}"${guess || few}`;
}

const isMissing = (input: unknown, path: readonly PropertyKey[]): boolean => {
  const [key, ...rest] = path;
  if (key === undefined) return input === undefined;
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, key)) return rest.length === 0;
  return isMissing((input as Record<PropertyKey, unknown>)[key], rest);
};

/** zod says "Invalid input: expected string, received number"; what was received is for the reader to see. */
const plain = (message: string): string =>
  message.replace(/^Invalid input: expected (\w+), received \w+$/, 'must be $1');

/** Of the branches of a union the one that came farthest: its first error stands deepest. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number =>
    Math.max(
      0,
      ...issues.map(({ path, code }) => (path?.length ?? 0) + (code === 'unrecognized_keys' ? 1 : 0)),
    );
  return branches.reduce((best, next) => (depth(next) > depth(best) ? next : best), branches[0] ?? []);
}

/**
 * One entry a field at fault, in the order in which they were found, at most 50.
 * An unknown name is an entry of its own that suggests the nearest allowed one, if `schema` is given.
 */
export function fieldErrors(issues: readonly Issue[], from: FieldErrorSource = {}): FieldError[] {
  const base = from.at ?? [];
  const found: FieldError[] = [];
  let left = 0;
  const add = (path: readonly PropertyKey[], detail: () => string): void => {
    if (found.length < MOST_ERRORS)
      found.push({ pointer: jsonPointer([...base, ...path]), detail: detail() });
    else left++;
  };
  const visit = (issue: Issue, above: readonly PropertyKey[]): void => {
    const steps = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step));
    const path = [...above, ...steps];
    if (issue.code === 'unrecognized_keys' && issue.keys) {
      const allowed = allowedNames(from.schema, path);
      for (const key of issue.keys) add([...path, key], () => unknownName(key, allowed));
    } else if (issue.code === 'invalid_key' && issue.issues?.length) {
      add(path, () => `the name ${plain(issue.issues![0]!.message)}`);
    } else if (issue.errors?.length && issue.message === 'Invalid input') {
      for (const inner of nearestBranch(issue.errors)) visit(inner, path);
    } else if (issue.code !== 'custom' && from.input !== undefined && isMissing(from.input, path)) {
      add(path, () => 'is missing');
    } else add(path, () => plain(issue.message));
  };
  for (const issue of issues) visit(issue, []);
  if (left > 0) found.push({ pointer: jsonPointer(base), detail: `and ${left} more` });
  return found;
}

/** A sentence for people: the one field at fault, or the first of them and how many there are. */
export function summaryOf(errors: readonly FieldError[]): string {
  const [first] = errors;
  if (!first) return 'The input is not valid.';
  const where = first.pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const more = errors.length - 1;
  return `${where === '' ? '' : `${shortened(where)}: `}${first.detail}${more > 0 ? ` (and ${more} more)` : ''}`;
}
