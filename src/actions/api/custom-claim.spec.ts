import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import { ACCESS_TOKEN, ACCESS_TOKEN_OF_EXCHANGE } from './access-token.js';
import { ID_TOKEN } from './id-token.js';
import type { ApiRun, Member } from './member.js';

interface Token {
  readonly members: readonly Member[];
  readonly layer: 'idToken' | 'accessToken';
  readonly trigger: ApiRun['trigger'];
}
const idToken: Token = { members: ID_TOKEN, layer: 'idToken', trigger: 'post-login' };
const accessToken: Token = { members: ACCESS_TOKEN, layer: 'accessToken', trigger: 'post-login' };
const ofExchange: Token = {
  members: ACCESS_TOKEN_OF_EXCHANGE,
  layer: 'accessToken',
  trigger: 'credentials-exchange',
};
const tokens = [
  ['idToken', idToken],
  ['accessToken', accessToken],
  ['accessToken of an exchange', ofExchange],
] as const;

const runOf = ({ trigger }: Token) => apiRun({ trigger });
const set = ({ members, layer }: Token, run: ApiRun, ...args: readonly unknown[]) =>
  callMember(members, `${layer}.setCustomClaim`, run, ...args);

test.each(tokens)('%s: a claim is set, whatever its name; the last value wins', (_, token) => {
  const run = runOf(token);
  set(token, run, 'https://example.com/roles', ['admin']);
  set(token, run, 'sub', 'restricted names are left out when the token is made, not here');
  set(token, run, 'https://example.com/roles', { admin: true });
  expect(run.draft[token.layer].customClaims).toEqual({
    'https://example.com/roles': { admin: true },
    sub: 'restricted names are left out when the token is made, not here',
  });
});

test.each(tokens)('%s: only its own claims change', (_, token) => {
  const run = runOf(token);
  set(token, run, 'a', 1);
  const other = token.layer === 'idToken' ? 'accessToken' : 'idToken';
  expect(run.draft[other].customClaims).toEqual({});
});

test.each(tokens)('%s: null is a value, undefined and a function take the claim away', (_, token) => {
  const run = runOf(token);
  set(token, run, 'a', 1);
  set(token, run, 'a', null);
  set(token, run, 'b', 1);
  set(token, run, 'b', undefined);
  set(token, run, 'c', 1);
  set(token, run, 'c', () => 1);
  set(token, run, 'd');
  expect(run.draft[token.layer].customClaims).toEqual({ a: null });
  expect(Object.keys(run.draft[token.layer].customClaims)).toEqual(['a']);
});

test.each(tokens)('%s: a value is kept as JSON.stringify would write it', (_, token) => {
  const run = runOf(token);
  set(token, run, 'a', { gone: undefined, list: [undefined, Number.NaN, Symbol('s')] });
  expect(run.draft[token.layer].customClaims).toStrictEqual({ a: { list: [null, null, null] } });
});

test.each(tokens)('%s: a bigint is refused, and what stood stays', (_, token) => {
  const run = runOf(token);
  set(token, run, 'a', 1);
  expect(() => set(token, run, 'a', { deep: [1n] })).toThrow(
    new TypeError('JSON cannot say a BigInt; pass it as a string (String(value)) or as a number'),
  );
  expect(run.draft[token.layer].customClaims).toEqual({ a: 1 });
});

test.each(tokens)('%s: a key that is no string is refused', (_, token) => {
  for (const key of [undefined, null, 1, {}, ['a'], Symbol('a')])
    expect(() => set(token, runOf(token), key, 1)).toThrow(new TypeError('key must be string'));
});

test.each(tokens)('%s: a claim named __proto__ is one like any other', (_, token) => {
  const run = runOf(token);
  set(token, run, '__proto__', { admin: true });
  const { customClaims } = run.draft[token.layer];
  expect(Object.keys(customClaims)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(customClaims)).toBe(Object.prototype);
  set(token, run, '__proto__', undefined);
  expect(Object.keys(customClaims)).toEqual([]);
});

test('scope is refused at a login, by a plain Error that says what to do', () => {
  for (const token of [idToken, accessToken]) {
    const run = runOf(token);
    let thrown: unknown;
    try {
      set(token, run, 'scope', 'read:all');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      name: 'Error',
      message: expect.stringContaining('api.accessToken.addScope'),
    });
    expect(run.draft[token.layer].customClaims).toEqual({});
  }
});

test('scope is taken at an exchange', () => {
  const run = runOf(ofExchange);
  set(ofExchange, run, 'scope', 'read:all');
  expect(run.draft.accessToken.customClaims).toEqual({ scope: 'read:all' });
});

test.each(tokens)(
  '%s: setCustomClaim hands api back and remembers who set the claim',
  (_, { members, layer }) => {
    const member = memberNamed(members, `${layer}.setCustomClaim`);
    expect(member).toMatchObject({ answers: 'api', hasEffect: true });
    expect(member.sets?.(['https://example.com/a', 1])).toBe(`${layer}.https://example.com/a`);
    expect(member.sets?.([1, 1])).toBeNull();
  },
);

test.each(tokens)('%s survives any arguments', async (_, token) => {
  await survivesAnyArguments(token.members, () => runOf(token));
});
