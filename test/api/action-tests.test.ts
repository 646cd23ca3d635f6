/** An Action on trial: what its author is told, and that nobody else notices. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Executed } from '../../src/actions/executed.js';
import { openDataSource } from '../../src/storage/data-source.js';
import {
  accessTokenOf,
  AUDIENCE,
  codeOf,
  deployAction,
  idTokenOf,
  makeParties,
  responseXmlOf,
  samlLogin,
  unbindAll,
  type LoginInspection,
  type LoginView,
} from '../support/actions.js';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { verifySignatures } from '../support/xml-crypto-verify.js';

interface Origin {
  readonly name: string;
  readonly layer: string;
  readonly from: string;
}
interface Tested extends LoginView {
  readonly outcome: string;
  readonly failure?: {
    readonly code: string;
    readonly detail: string;
    readonly file?: string;
    readonly line?: number;
    readonly stack?: string;
  };
  readonly duration: number;
  readonly calls: Executed['calls'];
  readonly console: Executed['console'];
  readonly executions: readonly Executed[];
  readonly effects: Readonly<Record<string, unknown>>;
  readonly transaction: LoginView;
  readonly debug: LoginInspection & {
    readonly configuration: { readonly attributes?: readonly Origin[] };
    readonly saml: { readonly verification: { readonly valid: boolean } } | null;
    readonly tokens: Readonly<Record<string, { readonly claims: readonly Origin[] }>>;
  };
  /** Of a refusal. */
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

const TEST = '/api/actions/test';
const ALICE = { user_id: 'auth0|alice' };
const SAML = { protocol: 'samlp', client_id: 'sp', user: ALICE };
const OIDC = { protocol: 'oidc', client_id: 'app', user: ALICE, oidc: { audience: AUDIENCE } };
const SECRET = 'the-plain-secret-of-the-test';
const SHARED_KEY = new TextEncoder().encode(SECRET);

let server: TestServer;
/** All that the server answered. */
const answered: string[] = [];
beforeAll(async () => {
  server = await startTestServer({
    MINTMARK_ACTION_MODULES: fileURLToPath(new URL('../..', import.meta.url)),
  });
  await makeParties(server, ['alice']);
});
afterAll(() => server.close());
beforeEach(() => unbindAll(server));

const ask = async (body: object) => {
  const answer = await server.api<Tested>('POST', TEST, body);
  answered.push(JSON.stringify(answer.body));
  return answer;
};
const tried = async (login: object, action: object): Promise<Tested> => {
  const { status, body } = await ask({ ...login, action });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};
const handler = (body: string) => ({ code: codeOf(body) });

/** Every row of every table. */
async function everything(url = server.databaseUrl): Promise<Record<string, unknown>> {
  const dataSource = await openDataSource(url);
  const tables = await dataSource.query<{ name: string }[]>(
    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) => [name, await dataSource.query<unknown[]>(`SELECT * FROM "${name}"`)]),
  );
  await dataSource.destroy();
  return Object.fromEntries(rows) as Record<string, unknown>;
}

test('a draft is told what it did, and hands out a response that is really signed', async () => {
  const tested = await tried(
    SAML,
    handler(`console.log('for', event.user.email);
api.samlResponse.setAttribute('groups', ['admin', 'dev']);
api.samlResponse.setAudience('https://other.example.test');`),
  );
  expect(tested).toMatchObject({
    outcome: 'completed',
    status: 'completed',
    reason: null,
    console: [{ level: 'log', text: 'for alice@example.test' }],
    calls: [
      {
        call: 'api.samlResponse.setAttribute',
        args: ['groups', ['admin', 'dev']],
        line: 3,
        changed: { what: 'samlResponse.attributes.groups', from: null, to: ['admin', 'dev'] },
      },
      { call: 'api.samlResponse.setAudience', line: 4 },
    ],
    effects: {
      samlResponse: { audience: 'https://other.example.test', attributes: { groups: ['admin', 'dev'] } },
    },
    transaction: { status: 'completed', user_id: 'auth0|alice' },
  });
  expect(tested).not.toHaveProperty('failure');
  expect(tested.executions).toMatchObject([
    { action: 'action.js', version: null, handler: 'onExecutePostLogin', calls: tested.calls },
  ]);
  const xml = responseXmlOf(tested);
  expect(verifySignatures(xml, keyFile('saml-idp.crt.pem'))).toMatchObject([{ over: 'Assertion' }]);
  expect(xml).toContain('<saml:Audience>https://other.example.test</saml:Audience>');
  expect(tested.debug.saml?.verification.valid).toBe(true);
  expect(tested.debug.configuration.attributes).toContainEqual(
    expect.objectContaining({
      name: 'groups',
      layer: 'action',
      from: expect.stringContaining('action.js:3') as string,
    }),
  );
});

test('tokens are really signed, and each claim names the line that set it', async () => {
  const tested = await tried(OIDC, {
    file: 'grant.js',
    ...handler(`api.idToken.setCustomClaim('https://x.test/a', 1);
api.accessToken.setCustomClaim('https://x.test/b', ['2']).accessToken.addScope('read:all');`),
  });
  expect(tested.outcome).toBe('completed');
  const keys = createRemoteJWKSet(new URL(`${server.baseUrl}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(tested.result?.id_token ?? '', keys, { audience: 'app' });
  expect(payload).toMatchObject({ sub: 'auth0|alice', 'https://x.test/a': 1 });
  expect(accessTokenOf(tested)).toMatchObject({
    'https://x.test/b': ['2'],
    scope: 'openid profile email read:all',
  });
  expect(tested.effects).toEqual({
    idToken: { customClaims: { 'https://x.test/a': 1 } },
    accessToken: { customClaims: { 'https://x.test/b': ['2'] }, scopes: { 'read:all': true } },
  });
  const { id_token: idToken, access_token: accessToken } = tested.debug.tokens;
  expect(idToken?.claims).toContainEqual(
    expect.objectContaining({
      name: 'https://x.test/a',
      layer: 'action',
      from: expect.stringContaining('grant.js:2') as string,
    }),
  );
  expect(accessToken?.claims).toContainEqual(
    expect.objectContaining({
      name: 'https://x.test/b',
      layer: 'action',
      from: expect.stringContaining('grant.js:3') as string,
    }),
  );
});

test('a denial is an outcome, of which no setting counts', async () => {
  const tested = await tried(
    OIDC,
    handler(`api.idToken.setCustomClaim('https://x.test/a', 1);
api.user.setAppMetadata('asked', true);
api.access.deny('Not on Sundays.');`),
  );
  expect(tested).toMatchObject({
    outcome: 'denied',
    status: 'denied',
    reason: 'Not on Sundays.',
    error: 'access_denied',
    error_description: 'Not on Sundays.',
    result: null,
    effects: { user: { app_metadata: { asked: true } } },
  });
  expect(tested.effects).toEqual({ user: { app_metadata: { asked: true } } });
});

test('a redirect is an outcome, with the address', async () => {
  const tested = await tried(
    SAML,
    handler(`const token = api.redirect.encodeToken({ secret: event.secrets.SHARED, payload: { a: 1 } });
api.redirect.sendUserTo('https://page.example.test/ask', { query: { token } });`),
  );
  // no secret was given
  expect(tested).toMatchObject({ outcome: 'failed', failure: { line: 2 } });
  const mended = await tried(SAML, {
    ...handler(`const token = api.redirect.encodeToken({ secret: event.secrets.SHARED, payload: { a: 1 } });
api.redirect.sendUserTo('https://page.example.test/ask', { query: { token } });`),
    secrets: [{ name: 'SHARED', value: SECRET }],
  });
  expect(mended).toMatchObject({ outcome: 'redirected', status: 'suspended', result: null });
  const url = new URL(mended.redirect?.url ?? '');
  expect(url.origin + url.pathname).toBe('https://page.example.test/ask');
  const { payload } = await jwtVerify(url.searchParams.get('token') ?? '', SHARED_KEY);
  expect(payload).toMatchObject({ a: 1 });
  const { status } = await fetch(`${server.baseUrl}/continue?state=${url.searchParams.get('state') ?? ''}`);
  expect(status).toBe(400);
});

test('the way back is tried with the request that would come back', async () => {
  const code = `exports.onExecutePostLogin = async () => { throw new Error('not this one'); };
exports.onContinuePostLogin = async (event, api) => {
  const { terms } = api.redirect.validateToken({ secret: event.secrets.SHARED });
  api.idToken.setCustomClaim('https://x.test/terms', terms);
};`;
  const token = await new SignJWT({ state: 'abc', terms: 'v3' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('auth0|alice')
    .setIssuer('page.example.test')
    .setIssuedAt()
    .setExpirationTime('60 s')
    .sign(SHARED_KEY);
  const back = (state: string) =>
    tried(
      { ...OIDC, event: { request: { query: { state, session_token: token } } } },
      { code, handler: 'onContinuePostLogin', secrets: { SHARED: SECRET } },
    );
  const tested = await back('abc');
  expect(tested).toMatchObject({ outcome: 'completed', executions: [{ handler: 'onContinuePostLogin' }] });
  expect(idTokenOf(tested)).toMatchObject({ 'https://x.test/terms': 'v3' });
  expect(await back('other')).toMatchObject({
    outcome: 'failed',
    failure: {
      code: 'action_threw',
      detail: expect.stringContaining('does not match the /continue state') as string,
      line: 3,
    },
  });
});

test('what an Action threw is told with file, line and column', async () => {
  const tested = await tried(SAML, {
    file: 'roles.js',
    ...handler(`api.cache.set('a', 'b');
null.name;`),
  });
  expect(tested).toMatchObject({
    outcome: 'failed',
    status: 'failed',
    failure: {
      code: 'action_threw',
      name: 'TypeError',
      detail: "Cannot read properties of null (reading 'name')",
      file: 'roles.js',
      line: 3,
      column: 6,
      stack: expect.stringContaining('roles.js:3:6') as string,
    },
    calls: [{ call: 'api.cache.set' }],
    effects: {},
  });
});

test('of a login that fails after its Actions, what they wrote counts where the tenant keeps it', async () => {
  const keep = (isKept: boolean) =>
    server.api('PATCH', '/api/v2/tenants/settings', { keep_effects_of_failed_actions: isKept });
  const action = handler(`api.samlResponse.setAudience('https://other.example.test');
api.user.setUserMetadata('a', 1);
api.multifactor.enable('any');`);
  await keep(true);
  const kept = await tried(SAML, action);
  expect(kept).toMatchObject({
    outcome: 'failed',
    failure: {
      code: 'interaction_unavailable',
      cause: expect.stringMatching(/^api\.multifactor\.enable in the Action .*:\d+:\d+$/) as string,
    },
  });
  expect(kept.effects).toEqual({ user: { user_metadata: { a: 1 } } });
  await keep(false);
  expect((await tried(SAML, action)).effects).toEqual({});
});

test('what cannot be issued is a failure of the login, and none of the Action', async () => {
  const tested = await tried(
    SAML,
    handler(`api.samlResponse.setCert(${JSON.stringify(keyFile('saml-other.crt.pem'))});`),
  );
  expect(tested).toMatchObject({ outcome: 'failed', executions: [{ outcome: 'completed' }] });
  expect(tested.failure?.code).toMatch(/^saml_/);
  expect(tested.failure).not.toHaveProperty('line');
});

test('an Action without an end is ended at the time limit of the tenant', async () => {
  const settings = (seconds: number | null) =>
    server.api('PATCH', '/api/v2/tenants/settings', { actions_time_limit_in_seconds: seconds });
  await settings(0.5);
  const tested = await tried(
    SAML,
    handler(`console.log('before');
for (;;);`),
  );
  await settings(null);
  expect(tested).toMatchObject({
    outcome: 'failed',
    failure: { code: 'action_timed_out', file: 'action.js' },
    console: [{ text: 'before' }],
  });
});

test('an exchange of a client runs the trigger of its own', async () => {
  const exchange = {
    protocol: 'client_credentials',
    client_id: 'app',
    oidc: { audience: AUDIENCE },
    client_grant: { scope: ['read', 'write'] },
  };
  const tested = await tried(exchange, {
    trigger: 'credentials-exchange',
    code: codeOf(
      `api.accessToken.setCustomClaim('https://x.test/tier', event.client.metadata.tier);
api.transaction.setTargetScopes(['read', 'other']);`,
      'credentials-exchange',
    ),
  });
  expect(tested).toMatchObject({
    outcome: 'completed',
    executions: [{ handler: 'onExecuteCredentialsExchange' }],
    effects: { transaction: { target_scopes: ['read', 'other'] } },
  });
  expect(accessTokenOf(tested)).toMatchObject({ 'https://x.test/tier': 'gold', scope: 'read' });
  const denied = await tried(exchange, {
    code: codeOf(`api.access.deny('invalid_scope', 'no such');`, 'credentials-exchange'),
  });
  expect(denied).toMatchObject({ outcome: 'denied', error: 'invalid_scope', error_description: 'no such' });
});

test('the event of the body, and its clock, are what the Action sees', async () => {
  const tested = await tried(
    { ...SAML, now: '2026-01-31T12:00:00Z', seed: 's', event: { authorization: { roles: ['a'] } } },
    handler(`api.samlResponse.setAttribute('seen', [event.authorization.roles[0], event.client.client_id]);`),
  );
  expect(tested.effects).toEqual({ samlResponse: { attributes: { seen: ['a', 'sp'] } } });
  expect(responseXmlOf(tested)).toContain('IssueInstant="2026-01-31T12:00:00.000Z"');
});

test('nothing is stored, whatever the Action asks for', async () => {
  const greedy = `api.user.setUserMetadata('colour', 'blue').user.setAppMetadata('plan', 'gold');
api.cache.set('kept', 'value', { ttl: 60_000 });
api.samlResponse.setAttribute('count', [String(event.stats.logins_count)]);
api.authentication.recordMethod('https://page.example.test/mfa');`;
  const before = await everything();
  const tested = await tried(SAML, handler(greedy));
  expect(tested).toMatchObject({
    outcome: 'completed',
    effects: {
      user: { user_metadata: { colour: 'blue' }, app_metadata: { plan: 'gold' } },
      cache: { kept: { value: 'value' } },
      authentication: { methods: [{ url: 'https://page.example.test/mfa' }] },
    },
  });
  await tried(SAML, handler(`api.user.setUserMetadata('a', 1).access.deny('no');`));
  await tried(SAML, handler(`api.cache.set('b', 'c'); api.redirect.sendUserTo('https://a.example.test/');`));
  await tried(SAML, handler('oh.no();'));
  expect(await everything()).toEqual(before);
  expect(await server.api('GET', `/api/transactions/${tested.transaction.id}`)).toMatchObject({
    status: 404,
  });

  await deployAction(server, { name: 'Greedy', code: codeOf(greedy) });
  const real = await samlLogin(server, { user: ALICE });
  expect((await everything())['users']).not.toEqual(before['users']);
  // the login that was tried would have been this one
  const [seen] = (JSON.stringify(tested.effects).match(/"count":\["(\d+)"\]/) ?? []).slice(1);
  expect(responseXmlOf(real)).toContain(`>${seen}</saml:AttributeValue>`);
});

test('Actions that are bound do not run in a test', async () => {
  await deployAction(server, { name: 'Bound', code: codeOf("api.access.deny('bound');") });
  const tested = await tried(SAML, handler("api.samlResponse.setAttribute('a', 'b');"));
  expect(tested).toMatchObject({ outcome: 'completed', executions: [{ action: 'action.js' }] });
});

test('an Action that is stored is tried by name or id: its draft, or a version, with its secrets', async () => {
  const code = "api.samlResponse.setAttribute('a', [String(event.secrets.LEVEL === 'one two three')]);";
  const id = await deployAction(server, {
    name: 'Roles',
    code: codeOf(code),
    secrets: { LEVEL: 'one two three' },
  });
  await server.api('PATCH', `/api/v2/actions/actions/${id}`, { code: codeOf("api.access.deny('draft');") });
  expect(await tried(SAML, { name: 'Roles' })).toMatchObject({
    outcome: 'denied',
    executions: [{ action: 'Roles', file: 'Roles.js', version: null }],
  });
  expect(await tried(SAML, { id, version: 1 })).toMatchObject({
    outcome: 'completed',
    executions: [{ version: 1 }],
    effects: { samlResponse: { attributes: { a: ['true'] } } },
  });
  expect(await tried(SAML, { id, version: 1, secrets: { LEVEL: 'another one' } })).toMatchObject({
    effects: { samlResponse: { attributes: { a: ['false'] } } },
  });
});

test('an Action of the seed file is tried as its file says now, and is not deployed by that', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-action-tests-'));
  await mkdir(join(folder, 'actions'));
  const save = (body: string) => writeFile(join(folder, 'actions/roles.js'), codeOf(body));
  await save("api.access.deny('first');");
  await writeFile(
    join(folder, 'mintmark.yaml'),
    'actions:\n  - { name: Roles, trigger: post-login, code: actions/roles.js }\n',
  );
  const seeded = await startTestServer({ MINTMARK_SEED: join(folder, 'mintmark.yaml') });
  try {
    await makeParties(seeded, ['alice']);
    const trial = (action: object) => seeded.api<Tested>('POST', TEST, { ...SAML, action });
    expect((await trial({ name: 'Roles' })).body).toMatchObject({ reason: 'first' });
    const before = await everything(seeded.databaseUrl);
    await save("\napi.access.deny('second');");
    expect((await trial({ name: 'Roles' })).body).toMatchObject({ reason: 'second', calls: [{ line: 3 }] });
    await save('oh no');
    expect(await trial({ name: 'Roles' })).toMatchObject({
      status: 400,
      body: {
        code: 'action_code_invalid',
        detail: expect.stringContaining('actions/roles.js:2:4') as string,
        errors: [{ pointer: '/action' }],
      },
    });
    await rm(join(folder, 'actions/roles.js'));
    expect(await trial({ name: 'Roles' })).toMatchObject({
      status: 400,
      body: { code: 'action_code_invalid', errors: [{ pointer: '/action' }] },
    });
    expect(await everything(seeded.databaseUrl)).toEqual(before);
  } finally {
    await seeded.close();
    await rm(folder, { recursive: true });
  }
});

test('packages come from the folder of the operator', async () => {
  const requires = handler(`const { decode } = require('jsonwebtoken');
api.idToken.setCustomClaim('https://x.test/decoded', decode('e30.eyJhIjoxfQ.x'));`);
  const tested = await tried(OIDC, { ...requires, dependencies: { jsonwebtoken: 'latest' } });
  expect(idTokenOf(tested)).toMatchObject({ 'https://x.test/decoded': { a: 1 } });
  expect(await tried(OIDC, requires)).toMatchObject({ outcome: 'failed', failure: { line: 2 } });
  expect(
    await ask({
      ...OIDC,
      action: { ...requires, dependencies: [{ name: 'mint-missing', version: '1.0.0' }] },
    }),
  ).toMatchObject({
    status: 400,
    body: { code: 'package_missing', errors: [{ pointer: '/action/dependencies' }] },
  });
});

test('no answer shows a secret or a private key', async () => {
  const tested = await tried(
    { ...OIDC, event: { secrets: { OF_EVENT: `${SECRET}-of-event` } } },
    {
      ...handler(`console.log(event.secrets);
api.cache.set('kept', event.secrets.SHARED);
api.cache.set('other', event.secrets.OF_EVENT);
api.idToken.setCustomClaim('https://x.test/ok', true);`),
      secrets: { SHARED: SECRET },
    },
  );
  expect(tested).toMatchObject({
    outcome: 'completed',
    effects: { cache: { kept: { value: '(secret)' }, other: { value: '(secret)' } } },
  });
  const key = keyFile('saml-other.key.pem');
  const signed = await tried(
    SAML,
    handler(`api.samlResponse.setCert(${JSON.stringify(keyFile('saml-other.crt.pem'))});
api.samlResponse.setKey(${JSON.stringify(key)});`),
  );
  expect(signed).toMatchObject({ outcome: 'completed', effects: { samlResponse: { key: '(secret)' } } });
  expect(verifySignatures(responseXmlOf(signed), keyFile('saml-other.crt.pem'))).toHaveLength(1);
  const thrown = await tried(SAML, {
    ...handler('throw new Error(`not ${event.secrets.SHARED}`);'),
    secrets: { SHARED: SECRET },
  });
  expect(thrown).toMatchObject({ reason: 'not (secret)', failure: { detail: 'not (secret)' } });
  expect(answered.length).toBeGreaterThan(3);
  for (const answer of answered) {
    expect(answer).not.toContain(SECRET);
    expect(answer).not.toContain('PRIVATE KEY');
  }
});

test.each<[string, object, number, string, string]>([
  ['no Action', { action: undefined }, 400, 'invalid_body', '/action'],
  ['neither code nor a name', { action: {} }, 400, 'invalid_body', '/action/code'],
  ['code and a name', { action: { code: '', name: 'Roles' } }, 400, 'invalid_body', '/action/name'],
  ['a version of a draft', { action: { code: '', version: 1 } }, 400, 'invalid_body', '/action/version'],
  [
    'packages for what is stored',
    { action: { id: 'x', dependencies: {} } },
    400,
    'invalid_body',
    '/action/dependencies',
  ],
  ['a misspelt member', { action: { code: '', handlr: 'x' } }, 400, 'invalid_body', '/action/handlr'],
  [
    'a trigger that the protocol has not',
    { action: { code: '', trigger: 'credentials-exchange' } },
    400,
    'invalid_body',
    '/action/trigger',
  ],
  [
    'a handler of another trigger',
    { action: { code: '', handler: 'onExecuteCredentialsExchange' } },
    400,
    'invalid_body',
    '/action/handler',
  ],
  [
    'a secret that is no text',
    { action: { code: '', secrets: { A: 1 } } },
    400,
    'invalid_body',
    '/action/secrets/A',
  ],
  ['an unknown name', { action: { name: 'Nobody' } }, 404, 'action_not_found', '/action/name'],
  ['an unknown id', { action: { id: 'nothing' } }, 404, 'action_not_found', '/action/id'],
  [
    'code that is none',
    { action: { code: 'exports.a = () => {\n  oh no\n};' } },
    400,
    'action_code_invalid',
    '/action/code',
  ],
  ['an unknown client', { client_id: 'nobody' }, 404, 'client_not_found', '/client_id'],
  ['an unknown user', { user: { user_id: 'auth0|nobody' } }, 404, 'user_not_found', '/user/user_id'],
  ['no user', { user: undefined }, 400, 'user_missing', '/user'],
  ['complete', { complete: true }, 400, 'invalid_body', '/complete'],
  [
    'a wrong setting',
    { samlResponse: { lifetimeInSeconds: 'x' } },
    400,
    'invalid_body',
    '/samlResponse/lifetimeInSeconds',
  ],
])('%s is refused with the field at fault', async (_what, body, status, code, pointer) => {
  const answer = await ask({ ...SAML, action: { code: codeOf('') }, ...body });
  expect(answer).toMatchObject({ status, body: { code } });
  expect(answer.body.errors.map((error) => error.pointer)).toEqual([pointer]);
});

test('the refusal of broken code, and of an Action for another trigger, says where', async () => {
  const broken = await ask({ ...SAML, action: { code: 'x = {\n  ,\n};', file: 'roles.js' } });
  expect(broken.body.detail).toContain('roles.js:2:3: Unexpected token');
  await deployAction(server, { name: 'Roles', code: codeOf('') });
  const exchange = { protocol: 'client_credentials', client_id: 'app' };
  expect(await ask({ ...exchange, action: { name: 'Roles' } })).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/protocol' }] },
  });
  expect(await ask({ ...SAML, action: { name: 'Roles', version: 7 } })).toMatchObject({
    status: 404,
    body: { code: 'action_version_not_found', errors: [{ pointer: '/action/version' }] },
  });
});

test('an Action without the handler, and one that is empty, fail as they would in a login', async () => {
  for (const code of ['', 'exports.onExecutePreUserRegistration = async () => {};'])
    expect(await tried(SAML, { code })).toMatchObject({
      outcome: 'failed',
      failure: { code: 'action_unusable', file: 'action.js' },
    });
});

test('the description of the API has the test with its body', async () => {
  const { body } = await server.api<{ paths: Record<string, unknown> }>('GET', '/docs-json');
  expect(body.paths[TEST]).toMatchObject({
    post: {
      requestBody: {
        content: {
          'application/json': {
            schema: {
              required: expect.arrayContaining(['protocol', 'client_id', 'action']) as string[],
              properties: { action: { properties: { handler: { type: 'string' } } } },
            },
          },
        },
      },
    },
  });
});
