import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUnsafeUri,
  isWebUri,
  matchesOrigin,
  matchesPostLogoutUri,
  matchesRedirectUri,
  matchesReturnTo,
  organizationNamesIn,
  originOf,
  registrationFlaw,
} from './redirect-uri.js';

const callback = 'https://App.example.com/Callback?tenant=a';

test.each([
  ['as it is', 'https://App.example.com/Callback?tenant=a', true],
  ['in other letters of scheme and host', 'HTTPS://app.EXAMPLE.com/Callback?tenant=a', true],
  ['in other letters of the path', 'https://app.example.com/callback?tenant=a', false],
  ['in other letters of the query', 'https://app.example.com/Callback?tenant=A', false],
  ['with another query', 'https://app.example.com/Callback?tenant=a&x=1', false],
  ['without the query', 'https://app.example.com/Callback', false],
  ['with a fragment', 'https://App.example.com/Callback?tenant=a#x', false],
  ['with an empty fragment', 'https://App.example.com/Callback?tenant=a#', false],
  ['with another scheme', 'http://app.example.com/Callback?tenant=a', false],
  ['with a port', 'https://app.example.com:8443/Callback?tenant=a', false],
  ['spelt with escapes', 'https://app.example.com/%43allback?tenant=a', false],
  ['with steps up', 'https://app.example.com/x/../Callback?tenant=a', false],
  ['with a user name', 'https://app.example.com@evil.example/Callback?tenant=a', false],
  ['with white space before it', ' https://app.example.com/Callback?tenant=a', false],
])('a callback %s: %s is %s', (_, sent, expected) => {
  expect(matchesRedirectUri(sent, ['https://other.example/', callback])).toBe(expected);
});

test.each([
  ['https://one.example.com/cb', true],
  ['https://ONE.example.com/cb', true],
  ['https://one-2.example.com/cb', true],
  ['https://example.com/cb', false],
  ['https://.example.com/cb', false],
  ['https://a.b.example.com/cb', false],
  ['https://one.example.com:8443/cb', false],
  ['https://one.example.com/other', false],
  ['https://evil.example/.example.com/cb', false],
  ['https://evil.example?.example.com/cb', false],
  ['https://evil.example\\.example.com/cb', false],
  ['https://evil@x.example.com/cb', false],
  ['https://evil:x.example.com/cb', false],
  ['https://evil%2f.example.com/cb', false],
  ['https://*.example.com/cb', false],
])('https://*.example.com/cb lets %s in: %s', (sent, expected) => {
  expect(matchesRedirectUri(sent, ['https://*.example.com/cb'])).toBe(expected);
});

test('an asterisk that is not the left-most label of a web host stands for itself', () => {
  expect(matchesRedirectUri('https://a.x.example.com/', ['https://a.*.example.com/'])).toBe(false);
  expect(matchesRedirectUri('https://example.com/x', ['https://example.com/*'])).toBe(false);
  expect(matchesRedirectUri('app://x.example.com/', ['app://*.example.com/'])).toBe(false);
  expect(matchesRedirectUri('https://pr-1.example.com/', ['https://pr-*.example.com/'])).toBe(false);
});

test('whatever an asterisk lets in, a browser reads as one label below the host that was registered', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '/',
    '\\',
    '@',
    ':',
    '#',
    '?',
    '%',
    '*',
    '[',
    '-',
    '\t',
    'ß',
    '。',
    '',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const sent = `https://${pieces.join('')}.example.com/cb`;
      if (!matchesRedirectUri(sent, ['https://*.example.com/cb'])) return;
      const { protocol, host, pathname, username } = new URL(sent);
      expect({ protocol, pathname, username }).toEqual({
        protocol: 'https:',
        pathname: '/cb',
        username: '',
      });
      expect(host).toMatch(/^[^.]+\.example\.com$/);
    }),
    { numRuns: 2000 },
  );
});

test('whatever matches a callback without an asterisk is the same URL to a browser', () => {
  const mangled = fc
    .tuple(
      fc.nat(callback.length),
      fc.nat(2),
      fc.constantFrom('', 'A', 'a', '/', '\\', '.', '\n', '@', '#', '%2e'),
    )
    .map(([at, gone, put]) => callback.slice(0, at) + put + callback.slice(at + gone));
  fc.assert(
    fc.property(mangled, (sent) => {
      if (matchesRedirectUri(sent, [callback])) expect(new URL(sent).href).toBe(new URL(callback).href);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['http://127.0.0.1:52133/cb', 'http://127.0.0.1/cb', true],
  ['http://127.0.0.1/cb', 'http://127.0.0.1:3000/cb', true],
  ['http://[::1]:52133/cb', 'http://[::1]/cb', true],
  ['http://localhost:1/cb', 'http://localhost/cb', true],
  ['http://localhost:1/cb', 'http://127.0.0.1/cb', false],
  ['http://127.0.0.1:52133/other', 'http://127.0.0.1/cb', false],
  ['https://127.0.0.1:52133/cb', 'https://127.0.0.1/cb', false],
  ['http://127.0.0.1.evil.example/cb', 'http://127.0.0.1/cb', false],
  ['http://127.0.0.1:80@evil.example/cb', 'http://127.0.0.1/cb', false],
  ['http://example.com:52133/cb', 'http://example.com/cb', false],
])('to a native application that registered the loopback, %s for %s: %s', (sent, registered, expected) => {
  expect(matchesRedirectUri(sent, [registered], { anyLoopbackPort: true })).toBe(expected);
  expect(matchesRedirectUri(sent, [registered])).toBe(false);
});

test('schemes of applications match, those that run script never do', () => {
  expect(matchesRedirectUri('com.example.app:/cb', ['com.example.app:/cb'])).toBe(true);
  expect(matchesRedirectUri('COM.example.app:/cb', ['com.example.app:/cb'])).toBe(true);
  expect(matchesRedirectUri('com.example.app:/CB', ['com.example.app:/cb'])).toBe(false);
  for (const uri of [
    'javascript:alert(1)',
    'JavaScript://x/%0aalert(1)',
    'data:text/html,x',
    'blob:https://x',
  ]) {
    expect(isUnsafeUri(uri)).toBe(true);
    expect(matchesRedirectUri(uri, [uri])).toBe(false);
    expect(matchesReturnTo(uri, [uri])).toBe(false);
  }
  expect(isUnsafeUri('java\tscript:alert(1)')).toBe(true);
  expect(isUnsafeUri('/cb')).toBe(true);
  expect(isUnsafeUri('https://app.example/')).toBe(false);
  expect(['https://app.example/', 'com.example.app:/cb', 'http:/cb'].map(isWebUri)).toEqual([
    true,
    false,
    false,
  ]);
});

test('what stands in the place of an organization is read off, wherever that is, for somebody to look it up', () => {
  const registered = [
    'https://{organization_name}.example.com/cb',
    'https://x.example/{organization_name}/cb',
  ];
  expect(organizationNamesIn('https://acme.example.com/cb', registered)).toContain('acme');
  expect(organizationNamesIn('HTTPS://ACME.example.com/cb', registered)).toContain('acme');
  expect(organizationNamesIn('https://x.example/acme/cb', registered)).toContain('acme');
  expect(organizationNamesIn('https://acme.example.com/cb', ['https://app.example/cb'])).toEqual([]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (sent) => {
      for (const name of organizationNamesIn(sent, registered)) expect(name).toMatch(/^[a-z0-9_-]{1,50}$/);
    }),
  );
});

test('the name of an organization stands in its place, and only a name does', () => {
  const registered = [
    'https://{organization_name}.example.com/cb',
    'https://x.example/{organization_name}/cb',
  ];
  const matching = (uri: string, organizationName?: string) =>
    matchesRedirectUri(uri, registered, { organizationName });
  expect(matching('https://acme.example.com/cb', 'acme')).toBe(true);
  expect(matching('https://x.example/acme/cb', 'acme')).toBe(true);
  expect(matching('https://evil.example.com/cb', 'acme')).toBe(false);
  expect(matching('https://acme.example.com/cb')).toBe(false);
  expect(matching('https://a/b.example.com/cb', 'a/b')).toBe(false);
});

test('/v2/logout looks neither at query nor at fragment, /oidc/logout at both', () => {
  const allowed = ['https://app.example/bye?x=1'];
  for (const [sent, returnTo, postLogout] of [
    ['https://app.example/bye?x=1', true, true],
    ['https://app.example/bye?x=2', true, false],
    ['https://app.example/bye', true, false],
    ['https://app.example/bye?x=1#top', true, false],
    ['https://app.example/bye#?', true, false],
    ['https://app.example/byes', false, false],
    ['https://app.example', false, false],
    ['https://evil.example/?https://app.example/bye', false, false],
  ] as const) {
    expect([sent, matchesReturnTo(sent, allowed)]).toEqual([sent, returnTo]);
    expect([sent, matchesPostLogoutUri(sent, allowed)]).toEqual([sent, postLogout]);
  }
});

test('an origin is what a browser says it is', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
      expect(originOf(url)).toBe(new URL(url).origin);
    }),
  );
  expect(originOf('https://APP.example:443/x')).toBe('https://app.example');
  expect(originOf('http://app.example:80')).toBe('http://app.example');
  expect(originOf('http://app.example:443')).toBe('http://app.example:443');
  for (const uri of ['app:/x', 'https:///x', 'null', '', 'https:x']) expect(originOf(uri)).toBeUndefined();
});

test('an origin is allowed by any URL on it, and by an asterisk in its place', () => {
  expect(matchesOrigin('https://app.example', ['https://app.example/'])).toBe(true);
  expect(matchesOrigin('https://app.example', ['https://app.example:443'])).toBe(true);
  expect(matchesOrigin('https://one.app.example', ['https://*.app.example'])).toBe(true);
  expect(matchesOrigin('https://app.example:8443', ['https://app.example'])).toBe(false);
  expect(matchesOrigin('http://app.example', ['https://app.example'])).toBe(false);
  expect(matchesOrigin('null', ['null'])).toBe(false);
});

test.each([
  'https://app.example/cb',
  'http://localhost:3000',
  'com.example.app:/cb',
  'https://*.example.com/cb',
  'https://*.localhost:3000/',
  'https://{organization_name}.example.com/',
])('%s can be registered', (uri) => {
  expect(registrationFlaw(uri)).toBeUndefined();
});

test.each([
  ['/cb', 'absolute'],
  ['https://app.example/c b', 'white space'],
  ['https:///cb', 'host'],
  ['javascript:alert(1)', 'javascript:'],
  ['https://app.example/#', 'fragment'],
  ['https://a.*.example.com/', 'left-most'],
  ['https://*.*.example.com/', 'left-most'],
  ['https://pr-*.example.com/', 'left-most'],
  ['app://*.example.com/', 'left-most'],
  ['https://*/', 'left-most'],
  ['https://*.com/', 'top-level'],
  ['https://*.com:8443/', 'top-level'],
  ['https://*.com./', 'top-level'],
  ['https://*.com.:443/', 'top-level'],
])('%s cannot be registered, and the reason says %s', (uri, reason) => {
  expect(registrationFlaw(uri)).toContain(reason);
});

test('matched exactly, a * stands for nothing, and any port of the loopback interface still may do', () => {
  const exactly = { exactly: true, anyLoopbackPort: true };
  expect(matchesRedirectUri('https://a.example.com/cb', ['https://*.example.com/cb'], exactly)).toBe(false);
  expect(matchesRedirectUri('https://*.example.com/cb', ['https://*.example.com/cb'], exactly)).toBe(false);
  expect(matchesRedirectUri('https://a.example.com/cb', ['https://a.example.com/cb'], exactly)).toBe(true);
  expect(matchesRedirectUri('http://127.0.0.1:4711/cb', ['http://127.0.0.1/cb'], exactly)).toBe(true);
});
