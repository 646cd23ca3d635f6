import { expect, test } from 'vitest';
import { ID_TOKEN } from './id-token.js';

test('api.idToken has one member; what it does is that of custom-claim.ts', () => {
  expect(ID_TOKEN.map(({ name }) => name)).toEqual(['idToken.setCustomClaim']);
});
