import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed, RUN_NOW, RUN_SERVER_NOW } from '../../../test/support/api-run.js';
import { CACHE } from './cache.js';
import type { ApiRun } from './member.js';

const get = (run: ApiRun, ...args: readonly unknown[]) => callMember(CACHE, 'cache.get', run, ...args);
const set = (run: ApiRun, ...args: readonly unknown[]) => callMember(CACHE, 'cache.set', run, ...args);
const remove = (run: ApiRun, ...args: readonly unknown[]) => callMember(CACHE, 'cache.delete', run, ...args);

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const expires_at = RUN_SERVER_NOW + MINUTE;
const error = (code: string) => ({ type: 'error', code });

test('what is set is read back, with its expiry by the server’s clock', () => {
  const run = apiRun();
  const record = { value: 'v', expires_at: RUN_SERVER_NOW + 15 * MINUTE };
  expect(set(run, 'k', 'v')).toEqual({ type: 'success', record });
  expect(get(run, 'k')).toEqual(record);
  expect(run.draft.cache).toEqual({ k: record });
  expect(get(run, 'other')).toBeUndefined();
});

test('records of earlier logins are read, those of the draft lie over them', () => {
  const run = apiRun({ cache: { a: { value: 'old', expires_at }, b: { value: 'old', expires_at } } });
  set(run, 'a', 'new', { expires_at });
  expect(get(run, 'a')).toEqual({ value: 'new', expires_at });
  expect(get(run, 'b')).toEqual({ value: 'old', expires_at });
  expect(run.cache['a']?.value).toBe('old');
});

test('a record that has expired is not there', () => {
  const run = apiRun({
    cache: { at: { value: 'v', expires_at: RUN_SERVER_NOW }, later: { value: 'v', expires_at } },
  });
  run.draft.cache['later'] = { value: 'v', expires_at: RUN_SERVER_NOW - 1 };
  expect(get(run, 'at')).toBeUndefined();
  expect(get(run, 'later')).toBeUndefined();
  expect(remove(run, 'at')).toEqual(error('CacheKeyDoesNotExist'));
});

test('what the author holds is a copy', () => {
  const run = apiRun({ cache: { a: { value: 'v', expires_at } } });
  Object.assign(get(run, 'a') as object, { value: 'changed' });
  const result = set(run, 'b', 'v') as { readonly record: object };
  Object.assign(result.record, { value: 'changed' });
  expect(get(run, 'a')).toMatchObject({ value: 'v' });
  expect(get(run, 'b')).toMatchObject({ value: 'v' });
});

test.each([
  ['nothing', undefined, 15 * MINUTE],
  ['null', null, 15 * MINUTE],
  ['no lifetime', {}, 15 * MINUTE],
  ['ttl', { ttl: 1000 }, 1000],
  ['ttl with a fraction', { ttl: 1000.9 }, 1000],
  ['expires_at', { expires_at }, MINUTE],
  ['expires_at with a fraction', { expires_at: expires_at + 0.9 }, MINUTE],
  ['both, ttl earlier', { ttl: 1000, expires_at }, 1000],
  ['both, expires_at earlier', { ttl: 2 * MINUTE, expires_at }, MINUTE],
  ['one that is undefined', { ttl: undefined, expires_at }, MINUTE],
  ['exactly a day', { ttl: DAY }, DAY],
  ['more than a day', { ttl: DAY + 1 }, DAY],
  ['a date beyond a day', { expires_at: RUN_SERVER_NOW + 365 * DAY }, DAY],
  ['a safe date beside a huge ttl', { ttl: 1e300, expires_at }, MINUTE],
])('a lifetime is that of the options: %s', (_, options, lifetime) => {
  expect(set(apiRun(), 'k', 'v', options)).toEqual({
    type: 'success',
    record: { value: 'v', expires_at: RUN_SERVER_NOW + lifetime },
  });
});

test.each([
  ['a key of 65 bytes', ['ä'.repeat(33), 'v'], 'CacheKeySizeExceeded'],
  ['a value of 4097 bytes', ['k', `${'ä'.repeat(2048)}x`], 'CacheValueSizeExceeded'],
  ['a ttl that is NaN', ['k', 'v', { ttl: Number.NaN }], 'InvalidExpiry'],
  ['a ttl that is Infinity', ['k', 'v', { ttl: Infinity }], 'InvalidExpiry'],
  ['a ttl that is a string', ['k', 'v', { ttl: '1000' }], 'InvalidExpiry'],
  ['a ttl that is null', ['k', 'v', { ttl: null }], 'InvalidExpiry'],
  ['a ttl that is a bigint', ['k', 'v', { ttl: 1000n }], 'InvalidExpiry'],
  ['an expires_at that is NaN', ['k', 'v', { ttl: 1000, expires_at: Number.NaN }], 'InvalidExpiry'],
  ['a ttl of 0', ['k', 'v', { ttl: 0 }], 'ItemAlreadyExpired'],
  ['a ttl below one', ['k', 'v', { ttl: 0.9 }], 'ItemAlreadyExpired'],
  ['a negative ttl', ['k', 'v', { ttl: -1e300 }], 'ItemAlreadyExpired'],
  ['an expires_at that is now', ['k', 'v', { expires_at: RUN_SERVER_NOW }], 'ItemAlreadyExpired'],
  ['an expires_at in seconds', ['k', 'v', { expires_at: expires_at / 1000 }], 'ItemAlreadyExpired'],
  ['an expires_at of the login’s clock', ['k', 'v', { expires_at: RUN_NOW + 1000 }], 'ItemAlreadyExpired'],
  ['a ttl that no number holds', ['k', 'v', { ttl: 1e300 }], 'InvalidExpiry'],
  ['an expires_at that is no safe integer', ['k', 'v', { expires_at: 2 ** 53 }], 'InvalidExpiry'],
])('what cannot be kept is answered, not thrown: %s', (_, args, code) => {
  const run = apiRun({ cache: { k: { value: 'old', expires_at } } });
  expect(set(run, ...args)).toEqual(error(code));
  expect(run.draft.cache).toEqual({});
});

test('key and value take 64 and 4096 bytes', () => {
  expect(set(apiRun(), 'ä'.repeat(32), 'ä'.repeat(2048))).toMatchObject({ type: 'success' });
});

/** Records of earlier logins of `bytes` in all, with keys of one byte. */
const filled = (...bytes: readonly number[]): ApiRun['cache'] =>
  Object.fromEntries(
    bytes.map((size, index) => [
      String.fromCharCode(97 + index),
      { value: 'x'.repeat(size - 1), expires_at },
    ]),
  );

test('all records together take 16640 bytes', () => {
  const cache = filled(4097, 4097, 4097, 4097);
  const left = 16_640 - 4 * 4097;
  expect(set(apiRun({ cache }), 'k', 'x'.repeat(left - 1))).toMatchObject({ type: 'success' });
  expect(set(apiRun({ cache }), 'k', 'x'.repeat(left))).toEqual(error('CacheSizeExceeded'));
});

test('a record that is overwritten counts with its old size too', () => {
  const run = apiRun({ cache: filled(4097, 4097, 4097, 4097) });
  expect(set(run, 'a', 'x'.repeat(4096))).toEqual(error('CacheSizeExceeded'));
  expect(remove(run, 'a')).toEqual({ type: 'success' });
  expect(set(run, 'a', 'x'.repeat(4096))).toMatchObject({ type: 'success' });
});

test('records that have expired take no room', () => {
  const expired = { value: 'x'.repeat(4096), expires_at: RUN_SERVER_NOW };
  const cache = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, expired]));
  expect(set(apiRun({ cache }), 'k', 'v')).toMatchObject({ type: 'success' });
});

test('there are at most 20 records; one that is there may be overwritten', () => {
  const run = apiRun();
  for (let index = 0; index < 20; index++)
    expect(set(run, `k${index}`, 'v')).toMatchObject({ type: 'success' });
  expect(set(run, 'one-more', 'v')).toEqual(error('MaxSideEffectsExceeded'));
  expect(set(run, 'k0', 'changed')).toMatchObject({ type: 'success' });
  remove(run, 'k0');
  expect(set(run, 'one-more', 'v')).toMatchObject({ type: 'success' });
});

test('what is wrong in several ways has the code of the first check', () => {
  const cache = filled(...Array.from({ length: 4 }, () => 4097), ...Array.from({ length: 16 }, () => 12));
  const run = apiRun({ cache });
  const long = 'x'.repeat(5000);
  const bad = { ttl: Number.NaN, expires_at: 0 };
  const size = 16_640 - 4 * 4097 - 16 * 12;
  expect(set(run, long, long, bad)).toEqual(error('CacheKeySizeExceeded'));
  expect(set(run, 'z', long, bad)).toEqual(error('CacheValueSizeExceeded'));
  expect(set(run, 'z', 'x'.repeat(size), bad)).toEqual(error('CacheSizeExceeded'));
  expect(set(run, 'z', 'v', bad)).toEqual(error('InvalidExpiry'));
  expect(set(run, 'z', 'v', { ttl: 1e300, expires_at: 0 })).toEqual(error('ItemAlreadyExpired'));
  expect(set(run, 'z', 'v', { ttl: 1e300 })).toEqual(error('InvalidExpiry'));
  expect(set(run, 'z', 'v')).toEqual(error('MaxSideEffectsExceeded'));
});

test('delete takes a record away, also one of an earlier login; there must be one', () => {
  const run = apiRun({ cache: { old: { value: 'v', expires_at } } });
  set(run, 'new', 'v');
  for (const key of ['old', 'new']) {
    expect(remove(run, key)).toEqual({ type: 'success' });
    expect(get(run, key)).toBeUndefined();
    expect(remove(run, key)).toEqual(error('CacheKeyDoesNotExist'));
  }
  expect(run.draft.cache).toEqual({ old: null, new: null });
  set(run, 'old', 'again');
  expect(get(run, 'old')).toMatchObject({ value: 'again' });
});

test('keys and values are strings, options an object; anything else throws', () => {
  const run = apiRun();
  for (const key of [undefined, null, 1, {}, Symbol('k')]) {
    for (const call of [get, remove, set])
      expect(() => call(run, key, 'v')).toThrow(new TypeError('key must be string'));
    expect(() => set(run, 'k', key)).toThrow(new TypeError('value must be string'));
  }
  for (const options of [1000, 'ttl', true, []])
    expect(() => set(run, 'k', 'v', options)).toThrow('options must be object, like { ttl: 60000 }');
  expect(run.draft.cache).toEqual({});
});

test.each(['__proto__', 'constructor', 'toString'])('a key named %s is one like any other', (key) => {
  const run = apiRun();
  expect(get(run, key)).toBeUndefined();
  expect(remove(run, key)).toEqual(error('CacheKeyDoesNotExist'));
  expect(set(run, key, 'v')).toMatchObject({ type: 'success' });
  expect(get(run, key)).toMatchObject({ value: 'v' });
  expect(Object.keys(run.draft.cache)).toEqual([key]);
});

test('get only looks; set and delete ask for something, and all three hand their result back', () => {
  expect(memberNamed(CACHE, 'cache.get')).toMatchObject({ answers: 'value', hasEffect: false });
  for (const name of ['cache.set', 'cache.delete']) {
    const member = memberNamed(CACHE, name);
    expect(member).toMatchObject({ answers: 'value', hasEffect: true });
    expect(member.sets?.(['k', 'v'])).toBe('cache.k');
    expect(member.sets?.([1])).toBeNull();
  }
});

test('the cache survives any arguments', async () => {
  await survivesAnyArguments(CACHE, () => apiRun({ cache: { a: { value: 'v', expires_at } } }));
});
