/** LogoutResponses of participants: which are taken, and what becomes of a chain when one is not, or when its parties change. */
import type { Profile } from '@node-saml/node-saml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Clock } from '../../src/login/ports.js';
import { makeUser, statusIn } from '../saml-browser/service-provider.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { base64, signed } from '../support/sp-messages.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  POST,
  REDIRECT,
  answerStep,
  attributeOf,
  isAlive,
  judge,
  logIn,
  logoutResponseXml,
  logoutsOf,
  makeLogoutSp,
  messageOn,
  redirectUrl,
  requestLogout,
  sessionToken,
  startLanding,
  type Landing,
  type LogoutSp,
  type LogoutSpOptions,
} from './logout-sp.js';

const BASE_URL = 'http://idp.example.test';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  landing = await startLanding();
  server = await startTestServer();
  await makeUser(server, 'alice');
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

interface Asked {
  readonly agent: UserAgent;
  readonly sps: readonly [LogoutSp, LogoutSp, LogoutSp];
  /** The step of the second SP. */
  readonly page: Page;
  readonly requestId: string;
  readonly logoutId: string;
}
let count = 0;
/** Three SPs, of which the first has asked for a logout and the second is asked. */
async function asked(options: LogoutSpOptions = {}): Promise<Asked> {
  const name = `answers-${(count += 1)}`;
  const sps = [
    await makeLogoutSp(server, landing, `${name}-a`, { binding: REDIRECT }),
    await makeLogoutSp(server, landing, `${name}-b`, { binding: REDIRECT, ...options }),
    await makeLogoutSp(server, landing, `${name}-c`, {
      binding: POST,
      addon: { spCertificates: [KEYS.other.cert] },
    }),
  ] as const;
  const agent = new UserAgent();
  const profile = await logIn(agent, sps[0]);
  await logIn(agent, sps[1]);
  await logIn(agent, sps[2]);
  const page = await requestLogout(agent, sps[0], profile);
  const { xml, relayState } = messageOn(page);
  return { agent, sps, page, requestId: attributeOf(xml, 'ID'), logoutId: relayState! };
}
const stepsOf = async (id: string): Promise<string[]> =>
  (await logoutsOf(server)).find((logout) => logout.id === id)!.steps.map(({ state }) => state);

interface AnswerParts {
  readonly sp: LogoutSp;
  readonly inResponseTo: string;
  readonly issuer?: string;
  readonly destination?: string | null;
  readonly version?: string;
  readonly key?: string | undefined;
  readonly target?: string;
}
const answerUrl = ({ sp, target = sp.target, key = 'sp.key', ...parts }: AnswerParts): string =>
  redirectUrl(
    target,
    'SAMLResponse',
    logoutResponseXml({ issuer: sp.entityId, destination: target, ...parts }),
    key === 'none' ? {} : { key },
  );

const disbelieved: readonly (readonly [string, Partial<AnswerParts>, RegExp])[] = [
  ['unsigned', { key: 'none' }, /must be signed/],
  ['signed by another key', { key: 'other.key' }, /does not verify/],
  ['aimed elsewhere', { destination: 'https://idp.example.test/' }, /Destination/],
  ['aimed at nobody, though signed', { destination: null }, /Destination/],
  ['of another issuer', { issuer: 'urn:somebody' }, /Issuer/],
  ['of Version 1.1', { version: '1.1' }, /Version/],
];
for (const [what, parts, reason] of disbelieved)
  test(`an answer ${what} is not believed, and does not hold the user: the next one is asked, and the end is partial`, async () => {
    const { agent, sps, requestId, logoutId } = await asked();
    const next = await agent.get(answerUrl({ sp: sps[1], inResponseTo: requestId, ...parts }));
    expect(messageOn(next).location).toBe(sps[2].sloUrl);
    const [logout] = await logoutsOf(server);
    expect(logout!.steps[0]).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    // it had its turn
    const late = await agent.get(answerUrl({ sp: sps[1], inResponseTo: requestId }));
    expect([late.status, late.text]).toEqual([400, expect.stringContaining('logout_answer_unexpected')]);
    const xml = logoutResponseXml({
      issuer: sps[2].entityId,
      destination: sps[2].target,
      inResponseTo: attributeOf(messageOn(next).xml, 'ID'),
    });
    const end = await agent.post(sps[2].target, [
      ['SAMLResponse', base64(signed(xml, { key: 'other.key' }))],
    ]);
    expect(statusIn(messageOn(end).xml)).toEqual(['Success', 'PartialLogout']);
    expect(await stepsOf(logoutId)).toEqual(['failed', 'logged_out']);
  });

test('an answer that comes twice is taken once', async () => {
  const { agent, sps, requestId, logoutId } = await asked();
  const url = answerUrl({ sp: sps[1], inResponseTo: requestId });
  expect(messageOn(await agent.get(url)).location).toBe(sps[2].sloUrl);
  for (const again of [await agent.get(url), await new UserAgent().get(url)]) {
    expect(again.status).toBe(400);
    expect(again.text).toContain('answered already');
  }
  expect(await stepsOf(logoutId)).toEqual(['logged_out', 'asked']);
});

test('an answer to another step, of another SP, of another logout or of none changes nothing', async () => {
  const one = await asked();
  const two = await asked();
  const [, b, c] = one.sps;
  const urls = [
    // the third SP answers for the second, at its own URL, at the second's and at the shared one
    answerUrl({ sp: c, inResponseTo: one.requestId, key: 'other.key' }),
    // an SP of the other logout
    answerUrl({ sp: two.sps[1], inResponseTo: one.requestId }),
    // IDs that nobody asked with
    answerUrl({ sp: b, inResponseTo: `${one.logoutId}-${'0'.repeat(32)}` }),
    answerUrl({ sp: b, inResponseTo: one.logoutId }),
    answerUrl({ sp: b, inResponseTo: `lgt_${'0'.repeat(32)}-${'0'.repeat(32)}` }),
    answerUrl({ sp: b, inResponseTo: '_1' }),
    answerUrl({ sp: b, inResponseTo: '' }),
    answerUrl({ sp: b, inResponseTo: 'x'.repeat(5000) }),
    answerUrl({ sp: b, inResponseTo: "lgt_' OR 1=1 --" }),
  ];
  for (const url of urls) {
    const page = await one.agent.get(url);
    expect(page.status).toBe(400);
    expect(page.text).toContain('logout_answer_unexpected');
  }
  expect(await stepsOf(one.logoutId)).toEqual(['asked', 'waiting']);
  expect(await stepsOf(two.logoutId)).toEqual(['asked', 'waiting']);
});

test('at the shared URL an SP that answers for another does not log it out', async () => {
  const { agent, sps, requestId, logoutId } = await asked();
  const target = `${server.baseUrl}/samlp/logout`;
  await agent.get(answerUrl({ sp: sps[2], target, inResponseTo: requestId, key: 'other.key' }));
  expect((await stepsOf(logoutId))[0]).toBe('failed');
});

test('an answer after an hour comes too late, and the page says that it is over', async () => {
  const { agent, sps, requestId, logoutId } = await asked();
  const clock = server.app.get(Clock);
  const now = clock.now.bind(clock);
  clock.now = () => new Date(now().getTime() + 3_600_001);
  try {
    const late = await agent.get(answerUrl({ sp: sps[1], inResponseTo: requestId }));
    expect([late.status, late.text]).toEqual([400, expect.stringContaining('logout_answer_unexpected')]);
    const page = await agent.get(`${server.baseUrl}/logout?state=${logoutId}`);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('more than an hour ago')]);
  } finally {
    clock.now = now;
  }
});

test('an answer without RelayState, or with another, finds its logout', async () => {
  const { agent, sps, requestId, page } = await asked();
  expect(messageOn(page).relayState).toMatch(/^lgt_[0-9a-f]{32}$/);
  const xml = logoutResponseXml({
    issuer: sps[1].entityId,
    destination: sps[1].target,
    inResponseTo: requestId,
  });
  const next = await agent.get(
    redirectUrl(sps[1].target, 'SAMLResponse', xml, { key: 'sp.key', relayState: 'lost' }),
  );
  expect(messageOn(next).location).toBe(sps[2].sloUrl);
});

test('an SP without certificates may answer unsigned', async () => {
  const { agent, sps, requestId, logoutId } = await asked({ addon: { spCertificates: [] } });
  await agent.get(answerUrl({ sp: sps[1], inResponseTo: requestId, key: 'none' }));
  expect((await stepsOf(logoutId))[0]).toBe('logged_out');
});

test('a reloaded page asks the same again; another browser is refused; the back of the form is forged by nobody', async () => {
  const { agent, page, requestId, logoutId, sps } = await asked();
  const url = `${server.baseUrl}/logout?state=${logoutId}`;
  const [before] = await logoutsOf(server);
  for (let index = 0; index < 3; index += 1) {
    const again = messageOn(await agent.get(url));
    expect(attributeOf(again.xml, 'ID')).toBe(requestId);
    await judge(sps[1], again);
  }
  expect((await logoutsOf(server))[0]).toEqual(before);
  const other = new UserAgent();
  const refused = await other.get(url);
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('logout_elsewhere')]);
  const csrf = page.forms.at(-1)!.fields.find(([name]) => name === 'csrf')![1];
  for (const [who, fields] of [
    [
      agent,
      [
        ['state', logoutId],
        ['action', 'skip'],
      ],
    ],
    [
      agent,
      [
        ['state', logoutId],
        ['action', 'skip'],
        ['csrf', ''],
      ],
    ],
    [
      agent,
      [
        ['state', logoutId],
        ['action', 'skip'],
        ['csrf', `${csrf.slice(0, -1)}_`],
      ],
    ],
    [
      other,
      [
        ['state', logoutId],
        ['action', 'skip'],
        ['csrf', csrf],
      ],
    ],
    [
      new UserAgent(),
      [
        ['state', logoutId],
        ['action', 'skip'],
        ['csrf', csrf],
      ],
    ],
  ] as const) {
    const answer = await who.post(`${server.baseUrl}/logout`, fields);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('logout_form_stale')]);
  }
  // from another site the cookie does not come along
  expect((await agent.post(`${server.baseUrl}/logout`, page.forms.at(-1)!.fields, landing.url)).status).toBe(
    400,
  );
  expect(await stepsOf(logoutId)).toEqual(['asked', 'waiting']);
});

test('the form of a step that is over leaves nobody out', async () => {
  const { agent, page, sps, logoutId } = await asked();
  await answerStep(agent, sps[1], page);
  const after = await agent.submit(page, {}, page.forms.length - 1);
  expect(messageOn(after).location).toBe(sps[2].sloUrl);
  expect(await stepsOf(logoutId)).toEqual(['logged_out', 'asked']);
});

test('a logout that has ended gives its answer again, the same to the byte', async () => {
  const { agent, page, sps, logoutId } = await asked();
  const next = (await answerStep(agent, sps[1], page)).page;
  const end = await agent.submit(next, {}, next.forms.length - 1);
  const again = await agent.get(`${server.baseUrl}/logout?state=${logoutId}`);
  expect(again.url).toBe(end.url);
  expect((await new UserAgent().get(`${server.baseUrl}/logout?state=${logoutId}`)).status).toBe(400);
});

test('a client that is deleted while it is asked, or before, or that asked, does not hold the user', async () => {
  const whileAsked = await asked();
  const [, b, c] = whileAsked.sps;
  const answer = answerUrl({ sp: b, inResponseTo: whileAsked.requestId });
  await server.api('DELETE', `/api/v2/clients/${b.clientId}`);
  const next = await whileAsked.agent.get(answer);
  expect(messageOn(next).location).toBe(c.sloUrl);
  expect((await logoutsOf(server))[0]!.steps[0]).toMatchObject({
    state: 'failed',
    reason: 'the client is gone',
  });

  const before = await asked();
  await server.api('DELETE', `/api/v2/clients/${before.sps[2].clientId}`);
  const end = (await answerStep(before.agent, before.sps[1], before.page)).page;
  expect(statusIn(messageOn(end).xml)).toEqual(['Success', 'PartialLogout']);

  const requester = await asked();
  await server.api('DELETE', `/api/v2/clients/${requester.sps[0].clientId}`);
  const third = (await answerStep(requester.agent, requester.sps[1], requester.page)).page;
  const last = await requester.agent.submit(third, {}, third.forms.length - 1);
  expect(last.text).toContain('Logged out, but not everywhere');
  expect(last.forms).toEqual([]);
});

test('of two answers at once, of an answer and a leave-out at once, and of two turns at once one counts', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { agent, page, sps, requestId, logoutId } = await asked();
    const url = answerUrl({ sp: sps[1], inResponseTo: requestId });
    const leaveOut = (): Promise<Page> => agent.submit(page, {}, page.forms.length - 1);
    const pages = await Promise.all(
      round % 2 === 0
        ? [agent.get(url), agent.get(url), agent.get(url)]
        : [agent.get(url), leaveOut(), agent.get(url), leaveOut()],
    );
    const taken = pages.filter(({ status }) => status === 200);
    expect(taken.length).toBeGreaterThan(0);
    expect(pages.filter(({ status }) => status >= 500)).toEqual([]);
    // all that go on, go on to one and the same request
    expect(new Set(taken.map((each) => attributeOf(messageOn(each).xml, 'ID'))).size).toBe(1);
    const logout = (await logoutsOf(server)).find(({ id }) => id === logoutId)!;
    const decided = logout.timeline.filter(({ name }) => /participant\.(answered|failed)/.test(name));
    expect(decided).toHaveLength(1);
    expect(logout.timeline.filter(({ name }) => name === 'participant.asked')).toHaveLength(2);
    expect(['logged_out', 'failed']).toContain(logout.steps[0]!.state);

    const turn = `${server.baseUrl}/logout?state=${logoutId}`;
    await agent.submit(taken[0]!, {}, taken[0]!.forms.length - 1);
    const ends = await Promise.all([agent.get(turn), agent.get(turn), agent.get(turn)]);
    expect(new Set(ends.map(({ url: to }) => to)).size).toBe(1);
    const finished = (await logoutsOf(server)).find(({ id }) => id === logoutId)!;
    expect(finished.timeline.filter(({ name }) => name === 'response.sent')).toHaveLength(1);
  }
});

test('the first turns at once ask one request and bind one browser', async () => {
  const { agent: _, sps } = await asked();
  for (let round = 0; round < 5; round += 1) {
    const agents = [new UserAgent(), new UserAgent()];
    const profile = await logIn(agents[0]!, sps[0]);
    await logIn(agents[0]!, sps[1]);
    // the address of the logout, before any browser has followed it
    const begun = await fetch(await sps[0].saml.getLogoutUrlAsync(profile, '', {}), { redirect: 'manual' });
    const url = new URL(begun.headers.get('location')!, server.baseUrl).href;
    const pages = await Promise.all([...agents, ...agents].map((agent) => agent.get(url)));
    const won = pages.filter(({ status }) => status === 200);
    const ids = new Set(won.map((page) => attributeOf(messageOn(page).xml, 'ID')));
    expect(ids.size).toBe(1);
    expect(pages.filter(({ text }) => text.includes('logout_elsewhere')).length).toBeGreaterThanOrEqual(2);
    expect(
      (await logoutsOf(server))[0]!.timeline.filter(({ name }) => name === 'participant.asked'),
    ).toHaveLength(1);
  }
});

test('logouts of two browsers at once keep apart', async () => {
  const [one, two] = await Promise.all([asked(), asked()]);
  const [first, second] = await Promise.all(
    [one, two].map(({ agent, sps, page }) => answerStep(agent, sps[1], page)),
  );
  expect(messageOn(first!.page).location).toBe(one.sps[2].sloUrl);
  expect(messageOn(second!.page).location).toBe(two.sps[2].sloUrl);
  expect(messageOn(first!.page).relayState).toBe(one.logoutId);
  expect(messageOn(second!.page).relayState).toBe(two.logoutId);
});

test('two SPs of one session that ask at once are both answered', async () => {
  const { sps } = await asked();
  const agent = new UserAgent();
  const profiles: Profile[] = [];
  for (const sp of sps.slice(0, 2)) profiles.push(await logIn(agent, sp));
  const token = sessionToken(server, agent);
  const pages = await Promise.all([0, 1].map((index) => requestLogout(agent, sps[index]!, profiles[index]!)));
  expect(pages.map(({ status }) => status)).toEqual([200, 200]);
  expect(await isAlive(server, token)).toBe(false);
});

test('a chain of fifty is walked to its end', async () => {
  const agent = new UserAgent();
  const sps: LogoutSp[] = [];
  let profile: Profile | undefined;
  for (let index = 0; index < 51; index += 1) {
    const sp = await makeLogoutSp(server, landing, `fifty-${index}`, {
      binding: index % 2 === 0 ? REDIRECT : POST,
    });
    sps.push(sp);
    const its = await logIn(agent, sp);
    profile ??= its;
  }
  let page = await requestLogout(agent, sps[0]!, profile!);
  for (const [index, sp] of sps.slice(1).entries()) {
    expect(page.text).toContain(`Application ${index + 1} of 50`);
    ({ page } = await answerStep(agent, sp, page));
  }
  expect(statusIn(messageOn(page).xml)).toEqual(['Success']);
}, 60_000);

test('another instance on the same database takes the next turn, and the first goes on', async () => {
  const here = await startTestServer({ BASE_URL });
  const there = await startTestServer({ BASE_URL, DATABASE_URL: here.databaseUrl });
  const ports = new Map([here, there].map((each) => [each, portOf(each)]));
  // what a balancer does: the address is one, the instances are many
  const at = (instance: TestServer, url: string): string =>
    url.replace(BASE_URL, `http://127.0.0.1:${ports.get(instance)}`);
  try {
    const named = { ...here, baseUrl: BASE_URL, api: apiOf(at(here, BASE_URL)) };
    await makeUser(named, 'alice');
    const sps: LogoutSp[] = [];
    const agent = new UserAgent();
    const profiles: Profile[] = [];
    for (const name of ['wiki', 'shop', 'desk']) {
      const sp = await makeLogoutSp(named, landing, name, { binding: REDIRECT });
      const direct = { ...sp, loginUrl: async () => at(here, await sp.loginUrl()) };
      sps.push(sp);
      profiles.push(await logIn(agent, direct));
    }
    const begin = at(here, await sps[0]!.saml.getLogoutUrlAsync(profiles[0]!, 'back', {}));
    const first = messageOn(await agent.get(begin));
    const toThere = at(
      there,
      await sps[1]!.saml.getLogoutResponseUrlAsync((await judge(sps[1]!, first))!, '', {}, true),
    );
    const second = messageOn(await agent.get(toThere));
    expect(second.location).toBe(sps[2]!.sloUrl);
    const toHere = at(
      here,
      await sps[2]!.saml.getLogoutResponseUrlAsync((await judge(sps[2]!, second))!, '', {}, true),
    );
    const end = messageOn(await agent.get(toHere));
    await judge(sps[0]!, end);
    expect(end).toMatchObject({ location: sps[0]!.sloUrl, relayState: 'back' });
    expect(statusIn(end.xml)).toEqual(['Success']);
  } finally {
    await there.close();
    await here.close();
  }
});

const portOf = ({ app }: TestServer): number => (app.getHttpServer().address() as { port: number }).port;
const apiOf =
  (base: string): TestServer['api'] =>
  async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as never };
  };
