import { expect, test } from 'vitest';
import { isEnabledFor } from './connection.js';

test('a connection without a list of clients is for every one; with a list for those in it', () => {
  expect(isEnabledFor({}, 'app')).toBe(true);
  expect(isEnabledFor({ enabled_clients: ['app'] }, 'app')).toBe(true);
  expect(isEnabledFor({ enabled_clients: [] }, 'app')).toBe(false);
});
