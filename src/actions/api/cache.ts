/**
 * `api.cache`: texts that outlive the login, per trigger (actions-api.md 7). What cannot be kept is answered, not thrown; only an argument
 * of the wrong type throws.
 */
import type { CacheRecord } from '../../tenant/effects.js';
import { stringArgument } from './argument-errors.js';
import { isObject } from './arguments.js';
import { getter, type ApiRun, type Member } from './member.js';
import { put } from './plain-json.js';

const LONGEST_KEY_IN_BYTES = 64;
const LONGEST_VALUE_IN_BYTES = 4096;
const MOST_BYTES = 16 * 1024 + 256;
const MOST_ENTRIES = 20;
const DEFAULT_LIFETIME = 15 * 60 * 1000;
const LONGEST_LIFETIME = 24 * 60 * 60 * 1000;

type CacheErrorCode =
  | 'MaxSideEffectsExceeded'
  | 'CacheKeySizeExceeded'
  | 'CacheValueSizeExceeded'
  | 'CacheSizeExceeded'
  | 'ItemAlreadyExpired'
  | 'InvalidExpiry'
  | 'CacheKeyDoesNotExist';
type CacheResult =
  | { readonly type: 'success'; readonly record?: CacheRecord }
  | { readonly type: 'error'; readonly code: CacheErrorCode };

const failed = (code: CacheErrorCode): CacheResult => ({ type: 'error', code });

/** The record under that key, unless it has expired or was deleted. */
function recordOf({ draft, cache, serverNow }: ApiRun, key: string): CacheRecord | undefined {
  const layer = [draft.cache, cache].find((records) => Object.hasOwn(records, key));
  const record = layer?.[key];
  return record && record.expires_at > serverNow ? { ...record } : undefined;
}

function keptBytes(run: ApiRun): { readonly entries: number; readonly bytes: number } {
  const keys = new Set([...Object.keys(run.cache), ...Object.keys(run.draft.cache)]);
  let entries = 0;
  let bytes = 0;
  for (const key of keys) {
    const record = recordOf(run, key);
    if (record === undefined) continue;
    entries += 1;
    bytes += Buffer.byteLength(key) + Buffer.byteLength(record.value);
  }
  return { entries, bytes };
}

/** The lifetimes that were asked for: `ttl` from now on, `expires_at` since 1970, both in milliseconds. */
interface Lifetime {
  readonly ttl?: unknown;
  readonly expires_at?: unknown;
}
function lifetimeOf(options: unknown): Lifetime {
  if (options === undefined || options === null) return {};
  if (!isObject(options))
    throw new TypeError('options must be object, like { ttl: 60000 } (times are milliseconds)');
  return options;
}

/** The earlier of the two, at most a day from now; the code of what is wrong with it. */
function expiryOf({ serverNow }: ApiRun, { ttl, expires_at: at }: Lifetime): number | CacheErrorCode {
  const asked = [ttl, at].filter((time) => time !== undefined);
  if (!asked.every((time) => Number.isFinite(time))) return 'InvalidExpiry';
  const instants = [
    ...(typeof ttl === 'number' ? [serverNow + Math.floor(ttl)] : []),
    ...(typeof at === 'number' ? [Math.floor(at)] : []),
  ];
  const expiry = instants.length === 0 ? serverNow + DEFAULT_LIFETIME : Math.min(...instants);
  if (expiry <= serverNow) return 'ItemAlreadyExpired';
  if (!Number.isSafeInteger(expiry)) return 'InvalidExpiry';
  return Math.min(expiry, serverNow + LONGEST_LIFETIME);
}

/** The order of the checks is Auth0's: what is wrong in two ways has the code of the first. */
function set(run: ApiRun, [keyArgument, valueArgument, options]: readonly unknown[]): CacheResult {
  const key = stringArgument('key', keyArgument);
  const value = stringArgument('value', valueArgument);
  const lifetime = lifetimeOf(options);
  const keyBytes = Buffer.byteLength(key);
  const valueBytes = Buffer.byteLength(value);
  if (keyBytes > LONGEST_KEY_IN_BYTES) return failed('CacheKeySizeExceeded');
  if (valueBytes > LONGEST_VALUE_IN_BYTES) return failed('CacheValueSizeExceeded');
  const { entries, bytes } = keptBytes(run);
  // A record that is overwritten counts with its old size too.
  if (bytes + keyBytes + valueBytes > MOST_BYTES) return failed('CacheSizeExceeded');
  const expiry = expiryOf(run, lifetime);
  if (typeof expiry === 'string') return failed(expiry);
  if (entries >= MOST_ENTRIES && recordOf(run, key) === undefined) return failed('MaxSideEffectsExceeded');
  const record: CacheRecord = { value, expires_at: expiry };
  put(run.draft.cache, key, record);
  return { type: 'success', record: { ...record } };
}

function remove(run: ApiRun, [keyArgument]: readonly unknown[]): CacheResult {
  const key = stringArgument('key', keyArgument);
  if (recordOf(run, key) === undefined) return failed('CacheKeyDoesNotExist');
  put(run.draft.cache, key, null);
  return { type: 'success' };
}

const writer = (name: string, call: Member['call']): Member => ({
  name,
  answers: 'value',
  hasEffect: true,
  call,
  sets: ([key]) => (typeof key === 'string' ? `cache.${key}` : null),
});

export const CACHE: readonly Member[] = [
  getter('cache.get', (run, [key]) => recordOf(run, stringArgument('key', key))),
  writer('cache.set', set),
  writer('cache.delete', remove),
];
