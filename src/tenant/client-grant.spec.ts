import { expect, test } from 'vitest';
import { grantedScopes } from './client-grant.js';

const api = { scopes: [{ value: 'read' }, { value: 'write' }] };

test('a grant gives the scopes that it names and the API still has, in the order of the API', () => {
  expect(grantedScopes({ scope: ['write', 'gone', 'read'], allow_all_scopes: false }, api)).toEqual([
    'read',
    'write',
  ]);
  expect(grantedScopes({ scope: [], allow_all_scopes: false }, api)).toEqual([]);
  expect(grantedScopes({ scope: [], allow_all_scopes: true }, api)).toEqual(['read', 'write']);
});
