import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newTransaction } from '../login/new-transaction.js';
import type { AuthnRequest } from '../protocol/saml/authn-request.js';
import { BINDINGS } from '../protocol/saml/names.js';
import { clientBodySchema, type Client } from '../tenant/client.js';
import { noEffects, type Effects } from '../tenant/effects.js';
import type { Session } from '../tenant/session.js';
import type { RequestFacts, Transaction } from '../tenant/transaction.js';
import type { UserProfile } from '../tenant/user.js';
import { buildEvent } from './build-event.js';
import type { EventFacts } from './event-facts.js';

const AT = '2026-11-21T10:00:00.000Z';
const EARLIER = '2026-11-21T09:00:00.000Z';
const DATABASE = 'Username-Password-Authentication';

const ALICE: UserProfile = {
  user_id: 'auth0|alice',
  email: 'alice@example.test',
  email_verified: true,
  name: 'Alice',
  department: 'Engraving',
  identities: [{ provider: 'auth0', connection: DATABASE, user_id: 'alice', isSocial: false }],
  user_metadata: { theme: 'dark', nested: { a: 1 } },
  app_metadata: { plan: 'gold' },
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-02-01T00:00:00.000Z',
};

const CLIENT: Client = {
  ...clientBodySchema.parse({ name: 'The SP', client_metadata: { tier: 'one' } }),
  client_id: 'sp',
  client_secret: 'the secret of the client',
  created_at: EARLIER,
  updated_at: EARLIER,
};

const SESSION: Session = {
  id: 'session-1',
  userId: 'auth0|alice',
  createdAt: EARLIER,
  authenticatedAt: EARLIER,
  lastSeenAt: AT,
  expiresAt: '2026-11-24T09:00:00.000Z',
};

const AUTHN_REQUEST: AuthnRequest = {
  id: '_1',
  version: '2.0',
  issueInstant: AT,
  issuer: 'https://sp.example.test/metadata',
  signed: false,
  forceAuthn: false,
  isPassive: false,
  xml: '<samlp:AuthnRequest/>',
};

const REQUEST: RequestFacts = {
  ip: '192.0.2.7',
  method: 'GET',
  userAgent: 'Mozilla/5.0',
  language: 'de-CH,de;q=0.9',
  query: { ui_locales: 'de' },
  body: {},
};
const BACK: RequestFacts = {
  ip: '192.0.2.8',
  method: 'POST',
  query: { state: 'abc' },
  body: { session_token: 'jwt' },
};

interface Login extends Partial<Omit<EventFacts, 'transaction' | 'effects'>> {
  readonly by?: string;
  readonly returned?: boolean;
  readonly user?: UserProfile;
  readonly transaction?: Partial<Transaction>;
  readonly effects?: Partial<Effects>;
}

function factsOf({ by, returned, user = ALICE, transaction, effects, ...facts }: Login): EventFacts {
  return {
    trigger: 'post-login',
    transaction: newTransaction({
      id: 'txn_1',
      protocol: 'oidc',
      clientId: 'sp',
      createdAt: AT,
      authenticatedAt: AT,
      user,
      samlLayers: {},
      timeline: [
        { name: 'request.received', at: AT },
        { name: 'user.authenticated', at: AT, ...(by !== undefined && { detail: { by } }) },
        ...(returned ? [{ name: 'user.returned', at: AT }] : []),
      ],
      ...transaction,
    }),
    client: CLIENT,
    session: null,
    participants: [],
    effects: { ...noEffects(), ...effects },
    loginsCount: 3,
    tenantName: 'mintmark',
    hostname: 'idp.example.test',
    request: REQUEST,
    secrets: { KEY: 'value' },
    ...facts,
  };
}
const eventOf = (login: Login = {}): ReturnType<typeof buildEvent> => buildEvent(factsOf(login));

const samlLogin = ({ transaction, ...login }: Login = {}): Login => ({
  by: 'password',
  session: SESSION,
  ...login,
  transaction: {
    protocol: 'samlp',
    browser: { digest: null, sessionId: 'session-1', refusals: 0 },
    saml: {
      SAMLRequest: 'fVLB',
      RelayState: 'deep',
      authnRequest: AUTHN_REQUEST,
      binding: BINDINGS.httpRedirect,
      acsUrl: 'https://sp.example.test/acs',
    },
    ...transaction,
  },
});
const oidcLogin = ({ transaction, ...login }: Login = {}): Login => ({
  ...login,
  transaction: {
    oidc: { scope: 'openid  email', audience: 'https://api.example.test/' },
    ...transaction,
  },
});
const exchange = ({ transaction, ...login }: Login = {}): Login => ({
  trigger: 'credentials-exchange',
  request: {
    ip: '192.0.2.7',
    method: 'POST',
    userAgent: 'curl/8',
    query: {},
    body: {},
  },
  loginsCount: null,
  ...login,
  transaction: {
    protocol: 'client_credentials',
    user: null,
    authenticatedAt: null,
    timeline: [],
    oidc: { scope: 'read write', audience: 'https://api.example.test/' },
    ...transaction,
  },
});

test('a SAML login in a browser, whole', () => {
  expect(eventOf(samlLogin({ participants: ['sp', 'other'] }))).toStrictEqual({
    authentication: { methods: [{ name: 'pwd', timestamp: AT }] },
    client: { client_id: 'sp', name: 'The SP', metadata: { tier: 'one' } },
    connection: {
      id: expect.stringMatching(/^con_[0-9a-f]{16}$/) as string,
      name: DATABASE,
      strategy: 'auth0',
      metadata: {},
    },
    request: {
      ip: '192.0.2.7',
      method: 'GET',
      hostname: 'idp.example.test',
      geoip: {},
      user_agent: 'Mozilla/5.0',
      language: 'de',
      query: { ui_locales: 'de', SAMLRequest: 'fVLB', RelayState: 'deep' },
      body: {},
    },
    session: {
      id: 'session-1',
      user_id: 'auth0|alice',
      created_at: EARLIER,
      updated_at: AT,
      authenticated_at: EARLIER,
      last_interacted_at: AT,
      expires_at: '2026-11-24T09:00:00.000Z',
      clients: [{ client_id: 'sp' }, { client_id: 'other' }],
      cookie: { mode: 'persistent' },
      metadata: {},
    },
    stats: { logins_count: 3 },
    tenant: { id: 'mintmark' },
    transaction: { id: 'txn_1', protocol: 'samlp', metadata: {} },
    user: {
      ...ALICE,
      identities: [
        { provider: 'auth0', connection: DATABASE, user_id: 'alice', userId: 'alice', isSocial: false },
      ],
      enrolledFactors: [],
    },
    secrets: { KEY: 'value' },
    configuration: {},
  });
});

test('a login over REST has the protocol of a browser login, its scopes and its API, and no session', () => {
  const event = eventOf(oidcLogin());
  expect(event.transaction).toStrictEqual({
    id: 'txn_1',
    protocol: 'oidc-basic-profile',
    requested_scopes: ['openid', 'email'],
    metadata: {},
  });
  expect(event['resource_server']).toStrictEqual({ identifier: 'https://api.example.test/' });
  expect(event).not.toHaveProperty('session');
});

test('without an audience there is no resource server', () => {
  expect(eventOf(oidcLogin({ transaction: { oidc: { scope: 'openid' } } }))).not.toHaveProperty(
    'resource_server',
  );
  expect(eventOf(samlLogin())).not.toHaveProperty('resource_server');
});

test('a client_credentials exchange, whole', () => {
  expect(eventOf(exchange({ transaction: { clientGrant: { scope: ['read'] } } }))).toStrictEqual({
    accessToken: { customClaims: {}, scope: ['read'] },
    client: { client_id: 'sp', name: 'The SP', metadata: { tier: 'one' } },
    request: {
      ip: '192.0.2.7',
      method: 'POST',
      hostname: 'idp.example.test',
      geoip: {},
      user_agent: 'curl/8',
      body: {
        grant_type: 'client_credentials',
        client_id: 'sp',
        audience: 'https://api.example.test/',
        scope: 'read write',
      },
    },
    resource_server: { identifier: 'https://api.example.test/' },
    tenant: { id: 'mintmark' },
    transaction: { requested_scopes: ['read', 'write'], target_scopes: ['read'] },
    secrets: { KEY: 'value' },
    configuration: {},
  });
});

test('the body of an exchange is the token request that it stands for: without what was left out, and with what was sent', () => {
  const oidc = {
    scope: '',
    audience: 'https://default.example.test/',
    defaulted: ['scope', 'audience'],
  } as const;
  expect(eventOf(exchange({ transaction: { oidc } })).request.body).toEqual({
    grant_type: 'client_credentials',
    client_id: 'sp',
  });
  const request = {
    ...REQUEST,
    method: 'POST',
    body: { audience: 'https://sent.example.test/', tier: 'gold' },
  };
  expect(eventOf(exchange({ request })).request.body).toMatchObject(request.body);
});

test('target scopes begin with what was asked for where nothing limits the client', () => {
  expect(eventOf(exchange()).transaction?.target_scopes).toEqual(['read', 'write']);
});

test('target scopes that an Action changed count, over those that a test began with', () => {
  const event = { transaction: { target_scopes: ['of the test'] }, accessToken: { scope: ['of the test'] } };
  const transaction = { metadata: {}, targetScopes: [] };
  const begun = eventOf(exchange({ transaction: { event } }));
  const changed = eventOf(exchange({ transaction: { event }, effects: { transaction } }));
  expect(begun.transaction?.target_scopes).toEqual(['of the test']);
  expect(changed.transaction?.target_scopes).toEqual([]);
  expect(changed['accessToken']).toEqual({ customClaims: {}, scope: [] });
});

test('claims of the access token that are there by now are seen at the exchange', () => {
  const accessToken = { ...noEffects().accessToken, customClaims: { b: 2, c: 2 } };
  const begun = { customClaims: { a: 1, b: 1 }, scopes: {} };
  expect(
    eventOf(exchange({ transaction: { accessToken: begun }, effects: { accessToken } }))['accessToken'],
  ).toMatchObject({ customClaims: { a: 1, b: 2, c: 2 } });
});

test.each([
  ['password', 'pwd'],
  ['session', 'pwd'],
  ['one_click', 'mock'],
  ['auto_login', 'mock'],
  [undefined, 'mock'],
])('who was authenticated by %s did so by %s', (by, name) => {
  const login = by === undefined ? {} : { by };
  expect(eventOf(login)['authentication']).toEqual({ methods: [{ name, timestamp: AT }] });
});

test('whoever is known elsewhere comes from there', () => {
  const user: UserProfile = { user_id: 'google-oauth2|1' };
  const methods = (by: string): unknown => eventOf({ user, by })['authentication'];
  expect(methods('session')).toEqual({ methods: [{ name: 'federated', timestamp: AT }] });
  expect(methods('one_click')).toEqual({ methods: [{ name: 'federated', timestamp: AT }] });
  expect(methods('password')).toEqual({ methods: [{ name: 'pwd', timestamp: AT }] });
});

test('of several who authenticated the last counts', () => {
  const timeline = ['password', 'one_click'].map((by) => ({
    name: 'user.authenticated',
    at: AT,
    detail: { by },
  }));
  expect(eventOf({ transaction: { timeline } })['authentication']).toMatchObject({
    methods: [{ name: 'mock' }],
  });
});

const OTP = { name: 'https://otp.example.test', url: 'https://otp.example.test', timestamp: EARLIER };
const KEY = { name: 'https://key.example.test', url: 'https://key.example.test', timestamp: EARLIER };

test('methods that earlier logins recorded follow, and one recorded anew takes the place of its older one', () => {
  const session = { ...SESSION, details: { methods: [OTP, KEY], metadata: {} } };
  const login = samlLogin({ by: 'session', session });
  expect(eventOf(login)['authentication']).toEqual({ methods: [{ name: 'pwd', timestamp: AT }, OTP, KEY] });
  const anew = { ...OTP, timestamp: AT };
  expect(eventOf({ ...login, effects: { methods: [anew] } })['authentication']).toEqual({
    methods: [{ name: 'pwd', timestamp: AT }, KEY, anew],
  });
});

test('a session tells what Actions made of it', () => {
  const idleExpiresAt = Date.parse('2026-11-21T12:00:00.000Z');
  const details = { methods: [], metadata: { a: '1' }, cookieMode: 'non-persistent' as const, idleExpiresAt };
  expect(eventOf(samlLogin({ session: { ...SESSION, details } })).session).toMatchObject({
    metadata: { a: '1' },
    cookie: { mode: 'non-persistent' },
    idle_expires_at: '2026-11-21T12:00:00.000Z',
  });
});

test('a posted SAML message stands in the body, and one that the IdP began has its RelayState in the query', () => {
  const posted = {
    SAMLRequest: 'PHNh',
    RelayState: '',
    authnRequest: AUTHN_REQUEST,
    binding: BINDINGS.httpPost,
    acsUrl: null,
  };
  const request = { ...REQUEST, method: 'POST', body: { note: 'x' } };
  expect(eventOf(samlLogin({ request, transaction: { saml: posted } })).request).toMatchObject({
    query: { ui_locales: 'de' },
    body: { note: 'x', SAMLRequest: 'PHNh', RelayState: '' },
  });
  const idpInitiated = { RelayState: '/start', acsUrl: null };
  expect(eventOf(samlLogin({ transaction: { saml: idpInitiated } })).request).toMatchObject({
    query: { ui_locales: 'de', RelayState: '/start' },
    body: {},
  });
});

test('a SAML message that came over REST stands nowhere: no browser sent it', () => {
  const { transaction } = samlLogin();
  const { browser: _, ...rest } = transaction!;
  expect(eventOf({ transaction: rest }).request.query).toEqual({ ui_locales: 'de' });
});

test('after a redirect the request is the one that came back, and nothing of the first', () => {
  const event = { request: { ip: '198.51.100.1', method: 'PUT', query: { a: '1' }, body: { b: '2' } } };
  const { request } = eventOf(samlLogin({ returned: true, request: BACK, transaction: { event } }));
  expect(request).toStrictEqual({
    ip: '198.51.100.1',
    method: 'POST',
    hostname: 'idp.example.test',
    geoip: {},
    query: { state: 'abc' },
    body: { session_token: 'jwt' },
  });
});

test('after a redirect what was asked for before is still there', () => {
  const effects = {
    methods: [OTP],
    user: { userMetadata: { theme: null, seen: true }, appMetadata: { plan: 'lead' } },
    transaction: { metadata: { step: 2 }, targetScopes: null },
  };
  const event = eventOf(samlLogin({ returned: true, request: BACK, effects }));
  expect(event.user).toMatchObject({
    user_metadata: { nested: { a: 1 }, seen: true },
    app_metadata: { plan: 'lead' },
  });
  expect(event.user?.user_metadata).not.toHaveProperty('theme');
  expect(event.transaction?.metadata).toEqual({ step: 2 });
  expect(event['authentication']).toEqual({ methods: [{ name: 'pwd', timestamp: AT }, OTP] });
});

test('metadata merges by its top-level names: what is nested is replaced', () => {
  const user = { userMetadata: { nested: { b: 2 } }, appMetadata: {} };
  expect(eventOf({ effects: { user } }).user?.user_metadata).toEqual({ theme: 'dark', nested: { b: 2 } });
});

test.each([
  ['de-CH,de;q=0.9', 'de'],
  ['EN', 'en'],
  ['*, pt-BR;q=0.5', 'pt'],
  ['i-klingon, fr', 'fr'],
  ['*', undefined],
  ['', undefined],
  ['  ,;q=1', undefined],
])('of Accept-Language %j the language is %s', (language, expected) => {
  expect(eventOf({ request: { ...REQUEST, language } }).request['language']).toBe(expected);
});

test('what was not sent is absent', () => {
  const { request } = eventOf({ request: { ip: '::1', method: 'POST', query: {}, body: {} } });
  expect(Object.keys(request).toSorted()).toEqual(['body', 'geoip', 'hostname', 'ip', 'method', 'query']);
});

test('what a SAML request wishes of the login is told', () => {
  const authnRequest = { ...AUTHN_REQUEST, isPassive: true, subject: { nameId: 'alice' } };
  const saml = { SAMLRequest: 'x', authnRequest, binding: BINDINGS.httpRedirect, acsUrl: null };
  expect(eventOf(samlLogin({ transaction: { saml } })).transaction).toMatchObject({
    prompt: ['none'],
    login_hint: 'alice',
  });
});

test('a profile given with the transaction has what every user has', () => {
  const { user } = eventOf({ user: { user_id: 'auth0|x' } });
  expect(user).toStrictEqual({
    user_id: 'auth0|x',
    created_at: AT,
    updated_at: AT,
    email_verified: false,
    user_metadata: {},
    app_metadata: {},
    identities: [],
    enrolledFactors: [],
  });
});

test('it is as old as its transaction says that it is', () => {
  const now = '2030-01-01T00:00:00.000Z';
  expect(eventOf({ user: { user_id: 'auth0|x' }, transaction: { now } }).user).toMatchObject({
    created_at: now,
    updated_at: now,
  });
});

test('shows no password, no hash of one, and no token of a provider', () => {
  const event = eventOf({
    user: {
      user_id: 'github|1',
      password: 'hunter2',
      password_hash: '$scrypt$',
      identities: [
        { provider: 'github', connection: 'github', user_id: 1, isSocial: true, access_token: 'gho_1' },
      ],
    },
  });
  expect(JSON.stringify(event)).not.toMatch(/hunter2|scrypt|gho_1|the secret of the client/);
  expect(event.user?.['identities']).toEqual([
    { provider: 'github', connection: 'github', user_id: 1, userId: 1, isSocial: true },
  ]);
});

test('multifactor and enrolled factors are those of the profile', () => {
  const user = { user_id: 'auth0|x', multifactor: ['guardian'], enrolledFactors: [{ type: 'otp' }] };
  expect(eventOf({ user }).user).toMatchObject({
    multifactor: ['guardian'],
    enrolledFactors: [{ type: 'otp' }],
  });
  expect(eventOf().user).not.toHaveProperty('multifactor');
});

test.each([
  [{ user_id: 'auth0|x' }, DATABASE, 'auth0'],
  [{ user_id: 'google-oauth2|1' }, 'google-oauth2', 'google-oauth2'],
  [{ nickname: 'nobody' }, DATABASE, 'auth0'],
  [
    {
      user_id: 'ad|1',
      identities: [{ provider: 'ad', connection: 'corp', user_id: '1', isSocial: false }],
    },
    'corp',
    'ad',
  ],
])('the connection of %j is %s', (user, name, strategy) => {
  expect(eventOf({ user })['connection']).toMatchObject({ name, strategy, metadata: {} });
});

test('a connection has the same id in every event, and another than others', () => {
  const idOf = (user: UserProfile): unknown => (eventOf({ user })['connection'] as { id: string }).id;
  expect(idOf({ user_id: 'auth0|x' })).toBe(idOf(ALICE));
  expect(idOf({ user_id: 'github|x' })).not.toBe(idOf(ALICE));
});

test('a client that was deleted is left its id, and a login that nobody counts is the first', () => {
  const event = eventOf({ client: null, loginsCount: null });
  expect(event['client']).toEqual({ client_id: 'sp', name: 'sp', metadata: {} });
  expect(event['stats']).toEqual({ logins_count: 1 });
});

test('the event of a test lies over the computed one', () => {
  const event = {
    request: { ip: '203.0.113.9', geoip: { countryCode: 'CH' }, language: null },
    organization: { id: 'org_1' },
    user: { app_metadata: { plan: null, roles: ['x'] }, identities: [] },
    authorization: { roles: ['admin'] },
    stats: { logins_count: 1 },
    secrets: { KEY: 'of the test', OTHER: 'x' },
  };
  const built = eventOf(samlLogin({ transaction: { event } }));
  expect(built).toMatchObject({
    request: { ip: '203.0.113.9', hostname: 'idp.example.test', geoip: { countryCode: 'CH' } },
    organization: { id: 'org_1' },
    authorization: { roles: ['admin'] },
    stats: { logins_count: 1 },
    secrets: { KEY: 'of the test', OTHER: 'x' },
  });
  expect(built.request).not.toHaveProperty('language');
  expect(built.user?.app_metadata).toEqual({ roles: ['x'] });
  expect(built.user?.['identities']).toEqual([]);
});

test('what Actions asked for is newer than what a test began with', () => {
  const event = {
    transaction: { metadata: { a: 'test', b: 'test' } },
    user: { user_metadata: { a: 'test', b: 'test' } },
    session: { metadata: { a: 'test' }, cookie: { mode: 'persistent', kept: 1 } },
    refresh_token: { id: 'rt_1', metadata: { a: 'test' } },
  };
  const built = eventOf({
    transaction: { event },
    effects: {
      transaction: { metadata: { a: 'action' }, targetScopes: ['x'] },
      user: { userMetadata: { a: 'action' }, appMetadata: {} },
      session: { metadata: { b: 'action' }, cookieMode: 'non-persistent' },
      refreshToken: { metadata: {} },
    },
  });
  expect(built.transaction).toMatchObject({ metadata: { a: 'action', b: 'test' }, target_scopes: ['x'] });
  expect(built.user?.user_metadata).toMatchObject({ a: 'action', b: 'test' });
  expect(built.session).toEqual({
    metadata: { b: 'action' },
    cookie: { mode: 'non-persistent', kept: 1 },
  });
  expect(built.refresh_token).toEqual({ id: 'rt_1', metadata: {} });
});

test('what is kept for a session or a refresh token that is not there makes none', () => {
  const built = eventOf({
    effects: {
      session: { metadata: { a: '1' }, cookieMode: 'persistent' },
      refreshToken: { metadata: { a: '1' } },
    },
  });
  expect(built).not.toHaveProperty('session');
  expect(built).not.toHaveProperty('refresh_token');
});

test('objects that are always there cannot be taken away', () => {
  const nothing = { request: null, user: null, transaction: 5, client: { metadata: 'x' }, secrets: [] };
  expect(eventOf({ transaction: { event: nothing } })).toMatchObject({
    request: { query: {}, body: {}, geoip: {} },
    user: { user_metadata: {}, app_metadata: {}, identities: [] },
    transaction: { metadata: {} },
    client: { metadata: {} },
    secrets: {},
  });
  const scalars = { request: { query: 1 }, user: { identities: 'x', user_metadata: [] } };
  expect(eventOf({ transaction: { event: scalars } })).toMatchObject({
    request: { query: {} },
    user: { identities: [], user_metadata: {} },
  });
  expect(
    eventOf(exchange({ transaction: { event: { accessToken: null, transaction: null } } })),
  ).toMatchObject({
    accessToken: { customClaims: {}, scope: [] },
    transaction: { requested_scopes: [] },
  });
});

test('is a copy: whoever writes on it changes nothing that it was made of', () => {
  const facts = factsOf(samlLogin());
  const before = JSON.stringify(facts);
  const event = buildEvent(facts) as unknown as Record<string, Record<string, Record<string, unknown>>>;
  event['user']!['user_metadata']!['theme'] = 'light';
  event['client']!['metadata']!['tier'] = 'two';
  expect(JSON.stringify(facts)).toBe(before);
});

const anything = fc.oneof(
  fc.object({
    maxDepth: 4,
    key: fc.constantFrom(
      'request',
      'user',
      'session',
      'transaction',
      'metadata',
      'constructor',
      '__proto__',
      'a',
    ),
  }),
  fc
    .jsonValue()
    .map((value) => ({ request: value, user: { user_metadata: value }, session: value, transaction: value })),
  fc.dictionary(
    fc.constantFrom('request', 'user', 'client', 'transaction', 'session', 'authentication'),
    fc.jsonValue(),
  ),
);

test('whatever a test gives, the event is plain JSON with its objects, and no prototype changes', () => {
  fc.assert(
    fc.property(anything, fc.constantFrom(samlLogin, oidcLogin, exchange), (given, login) => {
      const event = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
      const effects = {
        methods: [OTP],
        session: { metadata: { a: '1' } },
        user: {
          userMetadata: JSON.parse('{"__proto__": {"polluted": 1}}') as Record<string, unknown>,
          appMetadata: {},
        },
      };
      const built = eventOf(login({ transaction: { event }, effects }));
      expect(isDeepStrictEqual(JSON.parse(JSON.stringify(built)), built)).toBe(true);
      expect(JSON.stringify(built)).not.toContain('__proto__');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect(Object.getPrototypeOf(built)).toBe(Object.prototype);
      expect(built.request['geoip']).toBeTypeOf('object');
      expect(built.request.body).toBeTypeOf('object');
    }),
  );
});
