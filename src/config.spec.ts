import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, baseUrlOf, readConfig, withoutPassword } from './config.js';

const complaint = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.description;
  }
  throw new Error('the environment was accepted');
};

test('an empty environment serves the demo tenant from a file on loopback', () => {
  const config = readConfig({ PATH: '/usr/bin' });
  expect(config).toEqual({
    port: 3000,
    host: '127.0.0.1',
    baseUrl: null,
    databaseUrl: 'file:data/mintmark.sqlite',
    seedFile: expect.stringMatching(/examples\/demo\/mintmark\.yaml$/),
    actionModulesFolder: process.cwd(),
    adminToken: null,
    certsFolder: 'certs',
    allowedHosts: [],
    tls: 'off',
    logLevel: 'warn',
  });
  expect(existsSync(config.seedFile!)).toBe(true);
  expect(baseUrlOf(config, config.port)).toBe('http://127.0.0.1:3000');
});

test('the configuration cannot be changed after it is read', () => {
  const config = readConfig({});
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  expect(() => (config.allowedHosts as string[]).push('evil.test')).toThrow(TypeError);
});

test('every variable is read', () => {
  expect(
    readConfig({
      PORT: '0',
      HOST: '[::]',
      BASE_URL: 'https://idp.example.test/',
      DATABASE_URL: 'postgresql://mint:secret@db:5432/mint',
      MINTMARK_SEED: 'my.yaml',
      MINTMARK_ACTION_MODULES: '/srv/actions/',
      MINTMARK_ADMIN_TOKEN: 'abcdefghijklmnop',
      MINTMARK_CERTS: '/etc/mint',
      MINTMARK_ALLOWED_HOSTS: 'IdP.test, idp.internal:8443,[::1]:9',
      MINTMARK_TLS: 'self',
      MINTMARK_LOG_LEVEL: 'debug',
    }),
  ).toEqual({
    port: 0,
    host: '::',
    baseUrl: 'https://idp.example.test',
    databaseUrl: 'postgres://mint:secret@db:5432/mint',
    seedFile: 'my.yaml',
    actionModulesFolder: '/srv/actions',
    adminToken: 'abcdefghijklmnop',
    certsFolder: '/etc/mint',
    allowedHosts: ['idp.test', 'idp.internal:8443', '[::1]:9'],
    tls: 'self',
    logLevel: 'debug',
  });
});

test('an empty variable is an unset one', () => {
  expect(readConfig({ PORT: '', BASE_URL: ' ', MINTMARK_ADMIN_TOKEN: '' })).toEqual(readConfig({}));
});

test('packages of Actions are looked up beside a seed of the operator, else where they are', () => {
  expect(readConfig({ MINTMARK_SEED: '/srv/idp/mintmark.yaml' }).actionModulesFolder).toBe('/srv/idp');
  expect(readConfig({ MINTMARK_SEED: 'seeds/my.yaml' }).actionModulesFolder).toBe(resolve('seeds'));
  expect(readConfig({ MINTMARK_SEED: 'none' }).actionModulesFolder).toBe(process.cwd());
  expect(readConfig({ MINTMARK_ACTION_MODULES: 'here' }).actionModulesFolder).toBe(resolve('here'));
});

test('the seed can be switched off', () => {
  expect(readConfig({ MINTMARK_SEED: 'none' }).seedFile).toBeNull();
});

test.each([
  ['PORT', '65536', 'a number from 0 to 65535'],
  ['PORT', '3000/', 'a number from 0 to 65535'],
  ['PORT', '-1', 'a number from 0 to 65535'],
  ['HOST', 'http://localhost', 'an IP address or a host name'],
  ['HOST', 'localhost:3000', 'an IP address or a host name'],
  ['BASE_URL', 'idp.example.test', 'an absolute http or https URL'],
  ['BASE_URL', 'ftp://idp.example.test', 'an absolute http or https URL'],
  ['BASE_URL', 'https://idp.example.test/?a=b', 'without user, query and fragment'],
  ['BASE_URL', 'https://idp.example.test/?', 'without user, query and fragment'],
  ['BASE_URL', 'https://me:secret@idp.example.test', 'without user, query and fragment'],
  ['DATABASE_URL', 'mysql://root@localhost/x', 'file:<path> (SQLite) or postgres://'],
  ['DATABASE_URL', 'data/mintmark.sqlite', 'file:<path> (SQLite) or postgres://'],
  ['DATABASE_URL', 'file:', 'file:<path> (SQLite) or postgres://'],
  ['DATABASE_URL', 'postgres://localhost', '/<database>'],
  ['MINTMARK_SEED', 'seed.json', '.yaml or .yml'],
  ['MINTMARK_ADMIN_TOKEN', 'too-short', '16 to 256'],
  ['MINTMARK_ADMIN_TOKEN', 'a token with spaces in it', '16 to 256'],
  ['MINTMARK_ALLOWED_HOSTS', 'https://idp.test', 'names with or without port'],
  ['MINTMARK_ALLOWED_HOSTS', '*', 'names with or without port'],
  ['MINTMARK_ALLOWED_HOSTS', 'idp.test:99999', 'names with or without port'],
  ['MINTMARK_TLS', 'on', 'one of off, self'],
  ['MINTMARK_LOG_LEVEL', 'loud', 'one of silent, fatal, error, warn, info, debug, trace'],
])('%s=%s is refused with what is allowed', (name, value, allowed) => {
  const message = complaint({ [name]: value });
  expect(message).toContain(`${name} must be `);
  expect(message).toContain(allowed);
});

test('a prefix that a variable does not have is told', () => {
  expect(complaint({ MINTMARK_PORT: '1' })).toContain(
    'MINTMARK_PORT is not a variable of Mintmark; did you mean "PORT"?',
  );
});

test('everything that is wrong is told at once', () => {
  expect(complaint({ PORT: 'x', HOST: 'a b', MINTMARK_ADMIN_TOKN: 'x' }).split('\n')).toEqual([
    'The environment cannot be used:',
    '  PORT must be a number from 0 to 65535; 0 takes any free port.',
    '  HOST must be an IP address or a host name, without scheme and port.',
    '  MINTMARK_ADMIN_TOKN is not a variable of Mintmark; did you mean "MINTMARK_ADMIN_TOKEN"?',
  ]);
});

test('the test suite has variables of its own', () => {
  expect(() => readConfig({ MINTMARK_TEST_POSTGRES: 'postgres://x' })).not.toThrow();
});

test('no message repeats a secret', () => {
  const message = complaint({
    MINTMARK_ADMIN_TOKEN: 'hunter2 hunter2 hunter2',
    DATABASE_URL: 'postgress://mint:hunter2@db/mint',
    BASE_URL: 'https://mint:hunter2@idp.test/',
  });
  expect(message).not.toContain('hunter2');
});

test.each([
  ['127.0.0.1', 4711, 'http://127.0.0.1:4711'],
  ['::1', 4711, 'http://[::1]:4711'],
  ['fe80::1%eth0', 4711, 'http://[fe80::1]:4711'],
  ['0.0.0.0', 4711, 'http://localhost:4711'],
  ['::', 4711, 'http://localhost:4711'],
  ['idp.internal', 80, 'http://idp.internal'],
])('on host %s and port %i the base URL is %s', (host, port, expected) => {
  expect(baseUrlOf({ baseUrl: null, host, tls: 'off' }, port)).toBe(expected);
});

test('with TLS the base URL is https, and one that is not is refused', () => {
  expect(baseUrlOf(readConfig({ MINTMARK_TLS: 'self', HOST: '::1' }), 4711)).toBe('https://[::1]:4711');
  expect(baseUrlOf(readConfig({ MINTMARK_TLS: 'self' }), 443)).toBe('https://127.0.0.1');
  expect(complaint({ MINTMARK_TLS: 'self', BASE_URL: 'http://idp.test' })).toContain(
    'BASE_URL must be an https URL where MINTMARK_TLS is self',
  );
});

test('a certificate of the operator lets the port speak https', () => {
  const files = { MINTMARK_TLS_CERT: 'tls/server.pem', MINTMARK_TLS_KEY: '/etc/tls/server.key' };
  const config = readConfig(files);
  expect(config.tls).toEqual({ certificateFile: 'tls/server.pem', keyFile: '/etc/tls/server.key' });
  expect(() => Object.assign(config.tls, { keyFile: 'x' })).toThrow(TypeError);
  expect(baseUrlOf(config, 8443)).toBe('https://127.0.0.1:8443');
  expect(complaint({ ...files, BASE_URL: 'http://idp.test' })).toContain(
    'BASE_URL must be an https URL where MINTMARK_TLS_CERT is set',
  );
});

test.each([
  [{ MINTMARK_TLS_CERT: 'a.pem' }, 'MINTMARK_TLS_KEY must be set too where MINTMARK_TLS_CERT is'],
  [{ MINTMARK_TLS_KEY: 'a.key' }, 'MINTMARK_TLS_CERT must be set too where MINTMARK_TLS_KEY is'],
  [{ MINTMARK_TLS_CERT: 'a', MINTMARK_TLS_KEY: 'b', MINTMARK_TLS: 'self' }, 'MINTMARK_TLS must be left out'],
  [{ MINTMARK_TLS_CERT: 'a', MINTMARK_TLS_KEY: 'b', MINTMARK_TLS: 'off' }, 'MINTMARK_TLS must be left out'],
  [{ MINTMARK_TLS: '/etc/tls/server.pem' }, 'is named by MINTMARK_TLS_CERT and MINTMARK_TLS_KEY'],
  [{ MINTMARK_TLS_CRT: 'a.pem' }, 'did you mean "MINTMARK_TLS_CERT"?'],
])('%j is refused with what is missing or too much', (env, sentence) => {
  expect(complaint(env)).toContain(sentence);
});

test('a key that is given as text is refused, and not repeated', () => {
  const message = complaint({
    MINTMARK_TLS_CERT: 'a.pem',
    MINTMARK_TLS_KEY: '-----BEGIN PRIVATE KEY-----MIIhunter2',
  });
  expect(message).toContain('MINTMARK_TLS_KEY must be the path of a PEM file, not its text');
  expect(message).not.toContain('hunter2');
});

test('a base URL that is set stays, whatever the port', () => {
  expect(baseUrlOf(readConfig({ BASE_URL: 'https://example.test/idp/' }), 4711)).toBe(
    'https://example.test/idp',
  );
});

test.each([
  ['postgres://mint:hunter2@db:5432/mint', 'postgres://mint:***@db:5432/mint'],
  ['postgres://db/mint?user=mint&password=hunter2', 'postgres://db/mint?user=mint&password=***'],
  ['postgres://mint@db/mint', 'postgres://mint@db/mint'],
  ['file:data/mintmark.sqlite', 'file:data/mintmark.sqlite'],
])('%s is printed as %s', (databaseUrl, printed) => {
  expect(withoutPassword(databaseUrl)).toBe(printed);
});
