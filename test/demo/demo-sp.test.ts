/** The demo service provider, from its page to the user it shows, as a browser goes through it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLogoutRequest } from '../../src/protocol/saml/logout-request.js';
import { buildLogoutResponse, readLogoutResponse } from '../../src/protocol/saml/logout-response.js';
import { decodeMessage } from '../../src/protocol/saml/message-encoding.js';
import { BINDINGS, STATUS } from '../../src/protocol/saml/names.js';
import { sendMessage, type OutgoingMessage } from '../../src/protocol/saml/outgoing-message.js';
import { keyFile } from '../support/jwt-keys.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { schemaErrors } from '../support/oasis.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';

const PASSWORD = 'correct horse battery staple';
const CLIENT = 'mintmark-demo-sp';

let server: TestServer;
const at = (path: string): string => `${server.baseUrl}${path}`;
beforeAll(async () => {
  server = await startTestServer();
  const { status } = await server.api('POST', '/api/v2/users', {
    user_id: 'auth0|alice',
    email: 'alice@example.test',
    name: 'Alice <b>Minter</b>',
    password: PASSWORD,
    connection: 'Username-Password-Authentication',
  });
  expect(status).toBe(201);
});
afterAll(() => server.close());

const textOf = (page: Page): string =>
  page.text
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

/** From the login page to the form that carries the response, not yet posted. */
async function authenticate(agent: UserAgent, path: string): Promise<Page> {
  const login = await agent.get(at(path), at('/demo/sp'));
  const delivery = await agent.submit(login, { username: 'alice@example.test', password: PASSWORD });
  expect(delivery.forms[0]?.action, delivery.text).toBe(at('/demo/sp/acs'));
  return delivery;
}
const login = async (agent: UserAgent, path = '/demo/sp/login'): Promise<Page> =>
  agent.submit(await authenticate(agent, path));

test('the page registers the demo as a client, once, and leads to its login', async () => {
  const agent = new UserAgent();
  const pages = await Promise.all([1, 2, 3].map(() => agent.get(at('/demo/sp'))));
  for (const page of pages) {
    expect(page.status).toBe(200);
    expect(page.text).toContain('href="/demo/sp/login"');
    for (const path of ['/demo/sp/metadata', `/samlp/${CLIENT}`])
      expect(page.text).toContain(`href="${path}"`);
  }
  const { body } = await server.api('GET', `/api/v2/clients/${CLIENT}`);
  expect(body).toMatchObject({
    name: 'Mintmark demo',
    callbacks: [at('/demo/sp/acs')],
    addons: {
      samlp: { entityId: at('/demo/sp/metadata'), logout: { callback: at('/demo/sp/slo') } },
    },
  });
  const { body: all } = await server.api<unknown[]>('GET', '/api/v2/clients');
  expect(all).toHaveLength(1);
});

judgedBy(xmllint)('its metadata and its AuthnRequest are valid against the OASIS schemas', async () => {
  expect(schemaErrors(await (await fetch(at('/demo/sp/metadata'))).text(), 'metadata')).toBe('');
  const answer = await fetch(at('/demo/sp/login?ForceAuthn=true'), { redirect: 'manual' });
  const url = new URL(answer.headers.get('location')!, at('/demo/sp/login'));
  expect(url.pathname).toBe(`/samlp/${CLIENT}`);
  const request = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest')!, 'base64')).toString();
  expect(schemaErrors(request)).toBe('');
  expect(request).toContain('ForceAuthn="true"');
});

test('a login with a password ends on a page that shows who it is, and how that was verified', async () => {
  const page = await login(new UserAgent());
  expect(page.status).toBe(200);
  expect(textOf(page)).toContain('Logged in as auth0|alice');
  expect(textOf(page)).toContain('The response verifies.');
  expect(page.text).toContain('Alice &lt;b&gt;Minter&lt;/b&gt;');
  expect(page.text).not.toContain('<b>Minter</b>');
  for (const step of [
    'signature_value',
    'audience',
    'recipient',
    'destination',
    'in_response_to',
    'conditions',
  ])
    expect(page.text).toMatch(new RegExp(`<li class="pass">(?:(?!</li>)[\\s\\S])*${step}`));
  // the RelayState came back to the byte
  expect(textOf(page)).toMatch(/As it was sent yes/);
  expect(page.headers.get('cache-control')).toBe('no-store');
});

test('the second login asks nobody: the session answers', async () => {
  const agent = new UserAgent();
  await login(agent);
  const delivery = await agent.get(at('/demo/sp/login'), at('/demo/sp'));
  expect(textOf(await agent.submit(delivery))).toContain('Logged in as auth0|alice');
  expect(textOf(await agent.get(at('/demo/sp')))).toContain('Logged in as auth0|alice');
});

test('a login that begins at the identity provider is taken as unsolicited', async () => {
  const page = await login(new UserAgent(), `/samlp/${CLIENT}`);
  expect(textOf(page)).toContain('Logged in as auth0|alice');
  expect(textOf(page)).toContain('it is unsolicited');
});

test('a response is believed once, and only in the browser that asked', async () => {
  const agent = new UserAgent();
  const delivery = await authenticate(agent, '/demo/sp/login');
  const stolen = await new UserAgent().submit(delivery);
  expect(textOf(stolen)).toContain('Not logged in');
  expect(textOf(stolen)).toMatch(/in_response_to/);
  expect(textOf(await agent.submit(delivery))).toContain('Logged in as auth0|alice');
  const again = await agent.submit(delivery);
  expect(textOf(again)).toContain('Not logged in');
  expect(again.text).not.toContain('id="user"');
});

test('two logins that cross in one browser both arrive', async () => {
  const agent = new UserAgent();
  const first = await authenticate(agent, '/demo/sp/login');
  const second = await agent.get(at('/demo/sp/login'), at('/demo/sp'));
  for (const delivery of [second, first])
    expect(textOf(await agent.submit(delivery))).toContain('Logged in as auth0|alice');
});

/** Issued by REST, and posted to the ACS as a browser would. */
async function posted(
  body: Readonly<Record<string, unknown>>,
  change = (xml: string): string => xml,
): Promise<Page> {
  await fetch(at('/demo/sp'));
  const { body: issued } = await server.api<{ result: { SAMLResponse: string } }>(
    'POST',
    '/api/transactions',
    {
      protocol: 'samlp',
      client_id: CLIENT,
      user: { user_id: 'auth0|alice', name: 'Alice' },
      complete: true,
      ...body,
    },
  );
  const xml = Buffer.from(issued.result.SAMLResponse, 'base64').toString();
  return new UserAgent().post(at('/demo/sp/acs'), [
    ['SAMLResponse', Buffer.from(change(xml)).toString('base64')],
  ]);
}

test.each([
  ['nothing is wrong with it', {}, undefined, null],
  [
    'it was changed on the way',
    {},
    (xml: string) => xml.replaceAll('auth0|alice', 'auth0|mallory'),
    'digest',
  ],
  ['it is for another audience', { samlResponse: { audience: 'urn:another' } }, undefined, 'audience'],
  ['it is for another recipient', { samlResponse: { recipient: 'https://x.test/' } }, undefined, 'recipient'],
  ['it is for another place', { samlResponse: { destination: 'https://x.test/' } }, undefined, 'destination'],
  ['it is by another issuer', { samlResponse: { issuer: 'urn:another' } }, undefined, 'issuer'],
  ['it is a year old', { now: '2024-01-01T00:00:00Z' }, undefined, 'conditions'],
  [
    'its signature was taken away',
    {},
    (xml: string) => xml.replace(/<Signature[\s\S]*<\/Signature>/, ''),
    'signature',
  ],
  [
    'it is an error Response',
    { user: { user_id: 'auth0|alice' }, samlResponse: { nameIdentifierProbes: ['nothing'] } },
    undefined,
    'status',
  ],
] as const)('a response is judged by what it is: %s', async (_, body, change, step) => {
  const page = await posted(body, change);
  expect(page.status).toBe(200);
  const said = textOf(page);
  expect(said.includes('Logged in as')).toBe(step === null);
  expect(said.includes('Not logged in')).toBe(step !== null);
  if (step === null) return;
  expect(page.text).toMatch(new RegExp(`<li class="fail">(?:(?!</li>)[\\s\\S])*${step}`));
  expect(page.text).not.toContain('id="user"');
  expect(page.headers.getSetCookie().join()).not.toContain('mintmark_demo_login');
});

test('an assertion that it cannot decrypt is not believed, though the signature around it verifies', async () => {
  const { result } = (
    await server.api<{ result: { SAMLResponse: string } }>('POST', '/api/transactions', {
      protocol: 'samlp',
      client_id: CLIENT,
      user: { user_id: 'auth0|alice' },
      complete: true,
      samlResponse: {
        signResponse: true,
        encryptionAlgorithm: 'aes256-gcm',
        encryptionCert: keyFile('saml-sp.crt.pem'),
        encryptionPublicKey: keyFile('saml-sp.pub.pem'),
      },
    })
  ).body;
  const page = await new UserAgent().post(at('/demo/sp/acs'), [['SAMLResponse', result.SAMLResponse]]);
  expect(textOf(page)).toContain('Not logged in');
  expect(textOf(page)).toContain('has no key to decrypt it');
});

test.each([
  ['an empty form', []],
  ['a form with a request', [['SAMLRequest', 'PHg+']]],
  ['a response that is no base64', [['SAMLResponse', '<b>no</b>']]],
  ['a response that is no XML', [['SAMLResponse', Buffer.from('<b>').toString('base64')]]],
  [
    'two responses',
    [
      ['SAMLResponse', 'PHg+'],
      ['SAMLResponse', 'PHg+'],
    ],
  ],
] as const)('%s gets a page that says so', async (_, fields) => {
  const page = await new UserAgent().post(at('/demo/sp/acs'), fields);
  expect([200, 400]).toContain(page.status);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.text).not.toContain('<b>');
  expect(textOf(page)).not.toContain('Logged in as');
});

test('a browser that knows us by another name of loopback is sent where the cookies will be', async () => {
  const { port } = new URL(server.baseUrl);
  const home = await new UserAgent().get(`http://localhost:${port}/demo/sp`);
  expect(new URL(home.url).host).toBe(new URL(server.baseUrl).host);
  const agent = new UserAgent();
  const delivery = await agent.submit(await agent.get(`http://localhost:${port}/demo/sp/login`), {
    username: 'alice@example.test',
    password: PASSWORD,
  });
  expect(new URL(delivery.url).hostname).toBe(new URL(server.baseUrl).hostname);
  expect(textOf(await agent.submit(delivery))).toContain('Logged in as auth0|alice');
});

test('a login without a page, where nobody is logged in, is refused by the identity provider', async () => {
  const agent = new UserAgent();
  const delivery = await agent.get(at('/demo/sp/login?IsPassive=true'), at('/demo/sp'));
  const page = await agent.submit(delivery);
  expect(textOf(page)).toContain('did not log anybody in');
  expect(page.text).toContain('NoPassive');
});

test('another base URL registers the demo anew, in the same client', async () => {
  await fetch(at('/demo/sp'));
  await server.api('PATCH', `/api/v2/clients/${CLIENT}`, {
    callbacks: ['http://127.0.0.1:1/demo/sp/acs', 'https://by-hand.example.test/acs'],
    addons: {
      samlp: {
        entityId: 'http://127.0.0.1:1/demo/sp/metadata',
        audience: 'http://127.0.0.1:1/demo/sp/metadata',
        assertionConsumers: [{ index: 0, location: 'http://127.0.0.1:1/demo/sp/acs' }],
        lifetimeInSeconds: 120,
      },
    },
  });
  expect((await fetch(at('/demo/sp'))).status).toBe(200);
  const { body } = await server.api('GET', `/api/v2/clients/${CLIENT}`);
  expect(body).toMatchObject({
    callbacks: [at('/demo/sp/acs'), 'https://by-hand.example.test/acs'],
    addons: {
      samlp: {
        entityId: at('/demo/sp/metadata'),
        audience: at('/demo/sp/metadata'),
        lifetimeInSeconds: 120,
      },
    },
  });
});

test('logging out there logs out at the identity provider, and comes back', async () => {
  const agent = new UserAgent();
  await login(agent);
  const page = await agent.get(at('/demo/sp/logout'), at('/demo/sp'));
  expect(textOf(page)).toContain('Logged out');
  expect(new URL(page.url).pathname).toBe('/demo/sp/slo');
  expect(textOf(await agent.get(at('/demo/sp')))).toContain('Nobody is logged in here');
  const next = await agent.get(at('/demo/sp/login'), at('/demo/sp'));
  expect(new URL(next.url).pathname).toBe('/login');
  expect(textOf(await agent.get(at('/demo/sp/logout')))).toContain('Nobody is logged in here');
});

/** As the identity provider signs them, or somebody else. */
const signedMessage = (
  name: 'SAMLRequest' | 'SAMLResponse',
  more: {
    readonly pair?: string;
    readonly issuer?: string;
    readonly to?: string;
    readonly late?: boolean;
  } = {},
): OutgoingMessage => {
  const { pair = 'saml-idp', issuer = 'urn:auth0:mintmark', to = at('/demo/sp/slo'), late = false } = more;
  const message = { id: '_idp1', issuer, issueInstant: new Date(), destination: to };
  const tree =
    name === 'SAMLRequest'
      ? buildLogoutRequest({
          ...message,
          notOnOrAfter: new Date(Date.now() + (late ? -1 : 60_000)),
          nameId: { value: 'auth0|alice', format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified' },
          sessionIndex: '_s1',
        })
      : buildLogoutResponse({
          ...message,
          inResponseTo: '_sp1',
          status: { code: STATUS.success, subCode: STATUS.partialLogout },
        });
  return sendMessage(
    name,
    tree,
    { binding: BINDINGS.httpRedirect, location: at('/demo/sp/slo') },
    {
      relayState: 'its & state',
      pair: {
        privateKey: createPrivateKey(keyFile(`${pair}.key.pem`)),
        certificate: new X509Certificate(keyFile(`${pair}.crt.pem`)).raw.toString('base64'),
      },
    },
  );
};
const urlOf = (message: OutgoingMessage): string => ('url' in message ? message.url : '');

test('asked to log out by the identity provider, it ends its session and answers by redirect', async () => {
  const agent = new UserAgent();
  await login(agent);
  const cookie = agent.cookie(server.baseUrl, 'mintmark_demo_login')!;
  const answer = await fetch(urlOf(signedMessage('SAMLRequest')), {
    redirect: 'manual',
    headers: { cookie: `mintmark_demo_login=${cookie}` },
  });
  expect(answer.status).toBe(303);
  expect(answer.headers.getSetCookie().join()).toMatch(/mintmark_demo_login=;.*Max-Age=0/);
  const to = new URL(answer.headers.get('location')!, at('/demo/sp/slo'));
  expect(to.pathname).toBe(`/samlp/${CLIENT}/logout`);
  expect(to.searchParams.get('RelayState')).toBe('its & state');
  const response = readLogoutResponse(decodeMessage(to.searchParams.get('SAMLResponse')!));
  expect(response).toMatchObject({
    inResponseTo: '_idp1',
    issuer: at('/demo/sp/metadata'),
    destination: at(`/samlp/${CLIENT}/logout`),
    status: { code: STATUS.success },
  });
});

test('an answer that says PartialLogout is shown as that', async () => {
  const page = await new UserAgent().get(urlOf(signedMessage('SAMLResponse')));
  expect(page.status).toBe(200);
  expect(textOf(page)).toContain('Not every service provider could be logged out');
});

test.each([
  ['another key', { pair: 'saml-other' }, 'saml_request_signature'],
  ['another issuer', { issuer: 'urn:another' }, 'saml_logout_invalid'],
  ['another place', { to: 'https://x.test/' }, 'saml_logout_invalid'],
  ['a time that is over', { late: true }, 'saml_logout_invalid'],
] as const)('a LogoutRequest of %s is not obeyed', async (_, more, code) => {
  const page = await new UserAgent().get(urlOf(signedMessage('SAMLRequest', more)));
  expect(page.status).toBe(400);
  expect(page.text).toContain(code);
});

test('it obeys no logout message that the identity provider has not signed', async () => {
  for (const message of [
    `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0" IssueInstant="2030-01-01T00:00:00Z" Destination="${at('/demo/sp/slo')}"><saml:Issuer>urn:auth0:mintmark</saml:Issuer><saml:NameID>auth0|alice</saml:NameID></samlp:LogoutRequest>`,
    'no XML at all',
  ]) {
    const page = await new UserAgent().post(at('/demo/sp/slo'), [
      ['SAMLRequest', Buffer.from(message).toString('base64')],
    ]);
    expect(page.status).toBe(400);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  }
  expect((await new UserAgent().get(at('/demo/sp/slo'))).status).toBe(400);
});
