/** Devices over HTTP (RFC 8628): what they are given, who lets them in, and what each poll is answered. */
import * as fc from 'fast-check';
import * as client from 'openid-client';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { DataSource } from 'typeorm';
import { DeviceCodeStore } from '../../src/storage/device-code-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import { bindHandlers, deployAction, unbindAll } from '../support/actions.js';
import { startAwayPage } from '../actions/away-page.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  API,
  lastTransaction,
  makeClient,
  makeParties,
  patched,
  PASSWORD,
  post,
  refusal,
  SECRET,
  token,
  verified,
} from './token-parties.js';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const LOGIN = { username: 'alice', password: PASSWORD };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  const grant_types = [DEVICE, 'refresh_token'];
  const isPublic = { token_endpoint_auth_method: 'none', app_type: 'native', grant_types };
  await makeClient(server, 'tv', isPublic);
  await makeClient(server, 'strict-tv', { ...isPublic, oauth_dialect: 'strict' });
  await makeClient(server, 'kiosk', { grant_types });
});
afterAll(() => server.close());
afterEach(() => unbindAll(server));

interface Begun {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}
const ask = (parameters: Readonly<Record<string, string>> = {}) =>
  post(
    server,
    new URLSearchParams({ client_id: 'tv', scope: 'openid profile', ...parameters }).toString(),
    { 'content-type': 'application/x-www-form-urlencoded' },
    '/oauth/device/code',
  );
async function begun(parameters: Readonly<Record<string, string>> = {}): Promise<Begun> {
  const { status, body } = await ask(parameters);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as unknown as Begun;
}
const poll = ({ device_code }: Begun, client_id = 'tv') =>
  token(server, { grant_type: DEVICE, client_id, device_code });

/** As if the device had waited. */
const wait = ({ device_code }: Begun): Promise<unknown> =>
  server.app
    .get(DataSource)
    .query(`UPDATE device_codes SET last_polled_at = 0 WHERE digest = '${tokenDigest(device_code)}'`);

/** To the question whether this is the code, by the form where it is typed. */
async function typed(agent: UserAgent, device: Begun): Promise<Page> {
  const page = await agent.get(device.verification_uri);
  expect(page.text).not.toMatch(/<script/i);
  const { action, method } = page.forms[0]!;
  expect({ action, method }).toEqual({ action: '/activate', method: 'get' });
  return agent.get(
    `${device.verification_uri}?user_code=${device.user_code.toLowerCase().replace('-', ' ')}`,
  );
}
const letIn = async (agent: UserAgent, device: Begun): Promise<Page> =>
  agent.submit(await typed(agent, device), { action: 'approve' });

test('a device is given a code that can be typed, and where', async () => {
  const device = await begun();
  expect(device).toEqual({
    device_code: expect.stringMatching(/^[\w-]{43}$/),
    user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
    verification_uri: `${server.baseUrl}/activate`,
    verification_uri_complete: `${server.baseUrl}/activate?user_code=${device.user_code}`,
    expires_in: 900,
    interval: 5,
  });
});

test('who types the code, confirms it and logs in lets the device in', async () => {
  const device = await begun({ audience: API, scope: 'openid profile offline_access read:mail' });
  expect(refusal(await poll(device))).toEqual([
    403,
    'authorization_pending',
    'User has yet to authorize device code.',
  ]);
  const agent = new UserAgent();
  const page = await typed(agent, device);
  expect(page.text).toContain(device.user_code);
  expect(page.text).not.toMatch(/<script/i);
  const login = await agent.submit(page, { action: 'approve' });
  expect(login.text).toContain('Log in to tv');
  const done = await agent.submit(login, LOGIN);
  expect(done.text).toContain('Device connected');
  const approval = await lastTransaction(server);
  expect(approval).toMatchObject({ protocol: 'device_code', status: 'completed', client_id: 'tv' });

  await wait(device);
  const { status, body } = await poll(device);
  expect(status).toBe(200);
  expect((await verified(server, body.access_token)).payload).toMatchObject({
    sub: 'auth0|alice',
    azp: 'tv',
  });
  expect((await verified(server, body.id_token, 'tv')).payload).toMatchObject({ name: 'Alice' });
  expect(body).toMatchObject({
    token_type: 'Bearer',
    scope: 'openid profile offline_access read:mail',
    refresh_token: expect.any(String) as string,
  });
  const renewed = await token(server, {
    grant_type: 'refresh_token',
    client_id: 'tv',
    refresh_token: body.refresh_token,
  });
  expect(renewed.status).toBe(200);
  const { text } = await agent.get(`${server.baseUrl}/debug/transactions/${approval['id'] as string}`);
  expect(text).not.toContain(device.device_code);
});

test('a session is used, and nobody is asked again; the code is over then', async () => {
  const agent = new UserAgent();
  const first = await begun();
  await agent.submit(await letIn(agent, first), LOGIN);
  const second = await begun();
  const direct = await letIn(agent, second);
  expect(direct.text.replaceAll(/<style[^]*?<.style>/g, '')).toContain('Device connected');
  expect((await poll(second)).status).toBe(200);
  const again = await agent.get(second.verification_uri_complete);
  expect(again.status).toBe(400);
  expect(again.text).toContain('No device waits with the code');
});

test.each([
  ['tv', 403, 'User cancelled the confirmation prompt.'],
  ['strict-tv', 400, undefined],
] as const)('a device of %s that is denied is told so', async (client_id, status, description) => {
  const device = await begun({ client_id });
  const agent = new UserAgent();
  const page = await agent.submit(await typed(agent, device), { action: 'deny' });
  expect(page.text).toContain('Device denied');
  const [told, error, text] = refusal(await poll(device, client_id));
  expect([told, error]).toEqual([status, 'access_denied']);
  if (description !== undefined) expect(text).toBe(description);
});

test('who cancels the login lets nobody in', async () => {
  const device = await begun();
  const agent = new UserAgent();
  const ended = await agent.submit(await letIn(agent, device), { action: 'cancel' });
  expect(ended.text).toContain('Device not connected');
  expect((await poll(device)).body.error).toBe('access_denied');
});

test('a device that polls too fast is told to slow down, by the status of its dialect', async () => {
  const device = await begun();
  await poll(device);
  expect(refusal(await poll(device))).toEqual([
    429,
    'slow_down',
    'You are polling faster than the specified interval of 10 seconds.',
  ]);
  const strict = await begun({ client_id: 'strict-tv' });
  expect(refusal(await poll(strict, 'strict-tv')).slice(0, 2)).toEqual([400, 'authorization_pending']);
  expect(refusal(await poll(strict, 'strict-tv')).slice(0, 2)).toEqual([400, 'slow_down']);
});

test('a device that waits leaves no transactions behind, however often it asks', async () => {
  const device = await begun();
  const before = await lastTransaction(server);
  for (const error of ['authorization_pending', 'slow_down', 'slow_down'])
    expect((await poll(device)).body.error).toBe(error);
  expect(await lastTransaction(server)).toEqual(before);
  await token(server, { grant_type: DEVICE, client_id: 'tv', device_code: 'unknown' });
  expect(await lastTransaction(server)).toMatchObject({ protocol: 'device_code', status: 'failed' });
});

test('a code that is over lets nobody in, not even by a login that had begun', async () => {
  const device = await begun();
  const agent = new UserAgent();
  const login = await letIn(agent, device);
  await server.app
    .get(DataSource)
    .query(`UPDATE device_codes SET expires_at = 1 WHERE digest = '${tokenDigest(device.device_code)}'`);
  const ended = await agent.submit(login, LOGIN);
  expect(ended.text).toContain('Device not connected');
  expect(await lastTransaction(server)).toMatchObject({ status: 'failed', protocol: 'device_code' });
  expect((await poll(device)).body.error).toBe('authorization_pending');
  const page = await new UserAgent().get(device.verification_uri_complete);
  expect(page.text).toContain('No device waits');
});

test('a code works once, and for its client only', async () => {
  const device = await begun();
  const agent = new UserAgent();
  await agent.submit(await letIn(agent, device), LOGIN);
  expect(refusal(await poll(device, 'strict-tv')).slice(0, 2)).toEqual([400, 'invalid_grant']);
  await wait(device);
  const answers = await Promise.all(Array.from({ length: 6 }, () => poll(device)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(refusal(await poll(device)).slice(0, 2)).toEqual([403, 'invalid_grant']);
});

test('of browsers that let a device in at once it hears of one alone', async () => {
  const device = await begun();
  const agents = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const agent = new UserAgent();
      return { agent, login: await letIn(agent, device) };
    }),
  );
  const pages = await Promise.all(agents.map(({ agent, login }) => agent.submit(login, LOGIN)));
  expect(pages.filter(({ text }) => text.includes('Device connected'))).toHaveLength(1);
  const others = pages.filter(({ text }) => text.includes('Device not connected'));
  expect(others).toHaveLength(3);
  for (const { text } of others) expect(text).toContain('Somebody else has let the device in, or refused it');
  const { status, body } = await poll(device);
  expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'Bearer' });
});

test('whoever denies first holds, and a login that was to let the device in says so', async () => {
  const device = await begun();
  const [own, stranger] = [new UserAgent(), new UserAgent()];
  const login = await letIn(own, device);
  const denied = await stranger.submit(await typed(stranger, device), { action: 'deny' });
  expect(denied.text).toContain('Device denied');
  const page = await own.submit(login, LOGIN);
  expect(page.text).toContain('Device not connected');
  expect(page.text).toContain('Somebody else has let the device in, or refused it');
  expect((await poll(device)).body.error).toBe('access_denied');
});

test('so does a session that lets it in, where the device is denied in that very moment', async () => {
  const agent = new UserAgent();
  await agent.submit(await letIn(agent, await begun()), LOGIN);
  const device = await begun();
  const question = await typed(agent, device);
  const codes = server.app.get(DeviceCodeStore);
  const find = codes.findPending.bind(codes);
  vi.spyOn(codes, 'findPending').mockImplementationOnce(async (userCode, now) => {
    const found = await find(userCode, now);
    await codes.deny(found!.digest, now);
    return found;
  });
  const page = await agent.submit(question, { action: 'approve' });
  expect(page.text).toContain('Somebody else has let the device in, or refused it');
  expect(await lastTransaction(server)).toMatchObject({ status: 'failed', protocol: 'device_code' });
  expect((await poll(device)).body.error).toBe('access_denied');
});

test('post-login Actions run where the device is let in, and not when it polls', async () => {
  await bindHandlers(server, [
    `api.accessToken.setCustomClaim('via', event.transaction.protocol);
     api.idToken.setCustomClaim('via', event.transaction.protocol);
     api.accessToken.removeScope('profile');`,
  ]);
  const device = await begun({ audience: API });
  const agent = new UserAgent();
  await agent.submit(await letIn(agent, device), LOGIN);
  await unbindAll(server);
  const { body } = await poll(device);
  expect(body.scope).toBe('openid');
  expect((await verified(server, body.access_token)).payload['via']).toBe('oauth2-device-code');
  expect((await verified(server, body.id_token, 'tv')).payload['via']).toBe('oauth2-device-code');
});

test('an Action that denies keeps the device out, and says why to the person', async () => {
  await bindHandlers(server, [`api.access.deny('not on a television');`]);
  const device = await begun();
  const agent = new UserAgent();
  const ended = await agent.submit(await letIn(agent, device), LOGIN);
  expect(ended.text).toContain('not on a television');
  expect((await poll(device)).body.error).toBe('access_denied');
});

test('an Action may send the browser away; the device waits until it is back', async () => {
  const away = await startAwayPage();
  await deployAction(server, {
    name: 'Away',
    code: `exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(${JSON.stringify(away.url)});
exports.onContinuePostLogin = async () => {};`,
  });
  const device = await begun();
  const agent = new UserAgent();
  const there = await agent.submit(await letIn(agent, device), LOGIN);
  expect(there.url.startsWith(away.url)).toBe(true);
  expect((await poll(device)).body.error).toBe('authorization_pending');
  const state = new URL(there.url).searchParams.get('state')!;
  const back = await agent.get(`${server.baseUrl}/continue?state=${encodeURIComponent(state)}`, there.url);
  expect(back.text).toContain('Device connected');
  await wait(device);
  expect((await poll(device)).status).toBe(200);
  await away.close();
});

test('a form that this browser was not shown changes nothing', async () => {
  const device = await begun();
  const own = await typed(new UserAgent(), device);
  const stranger = new UserAgent();
  await stranger.get(device.verification_uri_complete);
  const forged = await stranger.submit(own, { action: 'approve' });
  expect(forged.status).toBe(400);
  const denied = await fetch(`${server.baseUrl}/activate`, {
    method: 'POST',
    body: new URLSearchParams({ user_code: device.user_code, action: 'deny' }),
  });
  expect(denied.status).toBe(400);
  expect((await poll(device)).body.error).toBe('authorization_pending');
});

const REFUSED: readonly (readonly [
  what: string,
  parameters: Readonly<Record<string, string>>,
  expected: readonly [status: number, error: string],
])[] = [
  ['an unknown client', { client_id: 'nobody' }, [401, 'access_denied']],
  ['a client without the grant', { client_id: 'app', client_secret: SECRET }, [403, 'unauthorized_client']],
  ['a client without its secret', { client_id: 'kiosk' }, [401, 'access_denied']],
  ['an audience that nobody has', { audience: 'urn:nobody' }, [403, 'access_denied']],
  ['a scope that cannot be written', { scope: 'a"b' }, [400, 'invalid_scope']],
];
test.each(REFUSED)('a device of %s is refused', async (_, parameters, [status, error]) => {
  const answer = await ask(parameters);
  expect(refusal(answer).slice(0, 2)).toEqual([status, error]);
});

test('a device code that nobody gave out, or none, is refused', async () => {
  const unknown = { grant_type: DEVICE, client_id: 'tv', device_code: 'x' };
  expect(refusal(await token(server, unknown)).slice(0, 2)).toEqual([403, 'invalid_grant']);
  const { device_code: _, ...none } = unknown;
  expect(refusal(await token(server, none)).slice(0, 2)).toEqual([400, 'invalid_request']);
});

test('a device of a client whose logins need an organization is let in by nobody', async () => {
  await makeClient(server, 'organized', {
    token_endpoint_auth_method: 'none',
    app_type: 'native',
    grant_types: [DEVICE],
  });
  const device = await begun({ client_id: 'organized' });
  await patched(server, 'clients/organized', { organization_usage: 'require' });
  const page = await letIn(new UserAgent(), device);
  expect(page.text).toContain('organization is required for this client');
  expect(await lastTransaction(server)).toMatchObject({
    protocol: 'device_code',
    status: 'failed',
    reason: expect.stringContaining('organization_usage'),
  });
  expect((await poll(device, 'organized')).body.error).toBe('authorization_pending');
  expect(refusal(await ask({ client_id: 'organized' })).slice(0, 2)).toEqual([400, 'invalid_request']);
  await patched(server, 'clients/organized', { organization_usage: 'allow' });
  expect((await letIn(new UserAgent(), device)).text).toContain('Log in to organized');
});

test('of the devices of a client a thousand may wait; those that were answered make room', async () => {
  await makeClient(server, 'many', { token_endpoint_auth_method: 'none', grant_types: [DEVICE] });
  const device = await begun({ client_id: 'many' });
  const codes = server.app.get(DeviceCodeStore);
  const found = (await codes.findPending(device.user_code, new Date()))!;
  for (let index = 1; index < 1000; index += 1)
    await codes.insert({ ...found, digest: `many ${index}`, userCode: `many ${index}` });
  const refused = await ask({ client_id: 'many' });
  expect(refusal(refused).slice(0, 2)).toEqual([429, 'too_many_requests']);
  expect(refused.body.error_description).toContain('1000 device codes of the client many');
  await begun();
  await codes.deny(found.digest, new Date());
  await begun({ client_id: 'many' });
});

test('who tries out codes is stopped after a hundred; whoever knows one is not, and costs nobody an attempt', async () => {
  const device = await begun();
  const agent = new UserAgent();
  for (let index = 0; index < 120; index += 1)
    expect((await agent.get(device.verification_uri_complete)).status).toBe(200);
  const alphabet = 'BCDFGHJKLMNPQRSTVWXZ';
  const statuses = [];
  for (let index = 0; index < 101; index += 1) {
    const letters = [alphabet[Math.floor(index / 20)], alphabet[index % 20]].join('');
    statuses.push((await agent.get(`${device.verification_uri}?user_code=${letters}BBBBBB`)).status);
  }
  expect([...new Set(statuses)]).toEqual([400, 429]);
  expect((await agent.get(device.verification_uri_complete)).status).toBe(429);
  await server.app.get(DataSource).query('DELETE FROM login_attempts');
});

test('whatever is posted or typed, the server does not fail', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('tv', 'openid', API, 'approve', 'WDJB-MJHT'),
  );
  const names = fc.constantFrom(
    'client_id',
    'client_secret',
    'scope',
    'audience',
    'device_code',
    'user_code',
    'csrf',
    'action',
    '__proto__',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(names, value),
      fc.constantFrom('/oauth/device/code', '/oauth/token', '/activate'),
      async (given, path) => {
        const body = new URLSearchParams({
          ...(path === '/oauth/token' && { grant_type: DEVICE }),
          ...given,
        });
        const posted = await fetch(`${server.baseUrl}${path}`, { method: 'POST', body });
        expect(posted.status).toBeLessThan(500);
        const query = new URLSearchParams({ user_code: given['user_code'] ?? given['scope'] ?? '' });
        const shown = await fetch(`${server.baseUrl}/activate?${query.toString()}`);
        expect(shown.status).toBeLessThan(500);
      },
    ),
    { numRuns: 100 },
  );
});

test('openid-client connects a device', async () => {
  const config = await client.discovery(new URL(server.baseUrl), 'strict-tv', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  });
  const device = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
  const agent = new UserAgent();
  const page = await agent.get(device.verification_uri_complete!);
  await agent.submit(await agent.submit(page, { action: 'approve' }), LOGIN);
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
  expect(tokens.claims()).toMatchObject({ sub: 'auth0|alice', email: 'alice@example.test' });
});
