import { expect, test } from 'vitest';
import { didYouMean, nearestName } from './nearest-name.js';
import { SETTINGS } from './saml/settings.js';

const settings = Object.keys(SETTINGS);

test.each([
  ['audiense', 'audience'],
  ['audeince', 'audience'],
  ['Audience', 'audience'],
  ['setAudience', 'audience'],
  ['sign_response', 'signResponse'],
  ['signatureAlg', 'signatureAlgorithm'],
  ['nameIdentiferProbes', 'nameIdentifierProbes'],
  ['lifetime', 'lifetimeInSeconds'],
  ['recipent', 'recipient'],
])('%s was meant to be %s', (given, meant) => {
  expect(nearestName(given, settings)).toBe(meant);
});

test.each(['colour', 'x', '', '__proto__', 'a'.repeat(1_000_000)])('nothing is near %.20s', (given) => {
  expect(nearestName(given, settings)).toBeUndefined();
});

test('of two names at the same distance the first is named', () => {
  expect(nearestName('cat', ['bat', 'rat'])).toBe('bat');
});

test('a word of one letter is near no other word of one letter', () => {
  expect(nearestName('a', ['b'])).toBeUndefined();
});

test('the end of the sentence is empty where nothing is near', () => {
  expect(didYouMean('calbacks', ['callbacks'])).toBe('; did you mean "callbacks"?');
  expect(didYouMean('colour', ['callbacks'])).toBe('');
});
