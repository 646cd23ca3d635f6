import { expect, test } from 'vitest';
import { hashOfAdminToken } from './admin-token.js';
import { areaOf, guardPolicy, isLoopback, refusalOf, type GuardedRequest } from './request-guard.js';

const token = 'correct-horse-battery';
const local = guardPolicy({
  host: '127.0.0.1',
  port: 3000,
  baseUrl: 'http://127.0.0.1:3000',
  allowedHosts: [],
  adminTokenHash: null,
});
const proxied = guardPolicy({
  host: '0.0.0.0',
  port: 3000,
  baseUrl: 'https://idp.example.test/mint',
  allowedHosts: ['idp.internal', 'idp.other:8443'],
  adminTokenHash: hashOfAdminToken(token),
});

const verdict = (
  policy: typeof local,
  headers: GuardedRequest['headers'],
  method = 'POST',
  area: GuardedRequest['area'] = 'control',
) => refusalOf({ method, area, headers }, policy)?.code ?? 'passes';
const onLoopback = (headers: Record<string, string>, method?: string) =>
  verdict(local, { host: '127.0.0.1:3000', ...headers }, method);

test.each([
  ['/api', 'control'],
  ['/api/v2/clients/:id', 'control'],
  ['/debug/verify', 'control'],
  ['/apis', 'open'],
  ['/samlp/:clientId', 'open'],
  ['/docs', 'open'],
  ['/oauth/token', 'program'],
  ['/userinfo', 'program'],
  ['/v1/oauth/introspect', 'program'],
  // a browser goes there
  ['/v1/oauth/authorize', 'open'],
  ['/oauths', 'open'],
  ['/health', 'health'],
  ['/health/more', 'open'],
  [undefined, 'open'],
] as const)('the route %s belongs to the area %s', (url, area) => {
  expect(areaOf(url)).toBe(area);
});

test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', 'LOCALHOST'])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true);
});
test.each(['0.0.0.0', '::', '10.0.0.1', '127.example.test', 'localhost.example.test', '::2'])(
  '%s is not loopback',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);

test.each(['127.0.0.1:3000', 'localhost:3000', 'LocalHost:3000', '[::1]:3000'])(
  'on loopback the Host %s is ours',
  (host) => {
    expect(verdict(local, { host })).toBe('passes');
  },
);
test.each([
  'attacker.test:3000',
  '127.0.0.1:3001',
  '127.0.0.1',
  'localhost.attacker.test:3000',
  'attacker.test@127.0.0.1:3000',
  '127.0.0.1:3000@attacker.test',
  '127.0.0.1:3000/x',
  '127.0.0.1:3000, attacker.test',
  ' ',
  '',
])('on loopback the Host "%s" is not ours', (host) => {
  expect(verdict(local, { host })).toBe('host_not_ours');
  expect(verdict(local, { host }, 'GET', 'open')).toBe('host_not_ours');
});
test('a request without Host is not for us', () => {
  expect(verdict(local, {}, 'GET', 'open')).toBe('host_not_ours');
});
test('health is answered under any name', () => {
  expect(verdict(local, { host: 'attacker.test' }, 'GET', 'health')).toBe('passes');
});

test.each([
  ['idp.example.test', 'passes'],
  ['idp.example.test:443', 'passes'],
  ['idp.example.test:444', 'host_not_ours'],
  ['idp.internal', 'passes'],
  ['idp.internal:9', 'passes'],
  ['idp.other:8443', 'passes'],
  ['idp.other', 'host_not_ours'],
  ['localhost:3000', 'passes'],
  ['example.test', 'host_not_ours'],
])('behind a proxy the Host %s gets: %s', (host, expected) => {
  expect(verdict(proxied, { host }, 'GET', 'open')).toBe(expected);
});

test('the answer to a foreign Host says which variables to set', () => {
  const refusal = refusalOf({ method: 'GET', area: 'open', headers: { host: 'x.test' } }, local)!;
  expect(refusal.description).toContain('"x.test"');
  expect(refusal.description).toContain('BASE_URL');
  expect(refusal.description).toContain('MINTMARK_ALLOWED_HOSTS');
});

test.each([
  ['a program', {}],
  ['our own page', { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' }],
  ['a typed address', { 'sec-fetch-site': 'none' }],
])('%s may call the control API', (_who, headers) => {
  expect(onLoopback(headers)).toBe('passes');
});

test.each<[string, Record<string, string>]>([
  ['a page of another site', { origin: 'https://attacker.test', 'sec-fetch-site': 'cross-site' }],
  ['a page of an old browser', { origin: 'https://attacker.test' }],
  ['a page on another port', { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-site' }],
  ['a page on another loopback name', { origin: 'http://localhost:3000' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['an extension', { origin: 'chrome-extension://abcdef' }],
  ['an Origin with a path', { origin: 'http://127.0.0.1:3000/x' }],
  ['an Origin with a user', { origin: 'http://127.0.0.1:3000@attacker.test' }],
  [
    'a script or image tag',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
  ],
  ['a frame', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ['an unknown relation', { 'sec-fetch-site': 'elsewhere' }],
])('%s may not call the control API', (_who, headers) => {
  expect(onLoopback(headers, 'GET')).toBe('cross_origin_refused');
  expect(onLoopback(headers, 'POST')).toBe('cross_origin_refused');
});

test('a link on another site leads to the debug view, a form does not', () => {
  const navigation = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };
  expect(onLoopback(navigation, 'GET')).toBe('passes');
  expect(onLoopback(navigation, 'POST')).toBe('cross_origin_refused');
  expect(onLoopback({ ...navigation, origin: 'https://attacker.test' }, 'POST')).toBe('cross_origin_refused');
});

test('a service provider of any origin may post to the protocol', () => {
  const headers = {
    host: '127.0.0.1:3000',
    origin: 'https://sp.example.test',
    'sec-fetch-site': 'cross-site',
  };
  expect(verdict(local, headers, 'POST', 'open')).toBe('passes');
});

test.each([
  ['idp.example.test', 'https://idp.example.test'],
  ['idp.example.test:443', 'https://idp.example.test'],
  ['idp.internal:8080', 'http://idp.internal:8080'],
  ['idp.internal', 'https://idp.internal'],
  ['localhost:3000', 'http://localhost:3000'],
])('on %s the origin %s is our own', (host, origin) => {
  expect(verdict(proxied, { host, origin, authorization: `Bearer ${token}` })).toBe('passes');
});

test.each([
  [undefined],
  ['Bearer'],
  ['Bearer '],
  ['Bearer wrong'],
  [`Bearer ${token}x`],
  [`Bearer ${token.slice(0, -1)}`],
  [`Basic ${token}`],
  [`Bearer ${token} ${token}`],
  [token],
])('beyond loopback the control API refuses the Authorization %s', (authorization) => {
  expect(verdict(proxied, { host: 'idp.example.test', authorization })).toBe('admin_token_required');
  expect(verdict(proxied, { host: 'idp.example.test', authorization }, 'GET', 'open')).toBe('passes');
});

test.each([`Bearer ${token}`, `bearer ${token}`, `BEARER   ${token}`])(
  'beyond loopback the control API takes %s',
  (authorization) => {
    expect(verdict(proxied, { host: 'idp.example.test', authorization })).toBe('passes');
  },
);

test('the refusal challenges as RFC 6750 3 says, and keeps the token to itself', () => {
  const ask = (authorization?: string) =>
    refusalOf(
      { method: 'GET', area: 'control', headers: { host: 'idp.example.test', authorization } },
      proxied,
    )!;
  expect(ask().headers).toEqual({ 'www-authenticate': 'Bearer realm="mintmark"' });
  expect(ask('Bearer wrong').headers).toEqual({
    'www-authenticate': 'Bearer realm="mintmark", error="invalid_token"',
  });
  expect(JSON.stringify([ask('Bearer wrong'), ask().description])).not.toContain(token);
});

test('on loopback a token is not asked for, though one is set', () => {
  const policy = guardPolicy({
    host: '::1',
    port: 3000,
    baseUrl: 'http://[::1]:3000',
    allowedHosts: [],
    adminTokenHash: hashOfAdminToken(token),
  });
  expect(verdict(policy, { host: '[::1]:3000' })).toBe('passes');
});

test.each([null, ''])('beyond loopback there is no guard without a token (%j)', (adminTokenHash) => {
  const server = {
    host: '0.0.0.0',
    port: 1,
    baseUrl: 'http://localhost:1',
    allowedHosts: [],
    adminTokenHash,
  };
  expect(() => guardPolicy(server)).toThrow('0.0.0.0 is not loopback');
});
