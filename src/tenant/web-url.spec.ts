import { expect, test } from 'vitest';
import { callbackUrl, logoutUrl, originUrl, webUrl } from './web-url.js';

test.each([
  'https://app.example/cb?a=b',
  'http://127.0.0.1/cb',
  'http://[::1]/cb',
  'https://*.example.com/cb',
  'https://{organization_name}.example.com/cb',
  'https://app.example/{organization_name}/cb',
])('%s is an address of the web', (url) => {
  expect(webUrl.safeParse(url).success).toBe(true);
  expect(callbackUrl.safeParse(url).success).toBe(true);
});

test.each([
  'com.example.app:/callback',
  'myapp://callback',
  'myapp:callback',
  'MyApp://host/path?x=y',
  'com.example.app://{organization_name}/callback',
])('%s leads back to an app, and is no address of the web', (url) => {
  expect(callbackUrl.safeParse(url).success).toBe(true);
  expect(webUrl.safeParse(url).success).toBe(false);
});

test.each([
  'javascript:alert(1)',
  'JavaScript://%0aalert(1)',
  'data:text/html,x',
  'vbscript:x',
  'blob:https://app.example/1',
  'file:///etc/passwd',
  'about:blank',
  'filesystem:https://app.example/x',
  'view-source:https://app.example/',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  '\u0001javascript:alert(1)',
  'javascript\n:alert(1)',
  'myapp:\\\\callback',
  'myapp://user@callback',
  'localhost:8080/callback',
  'app.example:443',
  'http://',
  '//app.example/cb',
  '/cb',
  '',
])('%j is nowhere that a browser may be sent to', (url) => {
  expect(callbackUrl.safeParse(url).success).toBe(false);
});

const flawIn = (url: typeof callbackUrl, text: string) => url.safeParse(text).error?.issues[0]?.message;

test.each([
  ['https://*.com/cb', 'top-level domain'],
  ['https://*.com./cb', 'top-level domain'],
  ['http://*/cb', 'left-most label'],
  ['https://*.a.*/', 'left-most label'],
  ['http://user@app.example/', 'without user name'],
])(
  '%s is registered neither as a callback, nor for logouts, nor as an origin, and is told why',
  (url, why) => {
    expect(flawIn(callbackUrl, url)).toContain(why);
    expect(flawIn(logoutUrl, url)).toContain(why);
    expect(flawIn(originUrl, url)).toContain(why);
  },
);

test('a callback with a fragment would never match; a logout URL with one may', () => {
  expect(flawIn(callbackUrl, 'http://localhost:8080/#/cb')).toContain('fragment');
  expect(flawIn(logoutUrl, 'http://localhost:8080/#/signed-out')).toBeUndefined();
  expect(flawIn(originUrl, 'http://localhost:8080/#/')).toBeUndefined();
});

test('an origin is one of the web, and may have a * as its left-most label', () => {
  expect(flawIn(originUrl, 'https://*.example.com')).toBeUndefined();
  expect(flawIn(originUrl, 'com.example.app:/callback')).toContain('http or https');
});
