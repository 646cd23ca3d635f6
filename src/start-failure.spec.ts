import { expect, test } from 'vitest';
import { readConfig } from './config.js';
import { StartError } from './provision/start-error.js';
import { startFailure } from './start-failure.js';

const config = readConfig({
  PORT: '3000',
  HOST: 'mint.test',
  DATABASE_URL: 'postgres://me:hunter2@db.test/mint',
});
const failure = (members: object): Error => Object.assign(new Error('raw hunter2'), members);

test.each<[object, RegExp]>([
  [{ code: 'EADDRINUSE', syscall: 'listen' }, /^Port 3000 of mint\.test is taken.* set PORT/],
  [{ code: 'EACCES', syscall: 'listen' }, /may not listen on port 3000/],
  [{ code: 'EADDRNOTAVAIL', syscall: 'listen' }, /set HOST/],
  [{ code: 'ENOTFOUND', hostname: 'mint.test' }, /There is no host mint\.test/],
  [{ code: 'ENOTFOUND', hostname: 'db.test' }, /No PostgreSQL server answers/],
  [{ code: 'ECONNREFUSED' }, /No PostgreSQL server answers at postgres:\/\/me:\*\*\*@db\.test\/mint/],
  [{ code: '28P01' }, /refuses the user or the password/],
  [{ code: '3D000' }, /createdb/],
  [{ code: 'SQLITE_NOTADB' }, /is not an SQLite database/],
  [{ code: 'EACCES' }, /may not write there/],
])('%j is told in a sentence, without the password', (members, said) => {
  const sentence = startFailure(failure(members), config);
  expect(sentence).toMatch(said);
  expect(sentence).not.toContain('hunter2');
});

test('an error that is named tells itself', () => {
  expect(startFailure(new StartError('seed_unusable', 'The seed …'), config)).toBe('The seed …');
});

test('what nobody foresaw is not explained away', () => {
  expect(startFailure(new TypeError('x'), config)).toBeUndefined();
  expect(startFailure(failure({ code: 'toString' }), config)).toBeUndefined();
  expect(startFailure('x', config)).toBeUndefined();
});
