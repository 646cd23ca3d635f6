/** The border over HTTP, around an application of its own with a few routes. */
import { connect } from 'node:net';
import { Body, Controller, Get, Module, Param, Post, Put, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { attributeValueSchema } from '../src/protocol/saml/settings.js';
import { TenantError } from '../src/tenant/tenant-error.js';
import { samlResponseSchema } from '../src/tenant/saml-addon.js';
import { hashOfAdminToken } from '../src/web/border/admin-token.js';
import { borderOptions, layBorder } from '../src/web/border/border.js';
import { guardPolicy } from '../src/web/border/request-guard.js';

const body = z.strictObject({
  client_id: z.string('must be string'),
  samlResponse: samlResponseSchema.optional(),
});
const query = z.strictObject({ limit: z.coerce.number('must be number').int().max(100).optional() });

@Controller()
class Routes {
  @Get('/health')
  health() {
    return { ready: true };
  }
  @Post('/api/transactions')
  create(@Body({ schema: body }) sent: z.infer<typeof body>) {
    return sent;
  }
  @Get('/api/transactions')
  list(@Query({ schema: query }) sent: z.infer<typeof query>) {
    return sent;
  }
  @Get('/api/transactions/:id')
  get(@Param('id') id: string) {
    if (id === 'crash') throw new Error('the secret of the database');
    throw new TenantError('client_not_found', `There is no client ${id}.`, { cause: new Error('private') });
  }
  @Post('/api/transactions/:id/complete')
  complete(@Param('id') id: string, @Body() sent: unknown) {
    throw new TenantError('client_exists', `${id} ${typeof sent}`, { extensions: { kept: 1 } });
  }
  @Put('/api/attributes/:name')
  put(
    @Param('name') name: string,
    @Body({ schema: z.strictObject({ value: attributeValueSchema }) }) { value }: { value: unknown },
  ) {
    return { name, value };
  }
  @Post('/samlp')
  post(@Body() sent: Record<string, unknown>) {
    return sent;
  }
}
@Module({ controllers: [Routes] })
class Application {}

let loopback: NestFastifyApplication;
let open: NestFastifyApplication;
let url: string;
const reported: [unknown, string][] = [];
const token = 'the-admin-token-of-this-test';

async function start(host: string, policyOf = guardPolicy): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    Application,
    new FastifyAdapter(borderOptions),
    {
      logger: false,
    },
  );
  layBorder(app, {
    report: (error, where) => reported.push([error, where]),
    policy: () =>
      policyOf({
        host,
        port: portOf(app),
        baseUrl: `http://localhost:${portOf(app)}`,
        allowedHosts: ['idp.test'],
        adminTokenHash: hashOfAdminToken(token),
      }),
  });
  await app.listen(0, '127.0.0.1');
  return app;
}
const portOf = (app: NestFastifyApplication): number =>
  (app.getHttpServer().address() as { port: number }).port;

beforeAll(async () => {
  loopback = await start('127.0.0.1');
  open = await start('0.0.0.0');
  url = `http://127.0.0.1:${portOf(loopback)}`;
});
afterAll(async () => {
  await loopback.close();
  await open.close();
});
beforeEach(() => void (reported.length = 0));

test('a request that never ends is given up', () => {
  const { requestTimeout } = loopback.getHttpServer();
  expect(requestTimeout).toBeGreaterThan(0);
  expect(requestTimeout).toBeLessThanOrEqual(60_000);
});

const send = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}${path}`, init);
  return { response, status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const post = (sent: unknown, path = '/api/transactions') =>
  send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof sent === 'string' || sent instanceof Uint8Array ? sent : JSON.stringify(sent),
  });
/** As it is on the wire: `fetch` would tidy the path and refuse to set Host. */
const raw = (app: NestFastifyApplication, lines: string[]): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(portOf(app), '127.0.0.1', () =>
      socket.write([...lines, 'Connection: close', '', ''].join('\r\n')),
    );
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('end', () =>
      resolve({ status: Number(text.split(' ')[1]), body: text.slice(text.indexOf('\r\n\r\n') + 4) }),
    );
  });

test('a good body passes as the schema reads it', async () => {
  const { status, body: answer } = await post({ client_id: 'sp', samlResponse: { audience: 'urn:sp' } });
  expect(status).toBe(201);
  expect(answer).toEqual({ client_id: 'sp', samlResponse: { audience: 'urn:sp' } });
});

test('an unknown setting is a problem with the nearest name and a JSON pointer', async () => {
  const { response, body: answer } = await post({ client_id: 'sp', samlResponse: { audiense: 'x' } });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer).toEqual({
    type: 'urn:mintmark:problem:invalid_body',
    title: 'Invalid body',
    status: 400,
    code: 'invalid_body',
    detail: 'samlResponse.audiense: unknown setting "audiense"; did you mean "audience"?',
    errors: [
      { pointer: '/samlResponse/audiense', detail: 'unknown setting "audiense"; did you mean "audience"?' },
    ],
  });
});

test('an absent body is told from an empty one', async () => {
  expect((await send('/api/transactions', { method: 'POST' })).body).toMatchObject({
    code: 'invalid_body',
    detail: expect.stringContaining('there is no body'),
  });
  expect((await post({})).body).toMatchObject({ errors: [{ pointer: '/client_id', detail: 'is missing' }] });
});

test('a query is checked like a body', async () => {
  expect((await send('/api/transactions?limit=5')).body).toEqual({ limit: 5 });
  expect((await send('/api/transactions?limt=5')).body).toMatchObject({
    status: 400,
    code: 'invalid_parameter',
    detail: 'Query parameter limt: unknown field "limt"; did you mean "limit"?',
    errors: [{ pointer: '/limt' }],
  });
});

test.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])(
  'an attribute may be called %s, and keeps its name',
  async (name) => {
    const sent = { client_id: 'sp', samlResponse: { attributes: { [name]: 'kept' } } };
    expect((await post(JSON.stringify(sent))).body).toEqual(sent);
  },
);

test.each([
  ['{"client_id":"a","__proto__":{"admin":true}}'],
  ['{"client_id":"a","\\u005f_proto__":{"admin":true}}'],
  ['{"client_id":"a","samlResponse":{"attributes":{"__proto__":"x"}}}'],
  ['{"client_id":"a","constructor":{"prototype":{"admin":true}}}'],
])('a body that forges a prototype is refused: %s', async (sent) => {
  const { status, body: answer } = await post(sent);
  expect(status).toBe(400);
  expect(answer).toMatchObject({ code: 'invalid_json', detail: expect.stringContaining('__proto__') });
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
});

test('broken JSON is told by line and column, without quoting it', async () => {
  const { status, body: answer } = await post('{\n  "client_id": hunter2 }');
  expect(status).toBe(400);
  expect(answer['code']).toBe('invalid_json');
  expect(JSON.stringify(answer)).not.toContain('hunter2');
  expect((await post('{\n  "client_id" "x" }')).body['detail']).toBe(
    'The body is not JSON at line 2, column 15.',
  );
});

test('bytes that are not UTF-8 are refused, not replaced', async () => {
  const { body: answer } = await post(new Uint8Array([...Buffer.from('{"client_id":"'), 0xff, 0x22, 0x7d]));
  expect(answer).toMatchObject({
    status: 400,
    code: 'invalid_json',
    detail: expect.stringContaining('UTF-8'),
  });
});

test('a body of brackets alone is refused, not a crash', async () => {
  const { body: answer } = await post(`{"client_id":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
  expect(answer).toMatchObject({
    status: 400,
    code: 'invalid_body',
    detail: 'is nested deeper than 64 levels',
  });
  expect(reported).toEqual([]);
});

test('a body over 1 MB is 413', async () => {
  const { body: answer } = await post({ client_id: 'a'.repeat(1_048_577) });
  expect(answer).toMatchObject({ status: 413, code: 'body_too_large' });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
])('a body of type %s is 415 under /api', async (type) => {
  const { body: answer } = await send('/api/transactions', {
    method: 'POST',
    headers: { 'content-type': type },
    body: 'client_id=a',
  });
  expect(answer).toMatchObject({ status: 415, code: 'content_type_unsupported' });
});

test('a form is taken where browsers post one, to the letter', async () => {
  const sent = 'SAMLRequest=x%2b+y&RelayState=';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(`${url}/samlp`, { method: 'POST', headers, body: sent });
  expect(await response.text()).toBe(sent);
});

test.each(['', '{}'])('a POST that says JSON and sends "%s" has no or an empty body', async (sent) => {
  expect((await post(sent, '/api/transactions/txn_1/complete')).body['detail']).toBe(
    `txn_1 ${sent === '' ? 'undefined' : 'object'}`,
  );
});

test('a named error has the status of its code, and nothing of its cause', async () => {
  const { status, body: answer } = await send('/api/transactions/txn_1');
  expect(status).toBe(404);
  expect(answer).toEqual({
    type: 'urn:mintmark:problem:client_not_found',
    title: 'Client not found',
    status: 404,
    code: 'client_not_found',
    detail: 'There is no client txn_1.',
  });
});

test('a named error may carry members of its own', async () => {
  expect((await post('{}', '/api/transactions/a/complete')).body).toMatchObject({ status: 409, kept: 1 });
});

test('an error nobody foresaw is reported with its cause and answered without it', async () => {
  const { response, status, body: answer } = await send('/api/transactions/crash');
  expect(status).toBe(500);
  expect(answer['code']).toBe('internal_error');
  expect(JSON.stringify([answer, [...response.headers]])).not.toContain('secret');
  expect(reported).toEqual([
    [expect.objectContaining({ message: 'the secret of the database' }), 'GET /api/transactions/:id'],
  ]);
});

test('an unknown route names the nearest one', async () => {
  expect((await send('/api/transaction')).body).toMatchObject({
    status: 404,
    code: 'route_not_found',
    detail: 'There is no /api/transaction; did you mean /api/transactions?',
  });
  expect((await send('/api/transactions/txn_1/compleet', { method: 'POST' })).body['detail']).toContain(
    'did you mean /api/transactions/:id/complete?',
  );
  expect((await send('/nothing/like/it')).body['detail']).toBe(
    'There is no /nothing/like/it; /docs lists the routes',
  );
});

test('a known route with another method says which it takes', async () => {
  const { response, body: answer } = await send('/api/transactions', { method: 'DELETE' });
  expect(answer).toMatchObject({ status: 405, code: 'method_not_allowed' });
  expect(response.headers.get('allow')).toBe('GET, POST');
});

test('an attribute name of 1024 astral characters fits into a path', async () => {
  const name = '𝒶'.repeat(1000);
  const { body: answer } = await send(`/api/attributes/${encodeURIComponent(name)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"value": 1}',
  });
  expect(answer).toEqual({ name, value: 1 });
});

test('an attribute name with slashes fits into a path', async () => {
  const name = 'http://schemas.example.test/a%2Fb';
  const { body: answer } = await send(`/api/attributes/${encodeURIComponent(name)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"value": 1}',
  });
  expect(answer).toEqual({ name, value: 1 });
});

test('a path with a part that is too long is a problem', async () => {
  expect((await send(`/api/transactions/${'a'.repeat(13_000)}`)).body).toMatchObject({
    status: 414,
    code: 'url_too_long',
  });
});

test('a path with a broken escape is a problem', async () => {
  expect((await send('/api/%zz')).body).toMatchObject({ status: 400, code: 'invalid_url' });
});

test.each(['/api/transactions', '/samlp', '/nothing'])(
  'a foreign Host is turned away from %s, and told which variable to set',
  async (path) => {
    const { status, body: answer } = await raw(loopback, [
      `GET ${path} HTTP/1.1`,
      'Host: rebound.attacker.test',
    ]);
    expect(status).toBe(421);
    expect(JSON.parse(answer)).toMatchObject({
      code: 'host_not_ours',
      detail: expect.stringContaining('MINTMARK_ALLOWED_HOSTS'),
    });
  },
);

test('without a policy nothing passes, and the server lives on', async () => {
  const unready = await start('127.0.0.1', () => {
    throw new Error('not ready');
  });
  const lines = ['GET /api/transactions HTTP/1.1', `Host: localhost:${portOf(unready)}`];
  expect((await raw(unready, lines)).status).toBe(500);
  expect((await raw(unready, lines)).status).toBe(500);
  expect(reported).toHaveLength(2);
  await unready.close();
});

test('health answers under any name', async () => {
  expect((await raw(loopback, ['GET /health HTTP/1.1', 'Host: pod-17'])).status).toBe(200);
});

test('a name that is allowed is answered', async () => {
  expect((await raw(loopback, ['GET /api/transactions HTTP/1.1', 'Host: IDP.test:8443'])).status).toBe(200);
});

test('a page of another origin is turned away before its body is read', async () => {
  const answer = await send('/api/transactions', {
    method: 'POST',
    headers: { origin: 'https://attacker.test', 'content-type': 'application/json' },
    body: '{broken',
  });
  expect(answer.body).toMatchObject({ status: 403, code: 'cross_origin_refused' });
  expect(answer.response.headers.get('access-control-allow-origin')).toBeNull();
});

test('a preflight gets no permission', async () => {
  const response = await fetch(`${url}/api/transactions`, {
    method: 'OPTIONS',
    headers: { origin: 'https://attacker.test', 'access-control-request-method': 'POST' },
  });
  expect(response.ok).toBe(false);
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});

test.each([
  'GET /api/transactions HTTP/1.1',
  'GET http://x.test/api/transactions HTTP/1.1',
  'GET /%61pi/transactions HTTP/1.1',
  'HEAD /api/transactions HTTP/1.1',
  'GET /api/transactions?x=/health HTTP/1.1',
])('beyond loopback no spelling gets round the admin token: %s', async (line) => {
  const { status } = await raw(open, [line, `Host: localhost:${portOf(open)}`]);
  expect(status).toBe(401);
});

test.each([
  'GET //api/transactions HTTP/1.1',
  'GET /API/transactions HTTP/1.1',
  'GET /health/../api/transactions HTTP/1.1',
  'GET /api%2Ftransactions HTTP/1.1',
  'GET *api/transactions HTTP/1.1',
  'GET /api/transactions/ HTTP/1.1',
])('what looks like the path but is not leads nowhere: %s', async (line) => {
  const { status } = await raw(open, [line, `Host: localhost:${portOf(open)}`]);
  expect([400, 401, 404]).toContain(status);
});

test('with the admin token the control API answers beyond loopback', async () => {
  const lines = ['GET /api/transactions HTTP/1.1', `Host: localhost:${portOf(open)}`];
  expect((await raw(open, [...lines, `Authorization: Bearer ${token}`])).status).toBe(200);
  expect((await raw(open, [...lines, `Authorization: Bearer ${token}x`])).status).toBe(401);
});

test('answers of the control API are not cached and not sniffed', async () => {
  const { response } = await send('/api/transactions');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});
