import { expect, test } from 'vitest';
import { z } from 'zod';
import { fieldErrors, jsonPointer, summaryOf } from './field-errors.js';
import { SETTINGS, attributeValueSchema } from './saml/settings.js';

const settings = z.strictObject(
  Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema.optional()])),
);
const body = z.strictObject({
  client_id: z.string('must be string'),
  protocol: z.enum(['samlp', 'oidc']).default('samlp'),
  samlResponse: settings.optional(),
  tags: z.array(z.strictObject({ label: z.string() })).optional(),
  byName: z
    .record(z.string().max(3, 'must NOT have more than 3 characters'), z.strictObject({ on: z.boolean() }))
    .optional(),
  attributes: z.record(z.string(), attributeValueSchema).optional(),
  user: z
    .union([
      z.strictObject({ user_id: z.string() }),
      z.strictObject({ profile: z.strictObject({ email: z.string() }) }),
    ])
    .optional(),
});
const errorsOf = (input: unknown) =>
  fieldErrors(body.safeParse(input).error?.issues ?? [], { schema: body, input });

test('an unknown setting is named with the nearest one', () => {
  expect(errorsOf({ client_id: 'a', samlResponse: { audiense: 'x' } })).toEqual([
    { pointer: '/samlResponse/audiense', detail: 'unknown setting "audiense"; did you mean "audience"?' },
  ]);
});

test('every unknown name is an error of its own, at any depth', () => {
  const input = {
    client_id: 'a',
    cleint: 1,
    tags: [{ label: 'x' }, { label: 'y', labl: 'z' }],
    byName: { a: { on: true, off: 1 } },
  };
  expect(errorsOf(input)).toEqual([
    { pointer: '/tags/1/labl', detail: 'unknown field "labl"; did you mean "label"?' },
    { pointer: '/byName/a/off', detail: 'unknown field "off"; allowed: on' },
    { pointer: '/cleint', detail: expect.stringContaining('unknown field "cleint"') },
  ]);
});

test('where nothing is near, a short list of what is allowed stands instead', () => {
  expect(errorsOf({ client_id: 'a', colour: 1 })).toEqual([
    {
      pointer: '/colour',
      detail:
        'unknown field "colour"; allowed: client_id, protocol, samlResponse, tags, byName, attributes, user',
    },
  ]);
});

test('a missing field is missing, one of the wrong type must be another', () => {
  expect(errorsOf({})).toEqual([{ pointer: '/client_id', detail: 'is missing' }]);
  expect(errorsOf({ client_id: 3 })).toEqual([{ pointer: '/client_id', detail: 'must be string' }]);
  expect(errorsOf({ client_id: 'a', tags: [{ label: 3 }] })).toEqual([
    { pointer: '/tags/0/label', detail: 'must be string' },
  ]);
  expect(errorsOf('nothing')).toEqual([{ pointer: '', detail: 'must be object' }]);
});

test('a refusal that a schema words itself keeps its words, even on a missing field', () => {
  const either = z
    .object({ a: z.string().optional() })
    .refine(() => false, { path: ['a'], message: 'give a or b' });
  const { error } = either.safeParse({});
  expect(fieldErrors(error!.issues, { schema: either, input: {} })).toEqual([
    { pointer: '/a', detail: 'give a or b' },
  ]);
});

test('a name in a record is refused with the reason', () => {
  expect(errorsOf({ client_id: 'a', byName: { long: { on: true } } })).toEqual([
    { pointer: '/byName/long', detail: 'the name must NOT have more than 3 characters' },
  ]);
});

test('pointers escape ~ and / (RFC 6901 3)', () => {
  expect(jsonPointer(['a/b', 'm~n', 0])).toBe('/a~1b/m~0n/0');
  expect(errorsOf({ client_id: 'a', attributes: { 'http://x/~': {} } })).toEqual([
    {
      pointer: '/attributes/http:~1~1x~1~0',
      detail: expect.stringContaining('must be string (at most 2048'),
    },
  ]);
});

test('of a union the branch that came farthest is explained', () => {
  expect(errorsOf({ client_id: 'a', user: { profile: { email: 3 } } })).toEqual([
    { pointer: '/user/profile/email', detail: 'must be string' },
  ]);
});

test('ten thousand errors are told as fifty and a number', () => {
  const input: Record<string, unknown> = { client_id: 'a' };
  for (let index = 0; index < 10_000; index++) input[`unknown${index}`] = index;
  const errors = errorsOf(input);
  expect(errors).toHaveLength(51);
  expect(errors.at(-1)).toEqual({ pointer: '', detail: 'and 9950 more' });
});

test('an endless unknown name is cut short in the sentence', () => {
  const [error] = errorsOf({ client_id: 'a', ['x'.repeat(100_000)]: 1 });
  expect(error!.detail.length).toBeLessThan(300);
});

test('the summary tells the first field and how many follow', () => {
  expect(summaryOf(errorsOf({ client_id: 3 }))).toBe('client_id: must be string');
  expect(summaryOf(errorsOf({ client_id: 3, protocol: 'x' }))).toMatch(
    /^client_id: must be string \(and 1 more\)$/,
  );
});
