/** Reads a seed file (`mintmark.yaml`): YAML 1.2 to a checked `Seed`, every fault with the line it stands on. */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml';
import { fieldErrors, jsonPointer } from '../protocol/field-errors.js';
import type { FieldError } from '../protocol/mintmark-error.js';
import { ACTION_LIMITS, TRIGGER_IDS } from './action.js';
import { strangers } from './seed-references.js';
import { seedSchema, type Seed } from './seed.js';
import { TenantError } from './tenant-error.js';

/** Deeper than any profile; also where an alias that contains itself ends. */
const DEEPEST = 64;
/** Ten thousand users' worth; a few aliases of aliases would be billions. */
const MOST_NODES = 250_000;

interface Fault extends FieldError {
  /** Characters from the start of the file. */
  readonly offset: number;
}
interface Plain {
  readonly value: unknown;
  /** Where the key of each field stands, by JSON pointer. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly faults: readonly Fault[];
}

/** The document as plain values, aliases written out. */
function plainValues(document: Document.Parsed): Plain {
  const offsets = new Map<string, number>();
  const faults: Fault[] = [];
  let nodes = 0;

  const refuse = (path: readonly PropertyKey[], offset: number, detail: string): null => {
    faults.push({ pointer: jsonPointer(path), offset, detail });
    return null;
  };
  const read = (node: unknown, path: readonly PropertyKey[], at: number): unknown => {
    if (!offsets.has(jsonPointer(path))) offsets.set(jsonPointer(path), at);
    if (++nodes > MOST_NODES) return null;
    if (path.length > DEEPEST) return refuse(path, at, `is nested deeper than ${DEEPEST} levels`);
    if (isAlias(node)) {
      const anchored = node.resolve(document);
      return anchored === undefined
        ? refuse(path, at, `the alias *${node.source} has no anchor &${node.source} before it`)
        : read(anchored, path, at);
    }
    if (isScalar(node)) return node.value;
    if (isSeq(node))
      return node.items.map((item, index) => read(item, [...path, index], offsetOf(item) ?? at));
    if (!isMap(node)) return null;
    const members: [string, unknown][] = [];
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      const offset = offsetOf(key) ?? at;
      if (name === '__proto__') refuse([...path, name], offset, 'this name is not allowed');
      else members.push([name, read(value, [...path, name], offset)]);
    }
    return Object.fromEntries(members);
  };
  const value = read(document.contents, [], 0);
  if (nodes > MOST_NODES) refuse([], 0, `its aliases stand for more than ${MOST_NODES} values`);
  return { value, offsets, faults };
}
const offsetOf = (node: unknown): number | undefined =>
  (node as { range?: [number] | null } | null)?.range?.[0];

/** Two entries with one id: the second would silently take the place of the first. */
function repeated(seed: Seed): FieldError[] {
  const twice = (list: string, key: string, ids: readonly string[]): FieldError[] =>
    ids.flatMap((id, index) => {
      const first = ids.indexOf(id);
      return first === index
        ? []
        : [{ pointer: jsonPointer([list, index, key]), detail: `"${id}" is already ${list}[${first}]` }];
    });
  return [
    ...twice(
      'resource_servers',
      'identifier',
      seed.resource_servers.map((api) => api.identifier),
    ),
    ...twice(
      'connections',
      'name',
      seed.connections.map((connection) => connection.name),
    ),
    ...twice(
      'roles',
      'name',
      seed.roles.map((role) => role.name),
    ),
    ...twice(
      'organizations',
      'name',
      seed.organizations.map((organization) => organization.name),
    ),
    ...twice(
      'client_grants',
      'client_id',
      seed.client_grants.map((grant) => `${grant.client_id} for ${grant.audience} (${grant.subject_type})`),
    ),
    ...twice(
      'clients',
      'client_id',
      seed.clients.map((client) => client.client_id),
    ),
    ...twice(
      'users',
      'user_id',
      seed.users.map((user) => user.user_id),
    ),
    ...twice(
      'actions',
      'name',
      seed.actions.map((action) => action.name),
    ),
  ];
}

/** A trigger runs so many Actions and no more. */
const beyondLimit = ({ actions }: Seed): FieldError[] =>
  TRIGGER_IDS.flatMap((trigger) =>
    actions
      .map((action, index) => ({ action, index }))
      .filter(({ action }) => action.trigger === trigger)
      .slice(ACTION_LIMITS.actionsPerTrigger, ACTION_LIMITS.actionsPerTrigger + 1)
      .map(({ index }) => ({
        pointer: jsonPointer(['actions', index]),
        detail: `${trigger} runs at most ${ACTION_LIMITS.actionsPerTrigger} Actions, and this is one more`,
      })),
  );

/** `clients[0].callbacks[1]`, as people write it. */
const readable = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : /^[\w-]+$/.test(step) ? `.${step}` : `["${step}"]`))
    .join('')
    .replace(/^\./, '');

/** `42` and `yes` without quotes are no strings: the usual mistake in YAML. */
const withHint = (detail: string, value: unknown): string =>
  detail.includes('must be string') && ['number', 'boolean'].includes(typeof value)
    ? `${detail}: put it in quotes`
    : detail;

const valueAt = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (inner, step) =>
        (inner as Record<string, unknown> | null | undefined)?.[
          step.replaceAll('~1', '/').replaceAll('~0', '~')
        ],
      value,
    );

export interface ReadSeed {
  readonly seed: Seed;
  /** The `seed_invalid` for faults that are found later, as in files that the seed names; pointers as in the file. */
  readonly refusal: (errors: readonly FieldError[]) => TenantError;
}

/** The seed alone, see `readSeedText`. */
export const parseSeed = (yaml: string, fileName: string): Seed => readSeedText(yaml, fileName).seed;

/**
 * The seed that the text of a YAML file describes; an empty file is an empty seed.
 * Throws TenantError `seed_invalid`, whose description has one line a fault: `file:line:column: field: what is wrong`.
 */
export function readSeedText(yaml: string, fileName: string): ReadSeed {
  const lines = new LineCounter();
  const document = parseDocument(yaml, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const faults: Fault[] = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    pointer: '',
    offset: pos[0],
    detail: message,
  }));
  const version = document.directives.yaml.version;
  if (version !== '1.2')
    faults.push({ pointer: '', offset: 0, detail: `YAML ${version} is not read, only 1.2` });
  if (faults.length > 0) throw seedInvalid(fileName, lines, faults);

  const plain = plainValues(document);
  if (plain.faults.length > 0) throw seedInvalid(fileName, lines, plain.faults);
  const input = plain.value ?? {};
  const refusal = (errors: readonly FieldError[]): TenantError =>
    seedInvalid(
      fileName,
      lines,
      errors.map(({ pointer, detail }) => ({
        pointer,
        offset: nearestOffset(plain.offsets, pointer),
        detail: withHint(detail, valueAt(input, pointer)),
      })),
    );
  const result = seedSchema.safeParse(input);
  const errors = result.success
    ? [...repeated(result.data), ...strangers(result.data), ...beyondLimit(result.data)]
    : fieldErrors(result.error.issues, { schema: seedSchema, input });
  if (result.success && errors.length === 0) return { seed: result.data, refusal };
  throw refusal(errors);
}

/** A missing field stands where its parent does. */
function nearestOffset(offsets: ReadonlyMap<string, number>, pointer: string): number {
  const here = offsets.get(pointer);
  if (here !== undefined || pointer === '') return here ?? 0;
  return nearestOffset(offsets, pointer.slice(0, pointer.lastIndexOf('/')));
}

function seedInvalid(fileName: string, lines: LineCounter, faults: readonly Fault[]): TenantError {
  const sentences = faults.map(({ pointer, offset, detail }) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}: ${pointer === '' ? '' : `${readable(pointer)}: `}${detail}`;
  });
  return new TenantError('seed_invalid', sentences.join('\n'), {
    errors: faults.map(({ pointer, detail }) => ({ pointer, detail })),
  });
}
