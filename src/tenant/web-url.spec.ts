import { expect, test } from 'vitest';
import { returnUrl, webUrl } from './web-url.js';

test.each([
  'https://app.example/cb?a=b',
  'http://localhost:8080/#/signed-out',
  'http://127.0.0.1/cb',
  'http://[::1]/cb',
  'https://*.example.com/cb',
  'https://{organization_name}.example.com/cb',
  'https://app.example/{organization_name}/cb',
])('%s is an address of the web', (url) => {
  expect(webUrl.safeParse(url).success).toBe(true);
  expect(returnUrl.safeParse(url).success).toBe(true);
});

test.each([
  'com.example.app:/callback',
  'myapp://callback',
  'myapp:callback',
  'MyApp://host/path?x=y',
  'com.example.app://{organization_name}/callback',
])('%s leads back to an app, and is no address of the web', (url) => {
  expect(returnUrl.safeParse(url).success).toBe(true);
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
  expect(returnUrl.safeParse(url).success).toBe(false);
});
