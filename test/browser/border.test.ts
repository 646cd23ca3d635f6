/** What the border does for browsers on open routes: reads forms, answers errors as pages, and keeps forms from the control API. */
import { request as httpRequest } from 'node:http';
import { Body, Controller, Get, HttpCode, HttpException, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoginError } from '../../src/login/login-error.js';
import { DatabaseError } from '../../src/storage/database.js';
import { borderOptions, layBorder } from '../../src/web/border/border.js';
import { guardPolicy } from '../../src/web/border/request-guard.js';
import { readSessionToken, setSessionCookie } from '../../src/web/cookies.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const FORM = 'application/x-www-form-urlencoded';

@Controller()
class TestController {
  @Post('open/form')
  @HttpCode(200)
  form(@Body() body: unknown): unknown {
    return { type: typeof body, body };
  }
  @Get('open/broken')
  broken(): never {
    throw new Error('an inner matter');
  }
  @Get('open/away')
  away(): never {
    throw new DatabaseError('ECONNREFUSED', 'connect', 'SELECT 1');
  }
  @Get('open/teapot')
  teapot(): never {
    throw new HttpException('I am a teapot', 418);
  }
  @Get('open/refused')
  refused(): never {
    throw new LoginError('login_expired', 'Too <late>.', { extensions: { transaction_id: 'txn_1' } });
  }
  @Get('open/cookie')
  cookie(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): { token: string | undefined } {
    setSessionCookie(reply, 'next', { expiresAt: new Date('2030-01-01'), secure: false });
    return { token: readSessionToken(request) };
  }
  @Post('api/things')
  thing(@Body() body: unknown): unknown {
    return { body };
  }
}
// by hand: the decorators' metadata is all that Nest asks for
@Module({ controllers: [TestController] })
class TestModule {}

let app: NestFastifyApplication;
let base: string;
const reported: unknown[] = [];
beforeAll(async () => {
  app = await NestFactory.create<NestFastifyApplication>(TestModule, new FastifyAdapter(borderOptions), {
    logger: false,
    abortOnError: false,
  });
  let port = 0;
  layBorder(app, {
    policy: () =>
      guardPolicy({
        host: '127.0.0.1',
        port,
        baseUrl: `http://127.0.0.1:${port}`,
        allowedHosts: [],
        adminTokenHash: null,
      }),
    report: (error) => reported.push(error),
  });
  await app.init();
  await app.listen(0, '127.0.0.1');
  ({ port } = app.getHttpServer().address() as { port: number });
  base = `http://127.0.0.1:${port}`;
});
afterAll(() => app.close());

const post = (path: string, body: string | Buffer, type = FORM, headers: Record<string, string> = {}) =>
  fetch(`${base}${path}`, { method: 'POST', body, headers: { 'content-type': type, ...headers } });
const posted = async (body: string | Buffer, type?: string): Promise<{ type: string; body: string }> =>
  (await (await post('/open/form', body, type)).json()) as { type: string; body: string };
const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;

test.each([
  'SAMLRequest=a%2fb%2Bc&RelayState=&x=+1',
  'a=1&a=2',
  '=&&%zz',
  'ü=é',
  '__proto__=1',
  '{"not":"json"}',
])('a form arrives to the letter: %s', async (body) => {
  expect(await posted(body)).toEqual({ type: 'string', body });
});

test.each([FORM, `${FORM}; charset=UTF-8`, 'Application/X-WWW-Form-Urlencoded'])(
  'a form is known by its media type: %s',
  async (type) => {
    expect(await posted('a=b', type)).toEqual({ type: 'string', body: 'a=b' });
  },
);

test('a post without a body is an empty form', async () => {
  for (const headers of [new Headers(), new Headers({ 'content-type': FORM })]) {
    const answer = await fetch(`${base}/open/form`, { method: 'POST', headers });
    expect(await answer.json()).toEqual({ type: 'string', body: '' });
  }
});

test('a form of 256 kB is read, a longer one is 413, and one that is not UTF-8 is 400', async () => {
  expect((await posted('a'.repeat(262_144))).body.length).toBe(262_144);
  const large = await post('/open/form', 'a'.repeat(262_145));
  expect([large.status, await codeOf(large)]).toEqual([413, 'body_too_large']);
  const latin = await post('/open/form', Buffer.from('a=\xe4', 'latin1'));
  expect([latin.status, await codeOf(latin)]).toEqual([400, 'invalid_request']);
});

test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'text/xml'])(
  'an open route takes no %s',
  async (type) => {
    const answer = await post('/open/form', '{}', type);
    expect([answer.status, await codeOf(answer)]).toEqual([415, 'content_type_unsupported']);
  },
);

test.each([FORM, `${FORM};charset=utf-8`, 'text/plain'])(
  'the control API refuses %s, which any page could post',
  async (type) => {
    const answer = await post('/api/things', '{"a":1}', type);
    expect([answer.status, await codeOf(answer)]).toEqual([415, 'content_type_unsupported']);
  },
);

test('the control API still reads JSON of 1 MB', async () => {
  const body = JSON.stringify('a'.repeat(1_048_000));
  expect((await post('/api/things', body, 'application/json')).status).toBe(201);
});

/** With a Host of its own, which `fetch` does not send. */
const asForeign = (accept: string): Promise<{ status: number; type: string; text: string }> =>
  new Promise((resolve, reject) => {
    httpRequest(`${base}/open/teapot`, { headers: { host: 'evil.example', accept } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, type: String(answer.headers['content-type']), text }),
      );
    })
      .on('error', reject)
      .end();
  });

test.each<[string, number, string, (accept: string) => Promise<Response>]>([
  ['an unknown path', 404, 'route_not_found', (accept) => fetch(`${base}/nowhere`, { headers: { accept } })],
  ['a path that breaks', 400, 'invalid_url', (accept) => fetch(`${base}/%zz`, { headers: { accept } })],
  [
    'a wrong method',
    405,
    'method_not_allowed',
    (accept) => fetch(`${base}/open/form`, { headers: { accept } }),
  ],
  [
    'a long form',
    413,
    'body_too_large',
    (accept) => post('/open/form', 'a'.repeat(300_000), FORM, { accept }),
  ],
  [
    'a body of another kind',
    415,
    'content_type_unsupported',
    (accept) => post('/open/form', '{}', 'text/plain', { accept }),
  ],
  [
    'a database that is away',
    503,
    'database_unavailable',
    (accept) => fetch(`${base}/open/away`, { headers: { accept } }),
  ],
  [
    'a failure of ours',
    500,
    'internal_error',
    (accept) => fetch(`${base}/open/broken`, { headers: { accept } }),
  ],
  [
    'a refusal of the framework',
    418,
    'invalid_request',
    (accept) => fetch(`${base}/open/teapot`, { headers: { accept } }),
  ],
  [
    'a refusal by name',
    400,
    'login_expired',
    (accept) => fetch(`${base}/open/refused`, { headers: { accept } }),
  ],
])('%s is a page for people and a problem for programs', async (_what, status, code, ask) => {
  const page = await ask(BROWSER);
  expect([page.status, page.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
  expect(page.headers.get('vary')).toBe('accept');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*form-action 'none'/);
  expect(page.headers.get('cache-control')).toBe('no-cache, no-store');
  const text = await page.text();
  expect(text).toContain(`<code>${code}</code>`);
  expect(text).not.toContain('inner matter');

  const problem = await ask('*/*');
  expect(problem.status).toBe(status);
  expect(problem.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem.headers.get('vary')).toBe('accept');
  expect(await codeOf(problem)).toBe(code);
});

test('a foreign Host is a page for people and a problem for programs', async () => {
  const page = await asForeign(BROWSER);
  expect([page.status, page.type]).toEqual([421, 'text/html; charset=utf-8']);
  expect(page.text).toContain('MINTMARK_ALLOWED_HOSTS');
  const problem = await asForeign('*/*');
  expect(problem.status).toBe(421);
  expect(problem.type).toMatch(/^application\/problem\+json/);
});

test('a page says what an error says: in text, with the way to its transaction, and what was allowed', async () => {
  const text = await (await fetch(`${base}/open/refused`, { headers: { accept: BROWSER } })).text();
  expect(text).toContain('Too &lt;late&gt;.');
  expect(text).toContain('href="/debug/transactions/txn_1"');
  const wrong = await fetch(`${base}/open/form`, { headers: { accept: BROWSER } });
  expect(wrong.headers.get('allow')).toBe('POST');
});

test('the control API answers problems even to a browser', async () => {
  const answer = await post('/api/things', 'a=b', FORM, { accept: BROWSER });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
});

test('what fails as a page is reported as ever', async () => {
  reported.length = 0;
  await fetch(`${base}/open/broken`, { headers: { accept: BROWSER } });
  expect(String(reported)).toContain('an inner matter');
});

test('an address of 30 kB gets to its route, one beyond 64 kB does not', async () => {
  expect((await fetch(`${base}/open/cookie?a=${'b'.repeat(30_000)}`)).status).toBe(200);
  expect((await fetch(`${base}/open/cookie?a=${'b'.repeat(70_000)}`)).status).toBe(431);
});

test('cookies come and go', async () => {
  const answer = await fetch(`${base}/open/cookie`, {
    headers: { cookie: 'mintmark_session=%E0; mintmark_session=mine; mintmark_session=other' },
  });
  expect(await answer.json()).toEqual({});
  expect(answer.headers.get('set-cookie')).toMatch(/^mintmark_session=next; Path=\/; .*HttpOnly/);
  const again = await fetch(`${base}/open/cookie`, { headers: { cookie: 'mintmark_session=mine' } });
  expect(await again.json()).toEqual({ token: 'mine' });
});
