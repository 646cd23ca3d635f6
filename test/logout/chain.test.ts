/** Single logout over three service providers, every message made and judged by node-saml. */
import type { Profile } from '@node-saml/node-saml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeUser, statusIn } from '../saml-browser/service-provider.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { KEYS } from '../support/login-context.js';
import { schemaErrors } from '../support/oasis.js';
import { startTestServer, type TestServer } from '../support/server.js';
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
  type SentMessage,
} from './logout-sp.js';

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

/** One browser that is logged in at the SPs of these names. */
async function threeLoggedIn(
  name: string,
  options: readonly [object?, object?, object?] = [],
): Promise<{
  agent: UserAgent;
  sps: readonly [LogoutSp, LogoutSp, LogoutSp];
  profiles: readonly Profile[];
  ask: () => Promise<Page>;
}> {
  const [a, b, c] = options;
  const sps = [
    await makeLogoutSp(server, landing, `${name}-a`, { binding: REDIRECT, ...a }),
    await makeLogoutSp(server, landing, `${name}-b`, { binding: POST, ...b }),
    await makeLogoutSp(server, landing, `${name}-c`, { binding: REDIRECT, ...c }),
  ] as const;
  const agent = new UserAgent();
  const profiles = [await logIn(agent, sps[0]), await logIn(agent, sps[1]), await logIn(agent, sps[2])];
  return { agent, sps, profiles, ask: () => requestLogout(agent, sps[0], profiles[0]!, 'where I was') };
}

for (const [binding, others] of [
  [REDIRECT, [POST, REDIRECT]],
  [POST, [REDIRECT, POST]],
] as const)
  judgedBy(xmllint)(
    `a chain that begins by ${binding.split(':').at(-1)} asks the others in turn and ends with Success; every message is valid and believed`,
    async () => {
      const name = `chain-${binding.slice(-4).toLowerCase()}`;
      const { agent, sps, ask } = await threeLoggedIn(name, [
        { binding },
        { binding: others[0] },
        { binding: others[1] },
      ]);
      const [a, b, c] = sps;
      const token = sessionToken(server, agent);
      expect(await isAlive(server, token)).toBe(true);
      const sent: SentMessage[] = [];
      let page = await ask();
      // ended before anybody else is asked
      expect(await isAlive(server, token)).toBe(false);
      expect(sessionToken(server, agent)).toBeUndefined();
      for (const sp of [b, c]) {
        const answered = await answerStep(agent, sp, page);
        expect(answered.request).toMatchObject({ location: sp.sloUrl, binding: sp.binding });
        expect(attributeOf(answered.request.xml, 'Destination')).toBe(sp.sloUrl);
        sent.push(answered.request);
        page = answered.page;
      }
      const end = messageOn(page);
      expect(end).toMatchObject({ location: a.sloUrl, binding, relayState: 'where I was' });
      expect(attributeOf(end.xml, 'Destination')).toBe(a.sloUrl);
      await judge(a, end);
      expect(statusIn(end.xml)).toEqual(['Success']);
      for (const { xml } of [...sent, end]) expect(schemaErrors(xml)).toBe('');
      const [logout] = await logoutsOf(server);
      expect(logout).toMatchObject({ status: 'finished', userId: 'auth0|alice' });
      expect(logout!.steps.map(({ state }) => state)).toEqual(['logged_out', 'logged_out']);
      // and nobody is logged in
      expect((await agent.get(await b.loginUrl())).text).toContain('name="password"');
    },
  );

test('each is asked about the name and the session of its own assertion', async () => {
  const { sps, profiles, ask } = await threeLoggedIn('own', [
    {},
    {
      addon: {
        nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        nameIdentifierProbes: ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress'],
      },
    },
  ]);
  const [, b] = sps;
  const asked = await judge(b, messageOn(await ask()));
  expect(asked).toMatchObject({
    nameID: 'alice@example.test',
    nameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    sessionIndex: profiles[1]!.sessionIndex,
  });
  expect(new Set(profiles.map(({ sessionIndex }) => sessionIndex)).size).toBe(3);
});

const ways: readonly (readonly [
  string,
  readonly [object?, object?, object?],
  (agent: UserAgent, sp: LogoutSp, page: Page) => Promise<Page>,
  RegExp,
])[] = [
  [
    'says no',
    [],
    async (agent, sp, page) => (await answerStep(agent, sp, page, false)).page,
    /^it answered Requester, UnknownPrincipal$/,
  ],
  [
    'could not log out everywhere itself',
    [],
    async (agent, sp, page) => {
      const xml = logoutResponseXml({
        issuer: sp.entityId,
        destination: sp.target,
        inResponseTo: attributeOf(messageOn(page).xml, 'ID'),
        status:
          '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:PartialLogout"/></samlp:StatusCode>',
      });
      return agent.get(redirectUrl(sp.target, 'SAMLResponse', xml, { key: 'sp.key' }));
    },
    /^it answered Success, PartialLogout$/,
  ],
  [
    'puts PartialLogout on top',
    [],
    async (agent, sp, page) => {
      const xml = logoutResponseXml({
        issuer: sp.entityId,
        destination: sp.target,
        inResponseTo: attributeOf(messageOn(page).xml, 'ID'),
        status: '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:PartialLogout"/>',
      });
      return agent.get(redirectUrl(sp.target, 'SAMLResponse', xml, { key: 'sp.key' }));
    },
    /^it answered PartialLogout$/,
  ],
  [
    'is left out by the person',
    [],
    (agent, _sp, page) => agent.submit(page, {}, page.forms.length - 1),
    /^the person in front of the browser left it out$/,
  ],
  [
    'is silent',
    [],
    (agent, _sp, page) => agent.submit(page, { why: 'silent' }, page.forms.length - 1),
    /^it did not answer in time$/,
  ],
  [
    'is not there',
    [],
    (agent, _sp, page) => agent.submit(page, { why: '<script>' }, page.forms.length - 1),
    /^it did not answer$/,
  ],
  [
    'has no logout URL',
    [{}, { addon: { logout: {} } }],
    (_agent, _sp, page) => Promise.resolve(page),
    /has no logout URL/,
  ],
  [
    'wants no single logout',
    [{}, { logout: { slo_enabled: false } }],
    (_agent, _sp, page) => Promise.resolve(page),
    /wants no single logout/,
  ],
];
for (const [index, [what, options, act, reason]] of ways.entries())
  test(`PartialLogout stands below Success where one of the others ${what}; the next one is asked all the same`, async () => {
    const { agent, sps, ask } = await threeLoggedIn(`partial-${index}`, options);
    const [a, b, c] = sps;
    const next = await act(agent, b, await ask());
    const end = messageOn((await answerStep(agent, c, next)).page);
    await judge(a, end);
    expect(statusIn(end.xml)).toEqual(['Success', 'PartialLogout']);
    expect(end.xml).toContain('Not every service provider confirmed the logout.');
    const [logout] = await logoutsOf(server);
    expect(logout!.steps.map(({ participant }) => participant.clientId)).toEqual([b.clientId, c.clientId]);
    expect(logout!.steps[0]!.reason).toMatch(reason);
    expect(logout!.steps[1]).toMatchObject({ state: 'logged_out', reason: null });
  });

test('the answer goes to responseCallback, requests go to callback', async () => {
  const { agent, sps, ask } = await threeLoggedIn('callback', [
    { logout: { responseCallback: `${landing.url}/done?tenant=1` } },
    { logout: { responseCallback: `${landing.url}/other` } },
  ]);
  const [, b, c] = sps;
  const first = await answerStep(agent, b, await ask());
  expect(first.request.location).toBe(b.sloUrl);
  const { page } = await answerStep(agent, c, first.page);
  expect(page.url).toMatch(/\/done\?tenant=1&SAMLResponse=/);
  expect(attributeOf(messageOn(page).xml, 'Destination')).toBe(`${landing.url}/done?tenant=1`);
});

test('messages may all go to the shared URL, where the Issuer names the client', async () => {
  const { agent, sps, ask } = await threeLoggedIn('shared', [
    { saml: { logoutUrl: `${server.baseUrl}/samlp/logout` } },
    { saml: { logoutUrl: `${server.baseUrl}/samlp/logout` } },
    { saml: { logoutUrl: `${server.baseUrl}/samlp/logout` } },
  ]);
  const [a, b, c] = sps;
  const shared = { ...b, target: `${server.baseUrl}/samlp/logout` };
  const first = await answerStep(agent, shared, await ask());
  const end = messageOn((await answerStep(agent, c, first.page)).page);
  await judge(a, end);
  expect(statusIn(end.xml)).toEqual(['Success']);
});

test('a pair of the client’s own signs what it is sent', async () => {
  const { agent, sps, ask } = await threeLoggedIn('pair', [
    { addon: { cert: KEYS.other.cert, key: KEYS.other.key }, saml: { idpCert: KEYS.other.cert } },
    { addon: { cert: KEYS.other.cert, key: KEYS.other.key }, saml: { idpCert: KEYS.other.cert } },
  ]);
  const [a, b, c] = sps;
  const page = await ask();
  await expect(judge(c, messageOn(page))).rejects.toThrow(/signature/i);
  const first = await answerStep(agent, b, page);
  const end = messageOn((await answerStep(agent, c, first.page)).page);
  await judge(a, end);
  await expect(judge(c, end)).rejects.toThrow(/signature/i);
});

test('a session of another browser lives on, unless the request means it too', async () => {
  const { agent, sps, ask } = await threeLoggedIn('two');
  const other = new UserAgent();
  await logIn(other, sps[0]);
  const first = await answerStep(agent, sps[1], await ask());
  await answerStep(agent, sps[2], first.page);
  expect(await isAlive(server, sessionToken(server, other))).toBe(true);
});
