import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seal, unseal } from './sealed-secret.js';
import { TenantError } from './tenant-error.js';

const KEY = Buffer.alloc(32, 1);
const PLACE = { actionId: 'a', name: 'API_KEY' };
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
});

function refusal(open: () => string): TenantError {
  try {
    open();
  } catch (error) {
    if (error instanceof TenantError) return error;
    throw error;
  }
  return expect.fail('it was opened');
}

test('what was sealed comes out of it, whatever it is', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (value, actionId, name) => {
      expect(unseal(seal(value, KEY, { actionId, name }), KEY, { actionId, name })).toBe(value);
    }),
  );
});

test('a sealed secret is ASCII that says its version, and another text each time', () => {
  const texts = Array.from({ length: 20 }, () => seal('value', KEY, PLACE));
  for (const text of texts) expect(text).toMatch(/^v1\.[\w-]+$/);
  expect(new Set(texts).size).toBe(20);
});

test('what is kept today can be opened tomorrow', () => {
  const sealed = 'v1.AAAAAAAAAAAAAAAAnUarvwded53RxZwRyDjUc2fcW_298-ze';
  expect(seal('s3cret', KEY, PLACE, Buffer.alloc(12))).toBe(sealed);
  expect(unseal(sealed, KEY, PLACE)).toBe('s3cret');
});

test('it opens with no other key, and at no other place', () => {
  const sealed = seal('s3cret', KEY, PLACE);
  for (const open of [
    () => unseal(sealed, randomBytes(32), PLACE),
    () => unseal(sealed, KEY, { ...PLACE, actionId: 'b' }),
    () => unseal(sealed, KEY, { ...PLACE, name: 'API_KEY2' }),
    // the two must not run into one another
    () => unseal(seal('s3cret', KEY, { actionId: 'ab', name: 'c' }), KEY, { actionId: 'a', name: 'bc' }),
  ])
    expect(refusal(open).code).toBe('secret_unreadable');
});

test('a text that was changed anywhere is refused', () => {
  const bytes = Buffer.from(seal('s3cret', KEY, PLACE).slice(3), 'base64url');
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index]! ^= 1;
    expect(refusal(() => unseal(`v1.${changed.toString('base64url')}`, KEY, PLACE)).code).toBe(
      'secret_unreadable',
    );
    const cut = bytes.subarray(0, index);
    expect(refusal(() => unseal(`v1.${cut.toString('base64url')}`, KEY, PLACE)).code).toBe(
      'secret_unreadable',
    );
  }
});

test.each(['', 'v1.', 'v2.AAAA', 's3cret', 'v1.!!!!'])('%j is no sealed secret', (text) => {
  expect(refusal(() => unseal(text, KEY, PLACE)).code).toBe('secret_unreadable');
});

test('the refusal names the secret and what to do, and shows neither text nor key', () => {
  const sealed = seal('s3cret', KEY, PLACE);
  const { description, cause } = refusal(() => unseal(sealed, Buffer.alloc(32, 2), PLACE));
  expect(description).toContain('"API_KEY"');
  expect(description).toContain('set the secret again');
  const shown = `${description} ${String(cause)}`;
  for (const hidden of [sealed, 's3cret', KEY.toString('base64url')]) expect(shown).not.toContain(hidden);
});
