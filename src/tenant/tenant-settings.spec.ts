import { expect, test } from 'vitest';
import { patchedSettings, tenantSettingsPatchSchema, tenantSettingsSchema } from './tenant-settings.js';

const kept = tenantSettingsSchema.parse({
  name: 'acme',
  entity_id: 'urn:acme',
  retention: { days: 1, transactions: 50 },
});
const patch = (body: object) => patchedSettings(kept, tenantSettingsPatchSchema.parse(body));

test('a patch changes what it names and nothing else', () => {
  expect(patch({ default_audience: 'urn:api' })).toEqual({ ...kept, default_audience: 'urn:api' });
  expect(patch({})).toEqual(kept);
});

test('one cap of retention changes without the other', () => {
  expect(patch({ retention: { days: 3 } }).retention).toEqual({ days: 3, transactions: 50 });
});

test('null sets a setting back to its default', () => {
  expect(patch({ name: null, entity_id: null, retention: { transactions: null } })).toEqual({
    ...tenantSettingsSchema.parse({}),
    retention: { days: 1, transactions: 10_000 },
  });
  expect(patch({ retention: null }).retention).toEqual({ days: 7, transactions: 10_000 });
});

test.each([{ name: 'Not Lower' }, { retention: { days: 0 } }, { nam: 'x' }, { minimum_rsa_bits: 'many' }])(
  'a setting that cannot be is refused: %j',
  (body) => {
    expect(tenantSettingsPatchSchema.safeParse(body).success).toBe(false);
  },
);
