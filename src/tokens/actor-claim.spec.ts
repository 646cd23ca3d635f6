import { expect, test } from 'vitest';
import { actingFor, actorIn } from './actor-claim.js';

test('each actor stands before those who acted before, five of them and no more', () => {
  expect(actingFor(undefined, undefined)).toBeUndefined();
  let act = actingFor('one', undefined);
  expect(actingFor(undefined, act)).toEqual({ sub: 'one' });
  for (const name of ['two', 'three', 'four', 'five']) act = actingFor(name, act);
  expect(act).toMatchObject({ sub: 'five', act: { sub: 'four', act: { sub: 'three' } } });
  expect(() => actingFor('six', act)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

test('what is no object is no actor', () => {
  for (const value of [undefined, null, 'one', ['one'], 1]) expect(actorIn({ act: value })).toBeUndefined();
});
