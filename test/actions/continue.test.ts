/** The way back from the page of an Action: one state, one browser, one use, whatever comes to /continue. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AuthenticationService } from '../../src/login/authentication.service.js';
import { Clock } from '../../src/login/ports.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import {
  logsInAs,
  makeServiceProvider,
  makeUser,
  postedTo,
  responseXml,
  statusIn,
  type ServiceProvider,
} from '../saml-browser/service-provider.js';
import { deployAction, executedIn, inspectionOf, unbindAll, type LoginView } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import { SHARED, signedReturn, startAwayPage, stateOf, type AwayPage } from './away-page.js';

let server: TestServer;
let sp: ServiceProvider;
let away: AwayPage;
beforeAll(async () => {
  server = await startTestServer();
  away = await startAwayPage();
  sp = await makeServiceProvider(server);
  await makeUser(server, 'alice');
  await makeUser(server, 'bob');
  await server.api('POST', '/api/v2/clients', { client_id: 'app', name: 'App' });
});
afterAll(async () => {
  await server.close();
  await away.close();
});
beforeEach(() => unbindAll(server));

/** Sends the browser away, and says what it came back with. */
const ASKS = `exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(event.secrets.PAGE);
exports.onContinuePostLogin = async ({ request }, api) =>
  api.samlResponse.setAttribute('answer', request.body.answer ?? request.query.answer ?? 'none');`;

async function bind(...codes: readonly string[]): Promise<void> {
  for (const [index, code] of codes.entries())
    await deployAction(server, {
      name: `Action ${index + 1}`,
      code: code.replaceAll('event.secrets.PAGE', JSON.stringify(`${away.url}/asks?a=1`)),
      secrets: { SHARED },
    });
}

/** The page that the browser is at after its login. */
async function leaves(agent: UserAgent, name = 'alice'): Promise<Page> {
  const page = await agent.submit(await agent.get(await sp.loginUrl('kept')), logsInAs(name));
  expect(page.url.startsWith(away.url)).toBe(true);
  return page;
}
const continueUrl = (state: string, more: Readonly<Record<string, string>> = {}): string =>
  `${server.baseUrl}/continue?${new URLSearchParams({ state, ...more }).toString()}`;
const returns = (agent: UserAgent, page: Page, more: Readonly<Record<string, string>> = {}): Promise<Page> =>
  agent.get(continueUrl(stateOf(page), more), page.url);
const postsBack = (agent: UserAgent, page: Page, fields: Readonly<Record<string, string>>): Promise<Page> =>
  agent.post(`${server.baseUrl}/continue`, Object.entries(fields), page.url);

const answerOf = async (page: Page): Promise<unknown> => (await sp.accept(page))['answer'];
const idOf = (page: Page): string => stateOf(page).split('.')[0]!;
const seen = (page: Page) => inspectionOf(server, { id: idOf(page) });
const statusOf = async (page: Page): Promise<string> =>
  (await server.api<LoginView>('GET', `/api/transactions/${idOf(page)}`)).body.status;

const at = <Result>(passedMs: number, run: () => Promise<Result>): Promise<Result> => {
  const clock = server.app.get(Clock);
  clock.now = () => new Date(Date.now() + passedMs);
  return run().finally(() => {
    clock.now = () => new Date();
  });
};

test('the browser that comes back with its state gets its answer, once', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  expect(new URL(page.url).searchParams.get('a')).toBe('1');
  const delivered = await returns(agent, page, { answer: 'yes' });
  expect(await answerOf(delivered)).toBe('yes');
  expect(postedTo(delivered, sp.acsUrl)['RelayState']).toBe('kept');
  const again = await returns(agent, page, { answer: 'again' });
  expect(again.status).toBe(400);
  expect(again.text).toContain('continue_state_invalid');
  const { timeline } = await seen(page);
  expect(timeline.find(({ name }) => name === 'user.redirected')?.detail).toEqual({
    by: 'Action 1',
    to: `${away.url}/asks?a=1`,
  });
  expect(timeline.find(({ name }) => name === 'user.returned')?.detail).toEqual({
    to: 'Action 1',
    method: 'GET',
  });
  expect(executedIn({ timeline } as never).map(({ handler }) => handler)).toEqual([
    'onExecutePostLogin',
    'onContinuePostLogin',
  ]);
});

const BAD_STATES: readonly (readonly [string, (state: string) => string])[] = [
  ['no state', () => ''],
  ['an empty one', () => 'state='],
  ['one that is cut', (state) => `state=${state.slice(0, -1)}`],
  ['one that is longer', (state) => `state=${state}x`],
  ['the transaction alone', (state) => `state=${state.split('.')[0]}`],
  ['another of the same transaction', (state) => `state=${state.split('.')[0]}.${'A'.repeat(43)}`],
  ['one of no transaction', (state) => `state=txn_${'0'.repeat(32)}.${state.split('.')[1]}`],
  ['two at once', (state) => `state=${state}&state=${state}`],
  ['a list', (state) => `state[]=${state}`],
  ['a script', () => `state=${encodeURIComponent('"><script>alert(1)</script>')}`],
  ['NUL and line ends', () => 'state=%00%0d%0aset-cookie:%20a=b'],
  ['bytes that are no UTF-8', () => 'state=%ff%fe'],
];
test.each(BAD_STATES)(
  '%s is refused by GET and POST, is not shown, and uses nothing up',
  async (_, stateIn) => {
    await bind(ASKS);
    const agent = new UserAgent();
    const page = await leaves(agent);
    const query = stateIn(stateOf(page));
    const url = `${server.baseUrl}/continue`;
    for (const refused of [
      await agent.get(`${url}?${query}`),
      await agent.post(`${url}?${query}`, [], `${server.baseUrl}/`),
      ...(query.includes('&') || query.includes('%ff')
        ? []
        : [await agent.post(url, [...new URLSearchParams(query)], page.url)]),
    ]) {
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('continue_state_invalid');
      expect(refused.text).not.toContain('alert(1)');
      expect(refused.headers.get('set-cookie')).toBeNull();
    }
    expect(await answerOf(await returns(agent, page, { answer: 'right' }))).toBe('right');
  },
);

test('a state may stand in the query or in the form, of this site or of another', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  for (const from of [away.url, server.baseUrl]) {
    const inQuery = await leaves(agent);
    const posted = await agent.post(continueUrl(stateOf(inQuery)), [['answer', 'in the query']], from);
    expect(await answerOf(posted)).toBe('in the query');
    expect((await seen(inQuery)).timeline.find(({ name }) => name === 'user.returned')?.detail).toEqual({
      to: 'Action 1',
      method: 'POST',
    });
    const page = await agent.get(await sp.loginUrl('kept'));
    const inForm = await agent.post(
      `${server.baseUrl}/continue?state=another`,
      [
        ['state', stateOf(page)],
        ['answer', 'in the form'],
      ],
      from,
    );
    expect(await answerOf(inForm)).toBe('in the form');
    agent.setCookie(server.baseUrl, 'mintmark_session', 'none');
  }
});

test('a program’s post without Origin needs the cookies at once', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const body = new URLSearchParams({ state: stateOf(page), answer: 'of a program' });
  const send = (headers: Record<string, string>) =>
    fetch(`${server.baseUrl}/continue`, { method: 'POST', redirect: 'manual', body, headers });
  const refused = await send({});
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('login_elsewhere');
  const cookie = `mintmark_browser=${agent.cookie(server.baseUrl, 'mintmark_browser')}`;
  const delivered = await send({ cookie });
  expect(delivered.status).toBe(200);
  expect(await delivered.text()).toContain(sp.acsUrl);
});

test('another browser is refused with the right state, by GET and by POST, and the login goes on in its own', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const thieves = [new UserAgent(), new UserAgent()];
  // one of them has a login of its own here
  await thieves[1]!.get(await sp.loginUrl());
  for (const thief of thieves)
    for (const refused of [
      await returns(thief, page, { answer: 'stolen' }),
      await postsBack(thief, page, { state: stateOf(page), answer: 'stolen' }),
      await thief.post(continueUrl(stateOf(page)), [['answer', 'stolen']], `${server.baseUrl}/`),
    ]) {
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('login_elsewhere');
      expect(refused.forms).toEqual([]);
    }
  expect(await statusOf(page)).toBe('suspended');
  expect(await answerOf(await returns(agent, page, { answer: 'mine' }))).toBe('mine');
});

test('a victim who is lured to the attacker’s way back is not logged in as the attacker', async () => {
  await bind(ASKS);
  const attacker = new UserAgent();
  const page = await leaves(attacker, 'bob');
  const victim = new UserAgent();
  const lured = [
    await victim.get(continueUrl(stateOf(page)), away.url),
    await postsBack(victim, page, { state: stateOf(page) }),
  ];
  for (const refused of lured) expect(refused.text).toContain('login_elsewhere');
  expect(victim.cookie(server.baseUrl, 'mintmark_session')).toBeUndefined();
  expect(victim.cookie(server.baseUrl, 'mintmark_browser')).toBeUndefined();
});

test('what somebody else posted with the state is not what the Action gets to see', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  // whoever saw the address of the page knows the state: the page itself does
  const planted = await fetch(`${server.baseUrl}/continue`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: away.url },
    body: new URLSearchParams({ state: stateOf(page), answer: 'planted' }),
  });
  expect(planted.status).toBe(303);
  expect(planted.headers.get('location')).toMatch(/^\/continue\?state=txn_\w+\.[\w-]{43}&mintmark_received=/);
  const delivered = await returns(agent, page, { answer: 'mine' });
  expect(await answerOf(delivered)).toBe('mine');
  const late = await agent.get(new URL(planted.headers.get('location')!, server.baseUrl).href);
  expect(late.text).toContain('continue_state_invalid');
});

test('a key to what was posted that is another is refused, and uses nothing up', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const wrong = await returns(agent, page, { mintmark_received: 'A'.repeat(43), answer: 'x' });
  expect([wrong.status, wrong.text.includes('continue_state_invalid')]).toEqual([400, true]);
  const delivered = await postsBack(agent, page, { state: stateOf(page), answer: 'posted' });
  expect(delivered.url).toContain('mintmark_received=');
  expect(await answerOf(delivered)).toBe('posted');
  const again = await agent.get(delivered.url);
  expect(again.text).toContain('continue_state_invalid');
});

test('what was posted to come back first does not count for the next time', async () => {
  await bind(
    ASKS.replace(
      "api.samlResponse.setAttribute('answer'",
      "request.method === 'POST' ? api.redirect.sendUserTo('PAGE'.replace('PAGE', request.body.next)) : api.samlResponse.setAttribute('answer'",
    ),
  );
  const agent = new UserAgent();
  const page = await leaves(agent);
  const second = await postsBack(agent, page, {
    state: stateOf(page),
    answer: 'first',
    next: `${away.url}/next`,
  });
  expect(second.url).toContain('/next?state=');
  expect(stateOf(second)).not.toBe(stateOf(page));
  expect((await returns(agent, page)).text).toContain('continue_state_invalid');
  expect(await answerOf(await returns(agent, second, { answer: 'second' }))).toBe('second');
});

test('HEAD is refused and uses nothing up', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const cookie = `mintmark_browser=${agent.cookie(server.baseUrl, 'mintmark_browser')}`;
  const looked = await fetch(continueUrl(stateOf(page)), { method: 'HEAD', headers: { cookie } });
  expect([looked.status, looked.headers.get('allow')]).toEqual([405, 'GET, POST']);
  expect(await answerOf(await returns(agent, page, { answer: 'after all' }))).toBe('after all');
});

test('who stays away for more than an hour starts again', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  await at(3_600_001, async () => {
    for (const late of [await returns(agent, page), await postsBack(agent, page, { state: stateOf(page) })]) {
      expect(late.status).toBe(400);
      expect(late.text).toContain('login_expired');
    }
  });
  expect(await at(3_540_000, async () => (await returns(agent, page)).status)).toBe(200);
});

test('Actions before are not run again, later ones run after, and each sees what was asked for', async () => {
  await makeUser(server, 'carla');
  await bind(
    `exports.onExecutePostLogin = async (event, api) => {
      api.transaction.setMetadata('first', 1);
      api.user.setUserMetadata('runs', (event.user.user_metadata.runs ?? 0) + 1);
      api.samlResponse.setAttribute('of the first', 'kept');
      api.cache.set('first', 'cached');
    };`,
    `exports.onExecutePostLogin = async (event, api) => {
      api.user.setAppMetadata('left', true);
      api.transaction.setMetadata('second', event.transaction.metadata.first + 1);
      api.samlResponse.setAttribute('of the second', 'kept');
      api.redirect.sendUserTo(event.secrets.PAGE);
    };
    exports.onContinuePostLogin = async (event, api) => {
      const { request, transaction, user } = event;
      api.samlResponse.setAttribute('seen', JSON.stringify({
        method: request.method, query: request.query, body: request.body, metadata: transaction.metadata,
        runs: user.user_metadata.runs, left: user.app_metadata.left, cached: api.cache.get('first')?.value,
        RelayState: request.query.RelayState ?? null, protocol: transaction.protocol, logins: event.stats.logins_count,
      }));
    };`,
    `exports.onExecutePostLogin = async (event, api) => {
      api.samlResponse.setAttribute('last', event.transaction.metadata.second + ' ' + event.request.method);
    };`,
  );
  const agent = new UserAgent();
  const page = await leaves(agent, 'carla');
  const profile = async () => (await server.api('GET', '/api/v2/users/auth0%7Ccarla')).body;
  expect(await profile()).toMatchObject({ user_metadata: { runs: 1 }, app_metadata: { left: true } });
  const delivered = await returns(agent, page, { answer: 'a b', other: '1' });
  const told = await sp.accept(delivered);
  expect(JSON.parse(told['seen'] as string)).toEqual({
    method: 'GET',
    query: { state: stateOf(page), answer: 'a b', other: '1' },
    body: {},
    metadata: { first: 1, second: 2 },
    runs: 1,
    left: true,
    cached: 'cached',
    RelayState: null,
    protocol: 'samlp',
    logins: 1,
  });
  expect(told).toMatchObject({ 'of the first': 'kept', 'of the second': 'kept', last: '2 GET' });
  expect(await profile()).toMatchObject({ user_metadata: { runs: 1 } });
  const { timeline } = await seen(page);
  const runs = executedIn({ timeline } as never).map(({ action, handler }) => `${action}: ${handler}`);
  expect(runs).toEqual([
    'Action 1: onExecutePostLogin',
    'Action 2: onExecutePostLogin',
    'Action 2: onContinuePostLogin',
    'Action 3: onExecutePostLogin',
  ]);
  const names = timeline.map(({ name }) => name);
  expect(names.indexOf('user.redirected')).toBeLessThan(names.indexOf('user.returned'));
});

test('metadata that somebody changed while the user was away is not set back', async () => {
  await makeUser(server, 'dora');
  await bind(
    `exports.onExecutePostLogin = async (event, api) => {
      api.user.setUserMetadata('color', 'red');
      api.redirect.sendUserTo(event.secrets.PAGE);
    };
    exports.onContinuePostLogin = async (event, api) => api.user.setUserMetadata('back', true);`,
  );
  const agent = new UserAgent();
  const page = await leaves(agent, 'dora');
  await server.api('PATCH', '/api/v2/users/auth0%7Cdora', { user_metadata: { color: 'blue' } });
  await sp.accept(await returns(agent, page));
  expect((await server.api('GET', '/api/v2/users/auth0%7Cdora')).body).toMatchObject({
    user_metadata: { color: 'blue', back: true },
  });
});

test('who is sent away once more comes back to the same handler, each time by a state of its own', async () => {
  await bind(
    ASKS.replace(
      'api.samlResponse',
      "request.query.more ? api.redirect.sendUserTo(request.query.more, { query: { state: 'of the author' } }) : api.samlResponse",
    ),
  );
  const agent = new UserAgent();
  let page = await leaves(agent);
  const states = new Set([stateOf(page)]);
  for (const round of ['1', '2', '3']) {
    page = await returns(agent, page, { more: `${away.url}/${round}` });
    expect(new URL(page.url).pathname).toBe(`/${round}`);
    expect(new URL(page.url).searchParams.getAll('state')).toEqual([stateOf(page)]);
    states.add(stateOf(page));
  }
  expect(states.size).toBe(4);
  expect(await answerOf(await returns(agent, page, { answer: 'at last' }))).toBe('at last');
});

test('two Actions that send away are gone through one after the other', async () => {
  await bind(
    ASKS,
    ASKS.replace('sendUserTo(event.secrets.PAGE)', 'sendUserTo(event.secrets.PAGE + "&second=1")').replace(
      "'answer', ",
      "'second', ",
    ),
  );
  const agent = new UserAgent();
  const second = await returns(agent, await leaves(agent), { answer: 'one' });
  expect(new URL(second.url).searchParams.get('second')).toBe('1');
  expect(await sp.accept(await returns(agent, second, { answer: 'two' }))).toMatchObject({
    answer: 'one',
    second: 'two',
  });
});

test('an Action without the handler to go on by fails by its name, and the SP hears of it', async () => {
  await bind(
    `exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(event.secrets.PAGE);`,
  );
  const agent = new UserAgent();
  const page = await leaves(agent);
  const delivered = await returns(agent, page);
  expect(statusIn(responseXml(delivered, sp.acsUrl))).toEqual(['Responder']);
  const { failure } = await seen(page);
  expect(failure).toMatchObject({
    code: 'action_unusable',
    detail: expect.stringContaining('onContinuePostLogin'),
  });
});

test.each([
  ['deleted', () => unbindAll(server)],
  ['unbound', () => server.api('PATCH', '/api/v2/actions/triggers/post-login/bindings', { bindings: [] })],
])('an Action that is %s while the user is away ends the login', async (_, change) => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  await change();
  const delivered = await returns(agent, page);
  expect(statusIn(responseXml(delivered, sp.acsUrl))).toEqual(['Responder']);
  expect((await seen(page)).failure?.code).toBe('continuation_missing');
});

test('what is deployed while the user is away goes on with it; what is bound meanwhile waits for the next login', async () => {
  const code = ASKS.replace('event.secrets.PAGE', JSON.stringify(away.url));
  const id = await deployAction(server, { name: 'Asks', code });
  const agent = new UserAgent();
  const page = await leaves(agent);
  const path = `/api/v2/actions/actions/${id}`;
  await server.api('PATCH', path, { code: code.replace("'answer'", "'mended'") });
  await server.api('POST', `${path}/deploy`);
  await deployAction(server, {
    name: 'New',
    code: `exports.onExecutePostLogin = async (event, api) => api.access.deny('too early');`,
  });
  expect(await sp.accept(await returns(agent, page, { answer: 'yes' }))).toMatchObject({ mended: 'yes' });
});

test('a denial on the way back goes to the SP', async () => {
  await bind(
    ASKS.replace("api.samlResponse.setAttribute('answer', ", "api.access.deny('You said ' + (").replace(
      /\);$/,
      '));',
    ),
  );
  const agent = new UserAgent();
  const page = await leaves(agent);
  const xml = responseXml(await returns(agent, page, { answer: 'no' }), sp.acsUrl);
  expect(statusIn(xml)).toEqual(['Responder']);
  expect(xml).toContain('You said no');
  expect((await returns(agent, page)).text).toContain('continue_state_invalid');
  expect(await statusOf(page)).toBe('denied');
});

test('a session that is there sends away without a page, and the browser is known when it comes back', async () => {
  const agent = new UserAgent();
  await sp.accept(await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice')));
  const fresh = new UserAgent();
  fresh.setCookie(server.baseUrl, 'mintmark_session', agent.cookie(server.baseUrl, 'mintmark_session')!);
  await bind(ASKS);
  const page = await fresh.get(await sp.loginUrl());
  expect(fresh.cookie(server.baseUrl, 'mintmark_browser')).toMatch(/^[\w-]{43}$/);
  expect((await returns(new UserAgent(), page)).text).toContain('login_elsewhere');
  expect(await answerOf(await returns(fresh, page, { answer: 'by session' }))).toBe('by session');
});

test.each([
  ['GET', (agent: UserAgent, auto: ServiceProvider) => auto.loginUrl().then((url) => agent.get(url))],
  [
    'POST',
    async (agent: UserAgent, auto: ServiceProvider) => {
      const message = (await auto.saml.getAuthorizeMessageAsync('', undefined, {})) as Record<string, string>;
      return agent.post(
        `${server.baseUrl}/samlp/${auto.clientId}`,
        Object.entries(message),
        'https://sp.example.test/',
      );
    },
  ],
])('auto_login by %s sends away, too, and comes back in its browser alone', async (method, begins) => {
  await bind(ASKS);
  const auto = await makeServiceProvider(server, {
    clientId: `auto-${method}`,
    client: { auto_login: 'auth0|alice' },
  });
  const agent = new UserAgent();
  const page = await begins(agent, auto);
  expect(page.url.startsWith(away.url)).toBe(true);
  expect((await returns(new UserAgent(), page)).text).toContain('login_elsewhere');
  expect((await auto.accept(await returns(agent, page, { answer: 'auto' })))['answer']).toBe('auto');
});

test('a passive request is not sent away', async () => {
  const agent = new UserAgent();
  await sp.accept(await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice')));
  await bind(ASKS);
  const passive = await makeServiceProvider(server, { clientId: 'passive', saml: { passive: true } });
  const before = away.arrivals.length;
  const delivered = await agent.get(await passive.loginUrl());
  expect(statusIn(responseXml(delivered, passive.acsUrl))[0]).toBe('Responder');
  expect(away.arrivals).toHaveLength(before);
});

test('the login page leads to where its login went, and logs nobody else in', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const form = await agent.get(await sp.loginUrl());
  const page = await agent.submit(form, logsInAs('alice'));
  expect((await agent.get(form.url)).url).toBe(page.url);
  expect((await agent.submit(form, logsInAs('alice'))).url).toBe(page.url);
  const other = await agent.submit(form, logsInAs('bob'));
  expect([other.status, other.text.includes('login_form_stale')]).toEqual([400, true]);
  const wrong = await agent.submit(form, { ...logsInAs('alice'), password: 'mistyped' });
  expect(wrong.text).toContain('do not belong together');
  expect(executedIn(await seen(page))).toHaveLength(1);
  expect((await new UserAgent().get(form.url)).text).toContain('login_elsewhere');
  const delivered = await returns(agent, page, { answer: 'still alice' });
  expect((await sp.accept(delivered)).nameID).toBe('auth0|alice');
});

test('a login form that is answered only after its login has left does not make the login anew', async () => {
  await bind(ASKS);
  const authentication = server.app.get(AuthenticationService);
  const byPassword = authentication.byPassword.bind(authentication);
  for (const [name, code] of [
    ['alice', 'transaction_suspended'],
    ['bob', 'login_form_stale'],
  ] as const) {
    const agent = new UserAgent();
    const form = await agent.get(await sp.loginUrl());
    let leave = (): void => undefined;
    const hasLeft = new Promise<void>((resolve) => (leave = resolve));
    // once somebody is asked for, the login has been read, and was open
    const isAsked = new Promise<void>((resolve) => {
      authentication.byPassword = async (...given) => {
        resolve();
        await hasLeft;
        return byPassword(...given);
      };
    });
    const late = agent.submit(form, logsInAs(name));
    await isAsked;
    authentication.byPassword = byPassword;
    const page = await agent.submit(form, logsInAs('alice'));
    leave();
    const refused = await late;
    expect([refused.status, refused.text.includes(code)]).toEqual([
      code === 'login_form_stale' ? 400 : 409,
      true,
    ]);
    expect(refused.headers.get('set-cookie')).toBeNull();
    expect((await sp.accept(await returns(agent, page))).nameID).toBe('auth0|alice');
  }
});

test('who cancels on the login page after having left it has cancelled', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const form = await agent.get(await sp.loginUrl());
  const page = await agent.submit(form, logsInAs('alice'));
  const cancelled = await agent.submit(form, { action: 'cancel' });
  expect(statusIn(responseXml(cancelled, sp.acsUrl))).toEqual(['Responder', 'AuthnFailed']);
  const back = await returns(agent, page, { answer: 'late' });
  expect(statusIn(responseXml(back, sp.acsUrl))).toEqual(['Responder', 'AuthnFailed']);
  expect((await returns(new UserAgent(), page)).text).toContain('login_elsewhere');
});

test('a double click on the login form runs the Actions once, and ends where they send the browser', async () => {
  await bind(
    `exports.onExecutePostLogin = async (event, api) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      api.redirect.sendUserTo(event.secrets.PAGE);
    };
    exports.onContinuePostLogin = async () => {};`,
  );
  const agent = new UserAgent();
  const form = await agent.get(await sp.loginUrl());
  const pages = await Promise.all([1, 2, 3].map(() => agent.submit(form, logsInAs('alice'))));
  const left = pages.filter(({ url }) => url.startsWith(away.url));
  const others = pages.filter((page) => !left.includes(page));
  expect(left.length).toBeGreaterThan(0);
  for (const other of others) {
    expect(other.status).toBe(409);
    const refresh = /^1; url=(\/login\?state=txn_\w+)$/.exec(other.headers.get('refresh') ?? '')?.[1];
    expect((await agent.get(new URL(refresh!, server.baseUrl).href)).url).toBe(left[0]!.url);
  }
  expect(executedIn(await seen(left[0]!))).toHaveLength(1);
  expect((await sp.accept(await returns(agent, left[0]!))).nameID).toBe('auth0|alice');
});

test('of many that come back at once with one state one runs the Action', async () => {
  await bind(
    `exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(event.secrets.PAGE);
    exports.onContinuePostLogin = async (event, api) => {
      api.user.setUserMetadata('returns', (event.user.user_metadata.returns ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
    };`,
  );
  const agent = new UserAgent();
  const page = await leaves(agent);
  const pages = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      index % 2 === 0
        ? returns(agent, page)
        : postsBack(agent, page, { state: stateOf(page), answer: String(index) }),
    ),
  );
  const delivered = pages.filter(({ status }) => status === 200);
  expect(delivered).toHaveLength(1);
  await sp.accept(delivered[0]!);
  for (const other of pages.filter((each) => each !== delivered[0]))
    expect([
      other.status,
      /continue_state_invalid|transaction_(running|finished)/.exec(other.text)?.[0],
    ]).toEqual([expect.toSatisfy((status: number) => status === 400 || status === 409), expect.any(String)]);
  expect(executedIn(await seen(page)).map(({ handler }) => handler)).toEqual([
    'onExecutePostLogin',
    'onContinuePostLogin',
  ]);
});

test('who logged out meanwhile, or whose session was ended, gets nothing', async () => {
  await bind(ASKS);
  for (const end of [
    (agent: UserAgent) =>
      agent
        .get(`${server.baseUrl}/logout`)
        .then((page) => (page.forms.length > 0 ? agent.submit(page) : page)),
    () => server.api('DELETE', '/api/v2/users/auth0%7Calice/sessions'),
    () => server.api('PATCH', '/api/v2/users/auth0%7Calice', { blocked: true }),
  ]) {
    const agent = new UserAgent();
    const page = await leaves(agent);
    await end(agent);
    const delivered = await returns(agent, page);
    expect(statusIn(responseXml(delivered, sp.acsUrl))).toEqual(['Responder', 'AuthnFailed']);
    expect(executedIn(await seen(page))).toHaveLength(1);
  }
  await server.api('PATCH', '/api/v2/users/auth0%7Calice', { blocked: false });
});

test('another user who logs in in the same browser meanwhile is not mixed up with the first', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const first = await leaves(agent, 'alice');
  const session = agent.cookie(server.baseUrl, 'mintmark_session')!;
  agent.setCookie(server.baseUrl, 'mintmark_session', 'none');
  const second = await leaves(agent, 'bob');
  expect(agent.cookie(server.baseUrl, 'mintmark_session')).not.toBe(session);
  const [forBob, forAlice] = [await returns(agent, second), await returns(agent, first)];
  expect((await sp.accept(forBob)).nameID).toBe('auth0|bob');
  expect((await sp.accept(forAlice)).nameID).toBe('auth0|alice');
});

test('a login that is bound to no browser goes on in none', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const store = server.app.get(TransactionStore);
  const kept = (await store.get(idOf(page)))!;
  // as a login would be that began before there was any Action
  await store.update({ ...kept, browser: { ...kept.browser!, digest: null }, revision: kept.revision + 1 });
  for (const each of [agent, new UserAgent()])
    expect((await returns(each, page)).text).toContain('login_elsewhere');
});

test.each([
  ['non-persistent', /^mintmark_session=[\w-]{43}(?!.*Expires)/],
  ['persistent', /^mintmark_session=[\w-]{43};.*Expires=/],
])('a %s cookie is the one of the session that the login is of', async (mode, cookie) => {
  await bind(
    ASKS.replace('api.samlResponse', `api.session.setCookieMode('${mode}'); api.samlResponse`)
      .replace('=>\n  api', '=> { api')
      .replace(/$/, '}'),
  );
  const agent = new UserAgent();
  const delivered = await returns(agent, await leaves(agent));
  await sp.accept(delivered);
  expect(delivered.headers.getSetCookie()).toEqual([expect.stringMatching(cookie)]);

  const other = new UserAgent();
  const page = await leaves(other);
  other.setCookie(server.baseUrl, 'mintmark_session', 'A'.repeat(43));
  expect((await returns(other, page)).headers.getSetCookie()).toEqual([]);
});

const begunOverRest = async (more: Readonly<Record<string, unknown>>): Promise<LoginView> => {
  const { body } = await server.api<LoginView>('POST', '/api/transactions', {
    client_id: 'sp',
    protocol: 'samlp',
    user: { user_id: 'auth0|alice' },
    complete: true,
    ...more,
  });
  expect(body).toMatchObject({ status: 'suspended', result: null });
  return body;
};

test('what REST began any browser goes on with, once, and is left as it was', async () => {
  await bind(ASKS);
  const login = await begunOverRest({ saml: { RelayState: 'of REST' } });
  const url = login.redirect!.url;
  const complete = await server.api('POST', `/api/transactions/${login.id}/complete`);
  expect([complete.status, complete.body['code']]).toEqual([409, 'transaction_suspended']);
  expect(complete.body['detail']).toContain('Action 1');
  const agent = new UserAgent();
  const delivered = await returns(agent, await agent.get(url), { answer: 'over REST' });
  expect(postedTo(delivered, sp.acsUrl)['RelayState']).toBe('of REST');
  expect(responseXml(delivered, sp.acsUrl)).toContain('>over REST<');
  for (const name of ['mintmark_session', 'mintmark_browser'])
    expect(agent.cookie(server.baseUrl, name)).toBeUndefined();
  expect((await agent.get(continueUrl(stateOf({ url })))).text).toContain('continue_state_invalid');
  expect((await server.api('GET', `/api/transactions/${login.id}`)).body).toMatchObject({
    status: 'completed',
    result: { acsUrl: sp.acsUrl },
  });
});

test('what REST began does not take over the session of the browser that goes on with it', async () => {
  await bind(
    `exports.onExecutePostLogin = async (event, api) => {
      if (event.user.user_id === 'auth0|bob') api.redirect.sendUserTo(event.secrets.PAGE);
    };
    exports.onContinuePostLogin = async (event, api) => {
      api.session.setCookieMode('non-persistent');
    };`,
  );
  const agent = new UserAgent();
  await sp.accept(await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice')));
  const session = agent.cookie(server.baseUrl, 'mintmark_session');
  const { redirect } = await begunOverRest({ user: { user_id: 'auth0|bob' } });
  const delivered = await agent.get(continueUrl(stateOf(redirect!)));
  expect(responseXml(delivered, sp.acsUrl)).toContain('>auth0|bob<');
  expect(delivered.headers.getSetCookie()).toEqual([]);
  expect(agent.cookie(server.baseUrl, 'mintmark_session')).toBe(session);
  expect((await sp.accept(await agent.get(await sp.loginUrl()))).nameID).toBe('auth0|alice');
});

test('an OIDC login that REST began ends with a page that says so, and its tokens are REST’s', async () => {
  await bind(ASKS.replace('api.samlResponse', 'api.idToken').replace('setAttribute', 'setCustomClaim'));
  const begun = await begunOverRest({ protocol: 'oidc', client_id: 'app' });
  const ended = await new UserAgent().post(
    `${server.baseUrl}/continue`,
    [
      ['state', stateOf(begun.redirect!)],
      ['answer', '<b>bold</b>'],
    ],
    away.url,
  );
  expect([ended.status, ended.text.includes('The login is over')]).toEqual([200, true]);
  expect(ended.text).toContain('It is completed');
  const { body } = await server.api<LoginView>('GET', `/api/transactions/${begun.id}`);
  expect(body.status).toBe('completed');
  const [, claims] = body.result!.id_token!.split('.');
  expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toMatchObject({ answer: '<b>bold</b>' });
  expect(ended.text).not.toContain(body.result!.id_token!);
});

test.each(['samlp', 'oidc'])(
  'what REST denies while the user is away (%s) is told when they come back',
  async (protocol) => {
    await bind(ASKS);
    const begun = await begunOverRest({ protocol, client_id: protocol === 'oidc' ? 'app' : 'sp' });
    const denied = await server.api('POST', `/api/transactions/${begun.id}/deny`, {
      reason: 'Not <i>today</i>.',
    });
    expect(denied.body).toMatchObject({ status: 'denied' });
    const state = stateOf(begun.redirect!);
    const agent = new UserAgent();
    const told = await agent.get(continueUrl(state, { answer: 'yes' }));
    if (protocol === 'samlp') expect(responseXml(told, sp.acsUrl)).toContain('Not &lt;i&gt;today&lt;/i&gt;.');
    else {
      expect(told.text).toContain('Not &lt;i&gt;today&lt;/i&gt;.');
      expect(told.text).toContain('was not completed');
    }
    const guessed = await agent.get(continueUrl(`${begun.id}.${'A'.repeat(43)}`));
    expect(guessed.text).toContain('continue_state_invalid');
  },
);

test('what REST denies while a browser is away is told to the SP, also by a post', async () => {
  await bind(ASKS);
  const agent = new UserAgent();
  const page = await leaves(agent);
  await server.api('POST', `/api/transactions/${idOf(page)}/deny`, { reason: 'Not today.' });
  for (const back of [await returns(agent, page), await postsBack(agent, page, { state: stateOf(page) })]) {
    expect(responseXml(back, sp.acsUrl)).toContain('Not today.');
    expect(postedTo(back, sp.acsUrl)['RelayState']).toBe('kept');
  }
  for (const back of [
    await returns(new UserAgent(), page),
    await postsBack(new UserAgent(), page, { state: stateOf(page) }),
  ])
    expect(back.text).toContain('login_elsewhere');
});

test('a client or a user that is deleted meanwhile breaks nothing', async () => {
  await bind(
    `${ASKS.replace('api.samlResponse', "api.user.setAppMetadata('back', 1); api.samlResponse").replace('=>\n', '=> {\n')}}`,
  );
  const gone = await makeServiceProvider(server, { clientId: 'gone' });
  await makeUser(server, 'zoe');
  const agent = new UserAgent();
  const page = await agent.submit(await agent.get(await gone.loginUrl()), logsInAs('zoe'));
  const begun = await begunOverRest({ client_id: 'gone', user: { user_id: 'auth0|zoe' } });
  const other = await begunOverRest({ client_id: 'gone', user: { user_id: 'auth0|zoe' } });
  await server.api('DELETE', '/api/v2/clients/gone');
  expect(responseXml(await agent.get(continueUrl(stateOf(begun.redirect!))), gone.acsUrl)).toContain(
    'auth0|zoe',
  );
  await server.api('DELETE', '/api/v2/users/auth0%7Czoe');
  expect(statusIn(responseXml(await returns(agent, page), gone.acsUrl))).toEqual([
    'Responder',
    'AuthnFailed',
  ]);
  expect((await agent.get(continueUrl(stateOf(other.redirect!)))).status).toBe(200);
});

test('session tokens go by the clock of the transaction', async () => {
  const now = '2031-02-03T04:05:06Z';
  const seconds = Date.parse(now) / 1000;
  await bind(
    `exports.onExecutePostLogin = async (event, api) =>
      api.redirect.sendUserTo(event.secrets.PAGE, {
        query: { session_token: api.redirect.encodeToken({ secret: event.secrets.SHARED, payload: { asked: 'color' } }) },
      });
    exports.onContinuePostLogin = async (event, api) => {
      const { color } = api.redirect.validateToken({ secret: event.secrets.SHARED });
      api.samlResponse.setAttribute('color', color);
    };`,
  );
  const login = async (exp: number): Promise<{ url: string; page: Page; id: string }> => {
    const { redirect, id } = await begunOverRest({ now });
    const { url } = redirect!;
    const session_token = signedReturn({ url }, { color: 'blue', exp }, seconds);
    return { url, id, page: await new UserAgent().get(continueUrl(stateOf({ url }), { session_token })) };
  };
  const { url, page, id } = await login(seconds + 1);
  const [, claims] = new URL(url).searchParams.get('session_token')!.split('.');
  expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toMatchObject({
    asked: 'color',
    sub: 'auth0|alice',
    iat: seconds,
    exp: seconds + 900,
  });
  expect(responseXml(page, sp.acsUrl)).toContain('>blue<');
  expect(responseXml(page, sp.acsUrl)).toContain('IssueInstant="2031-02-03T04:05:06');
  const { timeline } = await inspectionOf(server, { id });
  for (const name of ['user.redirected', 'user.returned'])
    expect(timeline.find((event) => event.name === name)).toMatchObject({ at: '2031-02-03T04:05:06.000Z' });
  const expired = await login(seconds);
  expect((await inspectionOf(server, expired)).failure).toMatchObject({
    code: 'action_threw',
    detail: 'The session token is invalid: The token has expired',
  });
});

/** Tells how much came. */
const MEASURES = `exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(event.secrets.PAGE);
exports.onContinuePostLogin = async ({ request: { body } }, api) => {
  api.samlResponse.setAttribute('names', Object.keys(body).length);
  api.samlResponse.setAttribute('length', (body.session_token ?? '').length);
};`;

test.each([16_000, 16_384])('a token of %i characters comes through by a post', async (length) => {
  await bind(MEASURES);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const fields = { state: stateOf(page), session_token: 'x'.repeat(length) };
  expect(await sp.accept(await postsBack(agent, page, fields))).toMatchObject({ length: String(length) });
});

test('what is far too long is refused or cut, and breaks nothing', async () => {
  await bind(MEASURES);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const url = `${server.baseUrl}/continue`;
  const million = 'x'.repeat(1_000_000);
  const send = (init: RequestInit & { path?: string }) =>
    fetch(`${url}${init.path ?? ''}`, { redirect: 'manual', ...init });
  const answers = [
    await send({ path: `?state=${stateOf(page)}&session_token=${million}` }),
    await send({ path: `?state=${million.slice(0, 8000)}` }),
    await send({
      method: 'POST',
      body: new URLSearchParams({ state: stateOf(page), session_token: million }),
    }),
    await send({ method: 'POST', body: new URLSearchParams({ state: 'x'.repeat(200_000) }) }),
    await send({ method: 'POST', body: '{"state":1}', headers: { 'content-type': 'application/json' } }),
    await send({ method: 'POST', body: million, headers: { 'content-type': 'text/plain' } }),
    await send({ method: 'POST', headers: { origin: 'null' } }),
    await send({ method: 'PUT', body: new URLSearchParams({ state: stateOf(page) }) }),
  ];
  for (const { status } of answers) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  }
  const wide = Array.from({ length: 20_000 }, (_, index): [string, string] => [`n${index}`, '1']);
  const told = await sp.accept(await agent.post(url, [['state', stateOf(page)], ...wide], away.url));
  expect(Number(told['names'])).toBeLessThan(100);
});

test('a token that is longer than what is kept is cut, and so refused', async () => {
  await bind(MEASURES);
  const agent = new UserAgent();
  const page = await leaves(agent);
  const fields = { state: stateOf(page), session_token: 'x'.repeat(200_000) };
  const { length } = await sp.accept(await postsBack(agent, page, fields));
  expect(Number(length)).toBeGreaterThan(0);
  expect(Number(length)).toBeLessThan(17_000);
});
