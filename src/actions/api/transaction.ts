/** `api.transaction`: metadata that lives as long as the login, and target scopes (actions-api.md 9, 13). Both show in `event` at once. */
import type { MetadataValue } from '../../tenant/effects.js';
import { nameArgument } from './argument-errors.js';
import { boundedStringOf, isObject } from './arguments.js';
import { setter, type ApiRun, type Member } from './member.js';
import { jsonBytes, put, withMember } from './plain-json.js';
import { scopeArgument } from './scope-argument.js';

const LONGEST_KEY = 64;
const LONGEST_VALUE_IN_BYTES = 8 * 1024;
const MOST_BYTES = 16 * 1024;

function metadataValue(value: unknown): MetadataValue {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (Buffer.byteLength(value) > LONGEST_VALUE_IN_BYTES)
      throw new Error(`value must NOT have more than ${LONGEST_VALUE_IN_BYTES} bytes`);
    return value;
  }
  if (typeof value !== 'number')
    throw new TypeError(
      'value must be string, number, boolean or null; write an object as text with JSON.stringify',
    );
  if (!Number.isFinite(value)) throw new Error('value must be a finite number');
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new Error('value must be a safe integer (below 2 to the power of 53); pass larger ones as string');
  return value + 0;
}

function setMetadata({ event, draft, changeEvent }: ApiRun, key: unknown, argument: unknown): void {
  const name = boundedStringOf('key', nameArgument('key', key), LONGEST_KEY);
  const { metadata } = draft.transaction;
  if (argument === null) {
    put(metadata, name, null);
    changeEvent(['transaction', 'metadata', name], undefined);
    return;
  }
  const value = metadataValue(argument);
  // What the login came with counts too; what earlier calls said is in it.
  const shown = isObject(event.transaction?.metadata) ? event.transaction.metadata : {};
  const bytes = jsonBytes(withMember(shown, name, value));
  if (bytes > MOST_BYTES)
    throw new Error(
      `transaction metadata must NOT have more than ${MOST_BYTES} bytes of JSON in all; with this value it would be ${bytes}`,
    );
  put(metadata, name, value);
  changeEvent(['transaction', 'metadata', name], value);
}

const MOST_SCOPES = 1000;

const strings = (list: unknown): readonly string[] | undefined =>
  Array.isArray(list) ? list.filter((item) => typeof item === 'string') : undefined;

/** As they stand now: what Actions made of them, else what the transaction began with. */
const targetScopes = ({ draft, event: { transaction } }: ApiRun): readonly string[] =>
  draft.transaction.targetScopes ??
  strings(transaction?.target_scopes) ??
  strings(transaction?.['requested_scopes']) ??
  [];

/** They are a set: duplicates collapse. Beyond the grant they are cut off later, without a word. */
function changeTargetScopes({ draft, changeEvent }: ApiRun, scopes: readonly string[]): void {
  const set = [...new Set(scopes)];
  if (set.length > MOST_SCOPES) throw new Error(`scopes must NOT have more than ${MOST_SCOPES} items`);
  draft.transaction.targetScopes = set;
  changeEvent(['transaction', 'target_scopes'], [...set]);
}

const targetScopesSetter = (name: string, changed: (run: ApiRun, argument: unknown) => readonly string[]) =>
  setter(`transaction.${name}`, (run, [argument]) => changeTargetScopes(run, changed(run, argument)), {
    sets: () => 'transaction.target_scopes',
  });

function scopesArgument(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('scopes must be array');
  return Array.from(value, scopeArgument);
}

const TARGET_SCOPES: readonly Member[] = [
  targetScopesSetter('addTargetScope', (run, scope) => [...targetScopes(run), scopeArgument(scope)]),
  targetScopesSetter('removeTargetScope', (run, argument) => {
    const removed = scopeArgument(argument);
    return targetScopes(run).filter((scope) => scope !== removed);
  }),
  targetScopesSetter('setTargetScopes', (_, scopes) => scopesArgument(scopes)),
  targetScopesSetter('clearTargetScopes', () => []),
];

export const TRANSACTION: readonly Member[] = [
  setter('transaction.setMetadata', (run, [key, value]) => setMetadata(run, key, value), {
    sets: ([key]) => (typeof key === 'string' ? `transaction.metadata.${key}` : null),
  }),
  ...TARGET_SCOPES,
];

export const TRANSACTION_OF_EXCHANGE: readonly Member[] = TARGET_SCOPES;
