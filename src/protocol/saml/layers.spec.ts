import { expect, test } from 'vitest';
import { effectiveConfiguration } from './layers.js';
import { SETTINGS, type SettingName } from './settings.js';

test('without layers every setting has its default, and says so', () => {
  const { settings, attributes } = effectiveConfiguration({});
  expect(attributes).toEqual([]);
  for (const name of Object.keys(SETTINGS) as SettingName[])
    expect(settings[name]).toEqual({ value: SETTINGS[name].initial, layer: 'default' });
});

test('the later layer wins, client then transaction then action, in whatever order they are given', () => {
  const { settings } = effectiveConfiguration({
    action: { settings: { audience: 'by action' }, attributes: [] },
    transaction: { settings: { audience: 'by transaction', recipient: 'by transaction' }, attributes: [] },
    client: {
      settings: { audience: 'by client', recipient: 'by client', issuer: 'by client' },
      attributes: [],
    },
  });
  expect(settings.audience).toEqual({ value: 'by action', layer: 'action' });
  expect(settings.recipient).toEqual({ value: 'by transaction', layer: 'transaction' });
  expect(settings.issuer).toEqual({ value: 'by client', layer: 'client' });
  expect(settings.destination).toEqual({ value: undefined, layer: 'default' });
});

test('a layer that says false, 0 or the empty text has spoken; one that says undefined has not', () => {
  const { settings } = effectiveConfiguration({
    client: { settings: { typedAttributes: false, lifetimeInSeconds: 0, issuer: '' }, attributes: [] },
    transaction: { settings: { typedAttributes: undefined }, attributes: [] },
  });
  expect(settings.typedAttributes).toEqual({ value: false, layer: 'client' });
  expect(settings.lifetimeInSeconds).toEqual({ value: 0, layer: 'client' });
  expect(settings.issuer).toEqual({ value: '', layer: 'client' });
});

test('an attribute is one entry, of the last layer and the last call that set it, and null counts as a word', () => {
  const { attributes } = effectiveConfiguration({
    client: { settings: {}, attributes: [{ name: 'a', value: 'client' }] },
    transaction: {
      settings: {},
      attributes: [
        { name: 'b', value: 'first' },
        { name: 'a', value: 'transaction' },
        { name: 'b', value: 'second' },
        { name: 'c', value: 'here' },
      ],
    },
    action: { settings: {}, attributes: [{ name: 'c', value: null }] },
  });
  expect(attributes).toEqual([
    { name: 'a', value: 'transaction', layer: 'transaction' },
    { name: 'b', value: 'second', layer: 'transaction' },
    { name: 'c', value: null, layer: 'action' },
  ]);
});

test('an attribute may be called what every object inherits', () => {
  const set = ['constructor', '__proto__', 'toString'].map((name) => ({ name, value: name }));
  const { attributes } = effectiveConfiguration({ transaction: { settings: {}, attributes: set } });
  expect(attributes.map(({ name }) => name)).toEqual(['constructor', '__proto__', 'toString']);
});
