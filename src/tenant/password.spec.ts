import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './password.js';

test('a password is known again by its hash, another one is not', async () => {
  const stored = await hashPassword('correct horse');
  expect(await verifyPassword('correct horse', stored)).toBe(true);
  expect(await verifyPassword('correct horsE', stored)).toBe(false);
  expect(await verifyPassword('', stored)).toBe(false);
});

test('the hash says how it was made, and never what of', async () => {
  const stored = await hashPassword('hunter2');
  const [scheme, N, r, p, salt, hash] = stored.split('$');
  expect([scheme, N, r, p]).toEqual(['scrypt', '16384', '8', '1']);
  expect(hash).toBe(
    scryptSync('hunter2', Buffer.from(salt!, 'base64url'), 32, { N: 16_384, r: 8, p: 1 }).toString(
      'base64url',
    ),
  );
  expect(stored).not.toContain('hunter2');
});

test('one password has another hash each time', async () => {
  expect(await hashPassword('same')).not.toBe(await hashPassword('same'));
});

test('a hash of another cost is still understood', async () => {
  const salt = Buffer.from('0123456789abcdef');
  const hash = scryptSync('old', salt, 32, { N: 1024, r: 8, p: 2 });
  const stored = `scrypt$1024$8$2$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  expect(await verifyPassword('old', stored)).toBe(true);
  expect(await verifyPassword('new', stored)).toBe(false);
});

test('what is no hash is an error, never a match', async () => {
  await expect(verifyPassword('x', 'x')).rejects.toThrow(TypeError);
  await expect(verifyPassword('x', 'scrypt$16384$8$1$$')).rejects.toThrow(TypeError);
});
