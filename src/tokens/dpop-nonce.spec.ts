import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { dpopNonces } from './dpop-nonce.js';

const keyOf = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

test('a nonce is accepted until the next one but one is given out, and is another for another key', () => {
  const key = keyOf();
  const [current, previous] = dpopNonces(key, new Date(600_000));
  expect(dpopNonces(key, new Date(899_999))).toEqual([current, previous]);
  const [next, then] = dpopNonces(key, new Date(900_000));
  expect(then).toBe(current);
  expect(new Set([current, previous, next]).size).toBe(3);
  expect(dpopNonces(keyOf(), new Date(600_000))).not.toContain(current);
});
