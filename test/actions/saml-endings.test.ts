/** What a service provider is told where an Action ends a SAML login: a Response without an assertion (actions-api.md 1.2). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bindHandlers,
  codeOf,
  deployAction,
  executedIn,
  inspectionOf,
  makeParties,
  responseXmlOf,
  samlLogin,
  unbindAll,
  type LoginView,
} from '../support/actions.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { invalidDocuments, schemaErrors } from '../support/oasis.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { MESSAGES, base64 } from '../support/sp-messages.js';
import { partsOf } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const CODE = '/Response/Status/StatusCode';
const MESSAGE = '/Response/Status/StatusMessage';
const RESPONDER = 'urn:oasis:names:tc:SAML:2.0:status:Responder';

/** The Response of a login that was not to be: without assertion and signature. */
function errorOf(login: LoginView): ReadonlyMap<string, string> {
  const xml = responseXmlOf(login);
  expect(xml).not.toContain('Assertion');
  expect(xml).not.toContain('Signature');
  return partsOf(xml);
}
const REQUEST = base64(MESSAGES.AuthnRequest());
const asked = { saml: { SAMLRequest: REQUEST, RelayState: 'where it was' } };

test('a denial is a Response without an assertion, with the reason as its StatusMessage', async () => {
  await bindHandlers(server, [
    `api.samlResponse.setIssuer('urn:moot').samlResponse.setAttribute('moot', 1); api.access.deny('Not <you> & not "now"');`,
  ]);
  const login = await samlLogin(server, asked);
  expect(login).toMatchObject({ status: 'denied', reason: 'Not <you> & not "now"' });
  expect(login.result).toMatchObject({ acsUrl: 'https://sp.example.test/acs', RelayState: 'where it was' });
  const parts = errorOf(login);
  expect(parts.get(`${CODE}/@Value`)).toBe(RESPONDER);
  expect(parts.get(MESSAGE)).toBe('Not <you> & not "now"');
  expect(parts.get('/Response/@InResponseTo')).toBe('_1');
  expect(parts.get('/Response/Issuer')).toBe('urn:auth0:mintmark');
});

test('of an exception the service provider is told the message, and the debug view the place', async () => {
  await bindHandlers(server, [
    {
      name: 'Asks the office',
      body: `const office = undefined;\nthrow new RangeError('the office is closed');`,
    },
  ]);
  const login = await samlLogin(server, asked);
  expect(login).toMatchObject({ status: 'failed', reason: 'the office is closed' });
  expect(errorOf(login).get(MESSAGE)).toBe('the office is closed');
  const { failure, timeline } = await inspectionOf(server, login);
  expect(failure).toEqual({
    code: 'action_threw',
    detail: 'the office is closed',
    cause: 'RangeError in the Action Asks the office, at Asks the office.js:3:7',
  });
  expect(timeline.map(({ name }) => name)).not.toContain('saml.signed');
});

test.each([
  ['api.samlResponse.setAudience(null)', 'audience must be string'],
  ['api.samlResponse.setLifetimeInSeconds(NaN)', 'lifetimeInSeconds must be a finite number'],
  ["api.samlResponse.setSignatureAlgorithm('rsa-md5')", /^signatureAlgorithm must be equal to one of/],
  ["api.samlResponse.setAttribute('a', { b: 1 })", /^value must be string/],
  ["api.samlResponse.setCert('x'.repeat(4097))", 'cert must NOT have more than 4096 characters'],
])(
  'a setter that refuses its argument ends the login with its text, and nothing is signed: %s',
  async (call, said) => {
    await bindHandlers(server, [`api.samlResponse.setIssuer('urn:kept?');`, `${call};`]);
    const login = await samlLogin(server, asked);
    expect(login.status).toBe('failed');
    const message = errorOf(login).get(MESSAGE);
    if (typeof said === 'string') expect(message).toBe(said);
    else expect(message).toMatch(said);
    const inspection = await inspectionOf(server, login);
    expect(inspection.failure?.code).toBe('action_threw');
    expect(executedIn(inspection)[1]!.calls[0]!.threw).toBe(message);
  },
);

test('a setter that threw and was caught changes nothing, and the login goes on', async () => {
  await bindHandlers(server, [
    `api.samlResponse.setAudience('urn:good'); try { api.samlResponse.setAudience(null); } catch { api.samlResponse.setAttribute('caught', true); }`,
  ]);
  const login = await samlLogin(server, asked);
  expect(login.status).toBe('completed');
  const parts = partsOf(responseXmlOf(login));
  expect(parts.get('/Response/Assertion/Conditions/AudienceRestriction/Audience')).toBe('urn:good');
  expect(parts.get('/Response/Assertion/AttributeStatement/Attribute[caught]/AttributeValue')).toBe('true');
});

test('one Action that takes too long ends the login, as do two that together take too long', async () => {
  await server.api('PATCH', '/api/v2/tenants/settings', { actions_time_limit_in_seconds: 0.5 });
  try {
    for (const handlers of [
      ['for (;;) {}'],
      ['await new Promise(() => {});'],
      Array.from({ length: 2 }, () => 'await new Promise((done) => setTimeout(done, 350));'),
    ]) {
      await bindHandlers(server, handlers);
      const login = await samlLogin(server, asked);
      expect(login.status).toBe('failed');
      const inspection = await inspectionOf(server, login);
      expect(inspection.failure?.code).toBe('action_timed_out');
      expect(errorOf(login).get(MESSAGE)).toBe(login.reason);
      expect(login.reason).toMatch(/exceeded|time/);
      expect(executedIn(inspection).map(({ outcome }) => outcome)).toEqual(
        handlers.map((_, index) => (index === handlers.length - 1 ? 'failed' : 'completed')),
      );
    }
  } finally {
    await server.api('PATCH', '/api/v2/tenants/settings', { actions_time_limit_in_seconds: null });
  }
});

test('a passive request cannot be sent away: interaction_required, and NoPassive to the service provider', async () => {
  await bindHandlers(server, [`api.redirect.sendUserTo('https://page.example.test/');`]);
  const passive = base64(MESSAGES.AuthnRequest('', ' IsPassive="true"'));
  const login = await samlLogin(server, { saml: { SAMLRequest: passive } });
  expect(login.status).toBe('failed');
  expect(login.redirect).toBeUndefined();
  expect((await inspectionOf(server, login)).failure?.code).toBe('interaction_required');
  const parts = errorOf(login);
  expect(parts.get(`${CODE}/@Value`)).toBe(RESPONDER);
  expect(parts.get(`${CODE}/StatusCode/@Value`)).toBe('urn:oasis:names:tc:SAML:2.0:status:NoPassive');
});

/** As code writes them: what JSON carries and XML cannot. */
const ODD_REASONS = [
  String.raw`'a\u0000b'`,
  String.raw`'a\ud800b'`,
  String.raw`'\udfff'`,
  String.raw`'\u0001\u001f\ufffe\uffff'`,
  String.raw`'\ud83d\ude00 is a face'`,
  String.raw`'line\r\nline\u2028line\u0085'`,
  `'<!-- ]]> &amp; <samlp:Status>'`,
  `''`,
  `'ä'.repeat(100_000)`,
];
const withOdd = async (call: (reason: string) => string): Promise<LoginView[]> => {
  const logins: LoginView[] = [];
  for (const reason of ODD_REASONS) {
    await bindHandlers(server, [call(reason)]);
    const login = await samlLogin(server, asked);
    const read = await server.api<LoginView>('GET', `/api/transactions/${login.id}`);
    expect(read.status).toBe(200);
    expect(read.body.reason).toBe(login.reason);
    logins.push(login);
  }
  return logins;
};
const toldIn = (logins: readonly LoginView[]): (string | undefined)[] =>
  logins.map((login) => errorOf(login).get(MESSAGE));

test('no reason and no message breaks the XML: what it cannot carry is replaced', async () => {
  const denied = toldIn(await withOdd((reason) => `api.access.deny(${reason});`));
  expect(denied.slice(0, 5)).toEqual(['a\ufffdb', 'a\ufffdb', '\ufffd', '\ufffd'.repeat(4), '😀 is a face']);
  expect(denied[6]).toBe('<!-- ]]> &amp; <samlp:Status>');
  const threw = toldIn(await withOdd((reason) => `throw new Error(${reason});`));
  expect(threw.slice(0, 5)).toEqual(denied.slice(0, 5));
  // an empty one says at least which Action it was
  expect(threw[7]).toContain('Action 1');
});

test.each([
  'undefined',
  'null',
  '42',
  '{ toString: 1 }',
  'Symbol("s")',
  '[1, 2]',
  '() => 1',
  '10n',
  'new Proxy({}, {})',
])('whatever is thrown or given as a reason, the service provider gets an answer: %s', async (value) => {
  for (const body of [`throw ${value};`, `api.access.deny(${value});`]) {
    await bindHandlers(server, [body]);
    const login = await samlLogin(server, asked);
    expect(['denied', 'failed']).toContain(login.status);
    expect(errorOf(login).get(MESSAGE)).not.toBe('');
  }
});

judgedBy(xmllint)('error Responses of Actions are valid by the schema of the protocol', async () => {
  const logins = [
    ...(await withOdd((reason) => `api.access.deny(${reason});`)),
    ...(await withOdd((reason) => `throw new Error(${reason});`)),
  ];
  expect(invalidDocuments(logins.map(responseXmlOf))).toEqual([]);
  expect(schemaErrors(responseXmlOf(logins[0]!).replace('Responder', 'Responder" Odd="'))).not.toBe('');
});

test.each([
  ['no handler', 'exports.onExecute = async () => {};'],
  ['a handler that is not async', 'exports.onExecutePostLogin = () => {};'],
  ['code that throws as it is loaded', 'throw new Error("not today");'],
])('an Action that cannot run fails the login and says why: %s', async (_what, code) => {
  await unbindAll(server);
  await deployAction(server, { name: 'Broken', code });
  const login = await samlLogin(server, asked);
  expect(login.status).toBe('failed');
  expect(errorOf(login).get(MESSAGE)).toBe(login.reason);
  expect((await inspectionOf(server, login)).failure?.code).toMatch(/^action_(unusable|threw)$/);
});

test('an Action that is deployed while none is bound runs in no login', async () => {
  await unbindAll(server);
  await deployAction(server, { name: 'Bound', code: codeOf(`api.access.deny('bound');`) });
  expect((await samlLogin(server)).status).toBe('denied');
  await server.api('PATCH', '/api/v2/actions/triggers/post-login/bindings', { bindings: [] });
  expect((await samlLogin(server)).status).toBe('completed');
});
