import { fastify, type FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import {
  clearSessionCookie,
  keepCookies,
  readBrowserToken,
  readSessionToken,
  setBrowserCookie,
  setSessionCookie,
} from './cookies.js';

const EXPIRES = new Date('2030-01-01T00:00:00Z');

function serverThatIs({ secure }: { secure: boolean }): FastifyInstance {
  const server = fastify();
  keepCookies(server, () => secure);
  server.get('/read', (request) => ({ s: readSessionToken(request), b: readBrowserToken(request) }));
  server.get('/set', (_request, reply) => {
    setSessionCookie(reply, 'session-token', { expiresAt: EXPIRES, secure });
    setBrowserCookie(reply, 'browser-token', { secure });
    return {};
  });
  server.get('/clear', (_request, reply) => {
    clearSessionCookie(reply, secure);
    return {};
  });
  return server;
}
const read = async (cookie: string | undefined, secure = false): Promise<unknown> => {
  const headers = cookie === undefined ? {} : { cookie };
  const answer = await serverThatIs({ secure }).inject({ url: '/read', headers });
  expect(answer.statusCode).toBe(200);
  return answer.json();
};

test('cookies are kept from scripts and from posts of other sites', async () => {
  const { headers } = await serverThatIs({ secure: false }).inject('/set');
  expect(headers['set-cookie']).toEqual([
    'mintmark_session=session-token; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; HttpOnly; SameSite=Lax',
    'mintmark_browser=browser-token; Path=/; HttpOnly; SameSite=Lax',
  ]);
});

test('with TLS they are bound to this very host', async () => {
  const { headers } = await serverThatIs({ secure: true }).inject('/set');
  expect(headers['set-cookie']).toEqual([
    '__Host-mintmark_session=session-token; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
    '__Host-mintmark_browser=browser-token; Path=/; HttpOnly; Secure; SameSite=Lax',
  ]);
});

test.each([false, true])('a session is cleared under the name it was set with (TLS: %s)', async (secure) => {
  const { headers } = await serverThatIs({ secure }).inject('/clear');
  expect(String(headers['set-cookie'])).toMatch(
    secure ? /^__Host-mintmark_session=; .*Expires=Thu, 01 Jan 1970/ : /^mintmark_session=; .*Expires=Thu/,
  );
});

test('what was set is read back', async () => {
  const cookie = 'theme=dark; mintmark_session=session-token; mintmark_browser=browser-token';
  expect(await read(cookie)).toEqual({ s: 'session-token', b: 'browser-token' });
});

test('with TLS a cookie that a sibling domain could have planted is not looked at', async () => {
  expect(await read('mintmark_session=planted', true)).toEqual({});
  expect(await read('mintmark_session=planted; __Host-mintmark_session=ours', true)).toEqual({ s: 'ours' });
});

test('of two cookies of one name the first is taken', async () => {
  expect(await read('mintmark_session=first; mintmark_session=second')).toEqual({ s: 'first' });
});

test.each([
  undefined,
  '',
  ';',
  '=; =',
  'mintmark_session',
  'mintmark_session=',
  'mintmark_session=%',
  'mintmark_session=%E0%A4%A',
  'mintmark_session=a%00b',
  'mintmark_session="quoted',
  'mintmark_session=a b',
  'mintmark_session=<script>',
  'mintmark_session=\u00e4',
  `mintmark_session=${'a'.repeat(513)}`,
  'Mintmark_Session=a',
  '__proto__=a; constructor=b',
])('of the header %j nothing is read, and nothing fails', async (cookie) => {
  expect(await read(cookie)).toEqual({});
});
