/** Which LogoutRequests are obeyed, which sessions they mean, and who hears of it where they are refused. */
import type { Profile } from '@node-saml/node-saml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeUser, statusIn } from '../saml-browser/service-provider.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { base64, signed } from '../support/sp-messages.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  POST,
  REDIRECT,
  isAlive,
  isQuerySigned,
  judge,
  logIn,
  logoutRequestXml,
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
  type RequestParts,
} from './logout-sp.js';

const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  landing = await startLanding();
  server = await startTestServer();
  await makeUser(server, 'alice');
  await makeUser(server, 'bob');
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

interface LoggedIn {
  readonly sp: LogoutSp;
  readonly agent: UserAgent;
  readonly profile: Profile;
  readonly token: string;
  /** A request for this very session, but for `parts`. */
  readonly xml: (parts?: Partial<RequestParts>) => string;
}
let count = 0;
async function loggedIn(options: LogoutSpOptions = {}): Promise<LoggedIn> {
  const sp = await makeLogoutSp(server, landing, `sp-${(count += 1)}`, options);
  return { sp, ...(await logInOnceMore(sp)) };
}
async function logInOnceMore(sp: LogoutSp, name = 'alice'): Promise<Omit<LoggedIn, 'sp'>> {
  const agent = new UserAgent();
  const profile = await logIn(agent, sp, name);
  return {
    agent,
    profile,
    token: sessionToken(server, agent)!,
    xml: (parts = {}) =>
      logoutRequestXml({
        issuer: sp.entityId,
        destination: sp.target,
        nameId: profile.nameID,
        sessionIndexes: [profile.sessionIndex!],
        ...parts,
      }),
  };
}
const post = (agent: UserAgent, sp: LogoutSp, xml: string, target = sp.target): Promise<Page> =>
  agent.post(target, [['SAMLRequest', base64(xml)]], sp.sloUrl);
const get = (
  agent: UserAgent,
  sp: LogoutSp,
  xml: string,
  more: Parameters<typeof redirectUrl>[3] = { key: 'sp.key' },
): Promise<Page> => agent.get(redirectUrl(sp.target, 'SAMLRequest', xml, more), sp.sloUrl);

/** `first` and `last` as they were signed, and another between. */
const tampered = (xml: string): string => xml.replace('auth0|alice</saml:NameID>', 'auth0|bob</saml:NameID>');

test('a request that the client’s key signed ends the session, whichever binding brings it and answers it', async () => {
  for (const binding of [POST, REDIRECT])
    for (const send of [get, (agent: UserAgent, sp: LogoutSp, xml: string) => post(agent, sp, signed(xml))]) {
      const { sp, agent, token, xml } = await loggedIn({ binding });
      const answer = messageOn(await send(agent, sp, xml()));
      await judge(sp, answer);
      expect(answer).toMatchObject({ binding, location: sp.sloUrl });
      expect(statusIn(answer.xml)).toEqual(['Success']);
      expect(await isAlive(server, token)).toBe(false);
    }
});

const DENIED = ['Requester', 'RequestDenied'];
const refusals: readonly (readonly [
  what: string,
  send: (login: LoggedIn) => Promise<Page>,
  code: string,
  status: readonly string[],
])[] = [
  ['unsigned in a form', ({ agent, sp, xml }) => post(agent, sp, xml()), 'saml_request_unsigned', DENIED],
  ['unsigned in a query', ({ agent, sp, xml }) => get(agent, sp, xml(), {}), 'saml_request_unsigned', DENIED],
  [
    'signed inside a query',
    ({ agent, sp, xml }) => get(agent, sp, signed(xml()), {}),
    'saml_request_unsigned',
    DENIED,
  ],
  [
    'signed by another key in a form',
    ({ agent, sp, xml }) => post(agent, sp, signed(xml(), { key: 'other.key' })),
    'saml_request_signature',
    DENIED,
  ],
  [
    'signed by another key in a query',
    ({ agent, sp, xml }) => get(agent, sp, xml(), { key: 'other.key' }),
    'saml_request_signature',
    DENIED,
  ],
  [
    'changed in a form',
    ({ agent, sp, xml }) => post(agent, sp, tampered(signed(xml()))),
    'saml_request_signature',
    DENIED,
  ],
  [
    'changed in its RelayState',
    ({ agent, sp, xml }) =>
      agent.get(
        redirectUrl(sp.target, 'SAMLRequest', xml(), { key: 'sp.key', relayState: 'here' }).replace(
          'RelayState=here',
          'RelayState=there',
        ),
      ),
    'saml_request_signature',
    DENIED,
  ],
  [
    'signed with SHA-1 in a form',
    ({ agent, sp, xml }) => post(agent, sp, signed(xml(), { signature: 'sha1' })),
    'saml_sigalg_unsupported',
    DENIED,
  ],
  [
    'signed with SHA-1 in a query',
    ({ agent, sp, xml }) => get(agent, sp, xml(), { key: 'sp.key', hash: 'sha1' }),
    'saml_sigalg_unsupported',
    DENIED,
  ],
  [
    'signed in a query without SigAlg',
    ({ agent, sp, xml }) =>
      agent.get(redirectUrl(sp.target, 'SAMLRequest', xml(), { key: 'sp.key' }).replace(/&SigAlg=[^&]*/, '')),
    'saml_sigalg_missing',
    DENIED,
  ],
  [
    'signed, and aimed at nobody',
    ({ agent, sp, xml }) => post(agent, sp, signed(xml({ destination: null }))),
    'saml_logout_invalid',
    ['Requester'],
  ],
  [
    'aimed at another identity provider',
    ({ agent, sp, xml }) => get(agent, sp, xml({ destination: 'https://idp.example.test/logout' })),
    'saml_logout_invalid',
    ['Requester'],
  ],
  [
    'aimed at the logout URL of another client',
    ({ agent, sp, xml }) => get(agent, sp, xml({ destination: `${server.baseUrl}/samlp/another/logout` })),
    'saml_logout_invalid',
    ['Requester'],
  ],
  [
    'past its NotOnOrAfter',
    ({ agent, sp, xml }) => get(agent, sp, xml({ notOnOrAfter: new Date(Date.now() - 1).toISOString() })),
    'saml_logout_invalid',
    ['Requester'],
  ],
  [
    'of Version 1.1',
    ({ agent, sp, xml }) => get(agent, sp, xml({ version: '1.1' })),
    'saml_request_version',
    ['VersionMismatch', 'RequestVersionTooLow'],
  ],
  [
    'of Version 3.0',
    ({ agent, sp, xml }) => get(agent, sp, xml({ version: '3.0' })),
    'saml_request_version',
    ['VersionMismatch', 'RequestVersionTooHigh'],
  ],
];
for (const [what, send, code, status] of refusals)
  test(`a request ${what} ends nothing; the SP is told at its configured URL, and a page where it has none`, async () => {
    const login = await loggedIn({ binding: REDIRECT });
    const page = await send(login);
    const answer = messageOn(page);
    expect(isQuerySigned(answer, KEYS.idp.cert)).toBe(true);
    expect(answer).toMatchObject({ location: login.sp.sloUrl, name: 'SAMLResponse' });
    expect(statusIn(answer.xml)).toEqual(status);
    expect(await isAlive(server, login.token)).toBe(true);
    const [kept] = await logoutsOf(server);
    expect(kept).toMatchObject({ status: 'finished', sessionIds: [], steps: [], revision: 1 });
    expect(kept!.timeline.find(({ name }) => name === 'request.refused')?.detail).toMatchObject({ code });
    // a refused one cannot be gone on with
    expect((await login.agent.get(`${server.baseUrl}/logout?state=${kept!.id}`)).status).toBe(404);

    const homeless = await loggedIn({ addon: { logout: {} } });
    const local = await send(homeless);
    expect(local.status).toBe(400);
    expect(local.url.startsWith(server.baseUrl)).toBe(true);
    expect(local.text).toContain(code);
    expect(local.forms).toEqual([]);
    expect(await isAlive(server, homeless.token)).toBe(true);
  });

test('SHA-1 is taken from a client that is allowed to', async () => {
  const { sp, agent, xml } = await loggedIn({ addon: { acceptSha1Requests: true } });
  const page = await get(agent, sp, xml(), { key: 'sp.key', hash: 'sha1' });
  expect(statusIn(messageOn(page).xml)).toEqual(['Success']);
});

test('an unsigned request may leave its Destination out, from a client without certificates', async () => {
  const { sp, agent, xml, token } = await loggedIn({ addon: { spCertificates: [] } });
  const page = await post(agent, sp, xml({ destination: null }));
  expect(statusIn(messageOn(page).xml)).toEqual(['Success']);
  expect(await isAlive(server, token)).toBe(false);
  const [logout] = await logoutsOf(server);
  expect(logout!.timeline.map(({ name }) => name)).toContain('request.unauthenticated');
});

test('a NotOnOrAfter to come is obeyed', async () => {
  const { sp, agent, xml, token } = await loggedIn();
  await get(agent, sp, xml({ notOnOrAfter: new Date(Date.now() + 60_000).toISOString() }));
  expect(await isAlive(server, token)).toBe(false);
});

test('a client that wants no single logout is refused as a requester', async () => {
  const { sp, agent, xml, token } = await loggedIn({ logout: { slo_enabled: false } });
  const answer = messageOn(await get(agent, sp, xml()));
  expect(statusIn(answer.xml)).toEqual(DENIED);
  expect(answer.xml).toContain('Single logout is disabled for this service provider.');
  expect(await isAlive(server, token)).toBe(true);
});

test('nobody is told at any address that a message names', async () => {
  const { sp, agent, xml } = await loggedIn({ addon: { logout: {} } });
  const evil = 'https://evil.example.test/collect';
  for (const page of [
    await get(agent, sp, xml({ destination: evil })),
    await get(agent, sp, xml({ issuer: evil })),
    await get(agent, sp, xml({ id: '_1' }), { key: 'sp.key', relayState: evil }),
    await agent.post(sp.target, [
      ['SAMLRequest', base64(signed(xml({ destination: evil })))],
      ['RelayState', evil],
      ['returnTo', evil],
    ]),
    await agent.get(`${sp.target}?returnTo=${evil}&RelayState=${evil}`),
    await agent.get(`${server.baseUrl}/logout?returnTo=${evil}&next=${evil}`),
    await agent.get(`${server.baseUrl}/logout?state=${encodeURIComponent(`//evil.example.test/`)}`),
  ]) {
    expect(page.url.startsWith(`${server.baseUrl}/`)).toBe(true);
    expect(page.forms.filter(({ action }) => action.includes('evil'))).toEqual([]);
    expect(page.text).not.toMatch(/(?:href|action|src)="[^"]*evil/);
    expect(page.headers.get('refresh')).toBeNull();
  }
});

test('an unknown user, a session that is over, and a second logout are answered Success', async () => {
  const { sp, agent, profile, token, xml } = await loggedIn();
  const nobody = messageOn(await get(agent, sp, xml({ nameId: 'auth0|nobody' })));
  await judge(sp, nobody);
  expect(statusIn(nobody.xml)).toEqual(['Success']);
  expect(await isAlive(server, token)).toBe(true);
  for (const alive of [false, false]) {
    expect(statusIn(messageOn(await requestLogout(agent, sp, profile)).xml)).toEqual(['Success']);
    expect(await isAlive(server, token)).toBe(alive);
  }
  expect((await logoutsOf(server))[0]!.timeline.map(({ name }) => name)).toContain('session.not_found');
});

const mismatches: readonly (readonly [string, Partial<RequestParts>])[] = [
  ['another NameID', { nameId: 'auth0|bob' }],
  ['a NameID in other letters', { nameId: 'AUTH0|ALICE' }],
  ['a NameID with white space', { nameId: ' auth0|alice ' }],
  ['another Format', { nameAttributes: { Format: EMAIL } }],
  ['the NameQualifier of another identity provider', { nameAttributes: { NameQualifier: 'urn:other' } }],
  ['the SPNameQualifier of another SP', { nameAttributes: { SPNameQualifier: 'urn:other' } }],
  ['another SessionIndex', { sessionIndexes: ['_other'] }],
];
for (const [what, parts] of mismatches)
  test(`a request with ${what} ends nothing`, async () => {
    const { sp, agent, token, xml } = await loggedIn();
    expect(statusIn(messageOn(await get(agent, sp, xml(parts))).xml)).toEqual(['Success']);
    expect(await isAlive(server, token)).toBe(true);
  });

const matches: readonly (readonly [string, Partial<RequestParts>, Record<string, unknown>?])[] = [
  ['the Format of the assertion', { nameAttributes: { Format: UNSPECIFIED } }],
  [
    'our NameQualifier',
    { nameAttributes: { NameQualifier: 'urn:auth0:mintmark' } },
    { issuer: 'urn:auth0:mintmark' },
  ],
  ['one SessionIndex of several', { sessionIndexes: ['_other', '%', '_more'] }],
  ['no SessionIndex', { sessionIndexes: [] }],
];
for (const [what, parts, addon = {}] of matches)
  test(`a request with ${what} ends the session`, async () => {
    const { sp, agent, token, profile, xml } = await loggedIn({ addon });
    const sessionIndexes = parts.sessionIndexes?.map((index) =>
      index === '%' ? profile.sessionIndex! : index,
    );
    await get(agent, sp, xml({ ...parts, ...(sessionIndexes && { sessionIndexes }) }));
    expect(await isAlive(server, token)).toBe(false);
  });

test('an SP qualifies the name by itself, also where nobody told its entity ID here', async () => {
  const { sp, agent, token, xml } = await loggedIn({ saml: {}, addon: {} });
  await server.api('PATCH', `/api/v2/clients/${sp.clientId}`, {
    addons: { samlp: { spCertificates: [KEYS.sp.cert], logout: { callback: sp.sloUrl } } },
  });
  await get(agent, sp, xml({ nameAttributes: { SPNameQualifier: 'urn:other' } }));
  expect(await isAlive(server, token)).toBe(true);
  await get(agent, sp, xml({ nameAttributes: { SPNameQualifier: sp.entityId } }));
  expect(await isAlive(server, token)).toBe(false);
});

test('without a SessionIndex all sessions of that user at that SP end, and no others', async () => {
  const { sp, agent, xml, token } = await loggedIn();
  const other = await makeLogoutSp(server, landing, `elsewhere-${count}`);
  const [second, bob, elsewhere] = [
    await logInOnceMore(sp),
    await logInOnceMore(sp, 'bob'),
    await logInOnceMore(other),
  ];
  await get(agent, sp, xml({ sessionIndexes: [] }));
  const alive = [token, second.token, bob.token, elsewhere.token].map((each) => isAlive(server, each));
  expect(await Promise.all(alive)).toEqual([false, false, true, true]);
});

test('several SessionIndex values end those sessions', async () => {
  const { sp, agent, xml, token, profile } = await loggedIn();
  const [second, third] = [await logInOnceMore(sp), await logInOnceMore(sp)];
  await get(agent, sp, xml({ sessionIndexes: [profile.sessionIndex!, third.profile.sessionIndex!] }));
  const alive = [token, second.token, third.token].map((each) => isAlive(server, each));
  expect(await Promise.all(alive)).toEqual([false, true, false]);
});

test('an SP cannot end what it was not told of: a SessionIndex of another SP, a user of another SP', async () => {
  const victim = await loggedIn();
  const attacker = await makeLogoutSp(server, landing, `attacker-${count}`, {
    addon: { spCertificates: [KEYS.other.cert] },
  });
  const agent = new UserAgent();
  const send = async (parts: Partial<RequestParts>): Promise<Page> =>
    get(agent, attacker, victim.xml({ issuer: attacker.entityId, destination: attacker.target, ...parts }), {
      key: 'other.key',
    });
  for (const parts of [{}, { sessionIndexes: [] }]) {
    expect(statusIn(messageOn(await send(parts)).xml)).toEqual(['Success']);
    expect(await isAlive(server, victim.token)).toBe(true);
  }
});

test('one client’s key speaks for no other client, at neither URL', async () => {
  const victim = await loggedIn({ binding: REDIRECT });
  const attacker = await makeLogoutSp(server, landing, `deputy-${count}`, {
    addon: { spCertificates: [KEYS.other.cert] },
  });
  const agent = new UserAgent();
  const shared = `${server.baseUrl}/samlp/logout`;
  const forged = (target: string, parts: Partial<RequestParts> = {}): Promise<Page> =>
    agent.get(redirectUrl(target, 'SAMLRequest', victim.xml(parts), { key: 'other.key' }));
  // in the victim's name at the attacker's URL
  expect((await forged(attacker.target, { destination: attacker.target })).status).toBe(400);
  // in the victim's name at the victim's URL and at the shared one
  for (const target of [victim.sp.target, shared]) {
    const answer = messageOn(await forged(target, { destination: target }));
    expect(answer.location).toBe(victim.sp.sloUrl);
    expect(statusIn(answer.xml)).toEqual(DENIED);
  }
  // the attacker's own message at the victim's URL
  expect((await forged(victim.sp.target, { issuer: attacker.entityId })).status).toBe(400);
  expect(await isAlive(server, victim.token)).toBe(true);
});

test('at the shared URL an Issuer that names nobody, or two clients, is answered by a page', async () => {
  const shared = `${server.baseUrl}/samlp/logout`;
  const { agent, xml, token, sp } = await loggedIn();
  const unknown = await agent.get(
    redirectUrl(shared, 'SAMLRequest', xml({ issuer: 'urn:nobody' }), { key: 'sp.key' }),
  );
  expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('saml_issuer_unknown')]);
  await server.api('POST', '/api/v2/clients', {
    client_id: `twin-${count}`,
    name: 'Twin',
    addons: { samlp: { entityId: sp.entityId } },
  });
  const twice = await agent.get(
    redirectUrl(shared, 'SAMLRequest', xml({ destination: shared }), { key: 'sp.key' }),
  );
  expect([twice.status, twice.text]).toEqual([400, expect.stringContaining(`twin-${count}`)]);
  expect(await isAlive(server, token)).toBe(true);
});

const RELAY_STATES = [
  'https://sp.example.test/deep?a=1&b=ä#x',
  `"><script>alert(1)</script>'`,
  '&amp;&#10;%2f%%20+ a',
  '𝄞 ☃ é ',
  ' leading and trailing ',
  'x'.repeat(2000),
];
for (const binding of [POST, REDIRECT])
  test(`RelayState comes back as it went, by ${binding.split(':').at(-1)}`, async () => {
    const sp = await makeLogoutSp(server, landing, `relay-${binding.slice(-4).toLowerCase()}`, { binding });
    const agent = new UserAgent();
    const request = (): string =>
      logoutRequestXml({ issuer: sp.entityId, destination: sp.target, nameId: 'auth0|alice' });
    for (const relayState of RELAY_STATES) {
      const byForm = await agent.post(sp.target, [
        ['SAMLRequest', base64(signed(request()))],
        ['RelayState', relayState],
      ]);
      const byQuery = await get(agent, sp, request(), { key: 'sp.key', relayState });
      for (const page of [byForm, byQuery]) {
        const answer = messageOn(page);
        expect(answer.relayState).toBe(relayState);
        await judge(sp, answer);
        expect(page.text).not.toContain('<script>alert');
      }
    }
    expect(messageOn(await get(agent, sp, request())).members).not.toHaveProperty('RelayState');
    const empty = messageOn(await get(agent, sp, request(), { key: 'sp.key', relayState: '' }));
    // a query leaves an empty one out, a form echoes it
    expect(empty.relayState).toBe(binding === POST ? '' : undefined);
    await judge(sp, empty);
  });

test('a logout URL outside ASCII is reached by a redirect', async () => {
  const { sp, agent, xml } = await loggedIn({
    binding: REDIRECT,
    logout: { callback: `${landing.url}/ausgeloggt/☃?ü=1` },
  });
  const page = await get(agent, sp, xml());
  expect(page.status).toBe(200);
  expect(page.url).toContain(`${landing.url}/ausgeloggt/%E2%98%83?%C3%BC=1&SAMLResponse=`);
  await judge(sp, messageOn(page));
});

test('what cannot be read is answered by a page and keeps nothing; nor does a client that nobody made', async () => {
  const { sp, agent, token, xml } = await loggedIn();
  const before = (await logoutsOf(server)).length;
  const doctype = `<!DOCTYPE x [<!ENTITY e "auth0|alice">]>${xml()}`;
  const huge = xml({ nameId: 'a'.repeat(70_000) });
  const deep = xml().replace('<saml:NameID>', `${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}<saml:NameID>`);
  const pages = [
    await post(agent, sp, 'no XML'),
    await agent.post(sp.target, [['SAMLRequest', '%%%']]),
    await agent.post(sp.target, [['SAMLRequest', '']]),
    await post(agent, sp, doctype),
    await post(agent, sp, signed(huge)),
    await get(agent, sp, huge),
    await post(agent, sp, deep),
    await post(
      agent,
      sp,
      xml()
        .replace('LogoutRequest', 'LogoutResponse')
        .replace('/samlp:LogoutRequest', '/samlp:LogoutResponse'),
    ),
    await post(agent, sp, xml(), `${server.baseUrl}/samlp/nobody/logout`),
    await agent.post(sp.target, [
      ['SAMLRequest', base64(xml())],
      ['SAMLRequest', base64(xml())],
    ]),
    await agent.post(sp.target, [
      ['SAMLRequest', base64(xml())],
      ['SAMLResponse', base64(xml())],
    ]),
  ];
  expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 400));
  for (const { text, headers } of pages) {
    expect(headers.get('content-type')).toContain('text/html');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(text).toContain('<h1');
  }
  expect((await agent.post(sp.target, [['SAMLRequest', 'A'.repeat(300_000)]])).status).toBe(413);
  expect((await logoutsOf(server)).length).toBe(before);
  expect(await isAlive(server, token)).toBe(true);
});

test('what is kept of refused requests is bounded by the tenant’s cap', async () => {
  const { sp, agent, xml } = await loggedIn();
  await server.api('PATCH', '/api/v2/tenants/settings', { retention: { transactions: 20 } });
  for (let index = 0; index < 60; index += 1) await post(agent, sp, xml());
  await expect
    .poll(async () => (await logoutsOf(server)).length, { timeout: 10_000 })
    .toBeLessThanOrEqual(24);
  await server.api('PATCH', '/api/v2/tenants/settings', { retention: null });
});
