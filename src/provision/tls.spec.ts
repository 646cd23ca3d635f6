import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { authorityFileOf, tlsNames } from './tls.js';

test.each([
  ['https://127.0.0.1:3000', [], []],
  ['https://idp.example.test/mint', [], ['idp.example.test']],
  ['https://[2001:db8::7]:8443', [], ['2001:db8::7']],
  [
    'https://localhost:3000',
    ['idp.internal:8443', 'idp_2.test', '[::2]:9', '[::1]', '10.0.0.1:1'],
    ['idp.internal', 'idp_2.test', '::2', '10.0.0.1'],
  ],
])('at %s with the hosts %j loopback and %j are certified', (baseUrl, allowed, more) => {
  expect(tlsNames(baseUrl, allowed)).toEqual(['localhost', '127.0.0.1', '::1', ...more]);
});

test.each([
  ['file:data/mintmark.sqlite', resolve('data/mintmark-ca.pem')],
  ['file:///srv/idp/second.db', '/srv/idp/second-ca.pem'],
  ['file:here', resolve('here-ca.pem')],
  ['file::memory:', null],
  ['postgres://mint:secret@db/mint', null],
])('of the database %s the certificate of the authority is at %s', (databaseUrl, file) => {
  expect(authorityFileOf(databaseUrl)).toBe(file);
});
