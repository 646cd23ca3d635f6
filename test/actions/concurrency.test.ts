/** Actions have effects outside a login, so of several callers one runs them; and many logins at once keep apart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ActionsService } from '../../src/login/actions/actions.service.js';
import { Clock } from '../../src/login/ports.js';
import { ActionCacheStore } from '../../src/storage/action-cache-store.js';
import {
  accessTokenOf,
  bindHandlers,
  codeOf,
  deployAction,
  exchange,
  executedIn,
  idTokenOf,
  inspectionOf,
  makeParties,
  oidcLogin,
  responseXmlOf,
  samlLogin,
  type LoginView,
} from '../support/actions.js';
import { onEachDatabase } from '../storage/each-database.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { textsOf } from '../support/wire.js';

let server: TestServer;
let other: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-at-once-'));
  const env = {
    DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
    MINTMARK_CERTS: join(folder, 'certs'),
    MINTMARK_LOG_LEVEL: 'silent',
  };
  server = await startTestServer(env);
  other = await startTestServer(env);
  await makeParties(server);
});
afterAll(async () => {
  await Promise.all([server.close(), other.close()]);
  await rm(folder, { recursive: true });
});

const begun = (): Promise<LoginView> => oidcLogin(server, { complete: false });
const at = ({ id }: LoginView, what = ''): string => `/api/transactions/${id}${what}`;
const complete = (instance: TestServer, login: LoginView) =>
  instance.api<LoginView>('POST', at(login, '/complete'));
/** Takes its time, and leaves a mark of its own with each run. */
const SLOW = `await new Promise((done) => setTimeout(done, 300)); api.cache.set('run ' + Math.random(), '1', { ttl: 80_000 });`;
onEachDatabase(
  'of many that complete one login at once one runs its Actions; the others hear that it is running or finished',
  async ({ url }) => {
    const env = { DATABASE_URL: url, MINTMARK_CERTS: join(folder, 'other-certs') };
    const instances = [await startTestServer(env), await startTestServer(env)] as const;
    const [one, two] = instances;
    try {
      await makeParties(one);
      await bindHandlers(one, [SLOW]);
      const cache = one.app.get(ActionCacheStore);
      for (let round = 1; round <= 3; round++) {
        const login = await oidcLogin(one, { complete: false });
        const answers = await Promise.all([one, two, one, two].map((instance) => complete(instance, login)));
        expect(answers.map(({ status }) => status).toSorted((lower, higher) => lower - higher)).toEqual([
          200, 409, 409, 409,
        ]);
        for (const { status, body } of answers)
          if (status === 409) expect(body.code).toMatch(/^transaction_(running|finished)$/);
        expect(Object.keys(await cache.read('post-login', Date.now()))).toHaveLength(round);
        expect(executedIn(await inspectionOf(one, login))).toHaveLength(1);
        expect((await complete(two, login)).body.code).toBe('transaction_finished');
      }
    } finally {
      await Promise.all(instances.map((instance) => instance.close()));
    }
  },
);

test('while its Actions run a login cannot be changed or denied, only looked at', async () => {
  await bindHandlers(server, [SLOW]);
  const login = await samlLogin(server, { complete: false });
  const running = complete(server, login);
  await vi.waitFor(async () => {
    const answer = await other.api<LoginView>('PATCH', at(login, '/saml-response'), { audience: 'urn:x' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'transaction_running' } });
  });
  expect(await other.api('POST', at(login, '/deny'), { reason: 'no' })).toMatchObject({
    status: 409,
    body: { code: 'transaction_running' },
  });
  expect(await other.api('GET', at(login))).toMatchObject({ status: 200, body: { status: 'pending' } });
  const { body } = await running;
  expect(body.status).toBe('completed');
  expect(responseXmlOf(body)).not.toContain('urn:x');
});

test('a login whose server is gone in the middle can be completed once its time is over, and not before', async () => {
  await bindHandlers(server, [`api.idToken.setCustomClaim('done', true);`]);
  const login = await begun();
  const run = vi.spyOn(server.app.get(ActionsService), 'run').mockRejectedValueOnce(new Error('gone'));
  expect((await complete(server, login)).status).toBe(500);
  run.mockRestore();
  expect(await complete(other, login)).toMatchObject({ status: 409, body: { code: 'transaction_running' } });
  const clock = other.app.get(Clock);
  try {
    clock.now = () => new Date(Date.now() + 30_000);
    expect((await complete(other, login)).status).toBe(409);
    clock.now = () => new Date(Date.now() + 60_000);
    const { status, body } = await complete(other, login);
    expect(status).toBe(200);
    expect(idTokenOf(body)['done']).toBe(true);
  } finally {
    clock.now = () => new Date();
  }
  // whoever comes back after that has lost it
  expect((await complete(server, login)).body.code).toBe('transaction_finished');
});

test('a login that another caller has taken over is answered by that one, and has its effects once', async () => {
  const cache = server.app.get(ActionCacheStore);
  await bindHandlers(server, [SLOW]);
  const before = Object.keys(await cache.read('post-login', Date.now())).length;
  const login = await begun();
  const first = complete(server, login);
  await vi.waitFor(async () => expect((await complete(other, login)).body.code).toBe('transaction_running'));
  const clocks = [server, other].map(({ app }) => app.get(Clock));
  try {
    for (const clock of clocks) clock.now = () => new Date(Date.now() + 60_000);
    const second = await complete(other, login);
    expect([second.status, second.body.status]).toEqual([200, 'completed']);
    expect((await first).status).toBe(409);
  } finally {
    for (const clock of clocks) clock.now = () => new Date();
  }
  // at most the other's: the mark of a run lives for as long as the clock was ahead
  expect(Object.keys(await cache.read('post-login', Date.now())).length - before).toBe(1);
});

test('what Actions wait for their turn does not count against their time', async () => {
  await server.api('PATCH', '/api/v2/tenants/settings', { actions_time_limit_in_seconds: 1 });
  try {
    const pause = 'await new Promise((done) => setTimeout(done, 100));';
    await bindHandlers(server, [pause, pause]);
    const logins = await Promise.all(Array.from({ length: 100 }, () => oidcLogin(server)));
    expect(logins.filter(({ status }) => status !== 'completed')).toEqual([]);
  } finally {
    await server.api('PATCH', '/api/v2/tenants/settings', { actions_time_limit_in_seconds: null });
  }
});

test('three hundred logins of all kinds at once are all answered, each with what is its own', async () => {
  const SECRET = (name: string) => ({ KEY: `secret-of-${name}` });
  const mark = (token: string): string =>
    `const mine = event.user?.user_metadata?.mine ?? event.request.body.mine ?? event.transaction.requested_scopes?.[0];
     globalThis.left = (globalThis.left ?? 0) + 1;
     if (globalThis.left !== 1) throw new Error('somebody was here before');
     ${token}`;
  await bindHandlers(server, [
    {
      name: 'First',
      secrets: SECRET('first'),
      body: mark(
        `api.transaction.setMetadata('mine', String(mine)); if (Object.keys(event.secrets).join() !== 'KEY' || event.secrets.KEY !== 'secret-of-first') throw new Error('not my secret');`,
      ),
    },
    {
      name: 'Second',
      secrets: SECRET('second'),
      body: mark(
        `await new Promise((done) => setTimeout(done, Math.random() * 10));
         const value = event.transaction.metadata.mine + ' ' + event.user.user_id + ' ' + event.secrets.KEY.length;
         api.idToken.setCustomClaim('mine', value); api.samlResponse.setAttribute('mine', value);
         if (Number(mine) % 10 === 3) api.access.deny('denied ' + mine);
         if (Number(mine) % 10 === 7) throw new Error('threw ' + mine);`,
      ),
    },
  ]);
  // exchanges have Actions of their own, which stay bound beside these
  await deployAction(server, {
    name: 'Of exchanges',
    trigger: 'credentials-exchange',
    secrets: SECRET('exchange'),
    code: codeOf(
      `api.accessToken.setCustomClaim('mine', event.transaction.requested_scopes.join() + ' ' + event.secrets.KEY.length);`,
      'credentials-exchange',
    ),
  });
  const logins = await Promise.all(
    Array.from({ length: 300 }, (_, index) => {
      const instance = index % 2 === 0 ? server : other;
      if (index % 3 === 2)
        return exchange(instance, { oidc: { scope: `s:${index}`, audience: 'https://api.example.test' } });
      const user = { user_id: `auth0|u${index}`, name: 'U', user_metadata: { mine: index } };
      return index % 3 === 0 ? samlLogin(instance, { user }) : oidcLogin(instance, { user });
    }),
  );
  const got = logins.map((login, index) => {
    if (login.status !== 'completed') return `${login.status} ${login.reason}`;
    if (index % 3 === 2) return accessTokenOf(login)['mine'];
    return index % 3 === 0 ? textsOf(responseXmlOf(login), 'mine')?.[0] : idTokenOf(login)['mine'];
  });
  expect(got).toEqual(
    logins.map((_, index) => {
      if (index % 3 === 2) return `s:${index} ${'secret-of-exchange'.length}`;
      if (index % 10 === 3) return `denied denied ${index}`;
      if (index % 10 === 7) return `failed threw ${index}`;
      return `${index} auth0|u${index} ${'secret-of-second'.length}`;
    }),
  );
  for (const [index, login] of logins.entries()) {
    const { timeline } = await inspectionOf(server, login);
    expect(JSON.stringify(timeline)).not.toContain('secret-of');
    expect(executedIn({ timeline, failure: null, droppedClaims: [] }).map(({ action }) => action)).toEqual(
      index % 3 === 2 ? ['Of exchanges'] : ['First', 'Second'],
    );
  }
}, 60_000);

onEachDatabase('no character that an Action says breaks what is kept', async ({ url }) => {
  const instance = await startTestServer({
    DATABASE_URL: url,
    MINTMARK_CERTS: join(folder, 'certs-of-odd'),
  });
  try {
    await makeParties(instance, ['stored']);
    const stored = { user: { user_id: 'auth0|stored' } };
    const odd = String.raw`'a\u0000\ud800\uffff b'`;
    await bindHandlers(instance, [
      `api.user.setAppMetadata(${odd}, ${odd}); api.transaction.setMetadata(${odd}, ${odd}); api.cache.set(${odd}, ${odd});
       console.log(${odd}); api.idToken.setCustomClaim(${odd}, ${odd});`,
      `api.idToken.setCustomClaim('back', [event.user.app_metadata, event.transaction.metadata, { ${odd}: api.cache.get(${odd}).value }]
         .map((values) => values[${odd}] === ${odd}));
       if (event.request.query.deny) api.access.deny(${odd});`,
    ]);
    const login = await oidcLogin(instance, stored);
    expect(idTokenOf(login)['back']).toEqual([true, true, true]);
    for (const protocol of [oidcLogin, samlLogin]) {
      const denied = await protocol(instance, { ...stored, event: { request: { query: { deny: '1' } } } });
      expect(denied.status).toBe('denied');
      expect((await instance.api(`GET`, at(denied))).status).toBe(200);
    }
    expect((await instance.api('GET', '/api/v2/users/auth0%7Cstored')).status).toBe(200);
  } finally {
    await instance.close();
  }
});
