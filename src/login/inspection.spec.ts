import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { jwtCertificate, jwtKeys, otherKey, published } from '../../test/support/jwt-keys.js';
import { KEYS, NOW, testKey } from '../../test/support/login-context.js';
import { jwksOf } from '../protocol/jwt/jwks.js';
import { der } from '../protocol/saml/key-pairs.js';
import { SETTINGS, type SamlSettings, type SettingName } from '../protocol/saml/settings.js';
import type { Verification } from '../protocol/verification.js';
import { clientBodySchema } from '../tenant/client.js';
import { tenantSettingsSchema } from '../tenant/tenant-settings.js';
import type { Transaction } from '../tenant/transaction.js';
import { advance, deny } from './advance.js';
import { begin } from './begin.js';
import type { Circumstances } from './circumstances.js';
import type { InspectedTenant } from './inspected-tenant.js';
import { inspect, type Inspection } from './inspection.js';
import type { OidcConfigurationView } from './oidc-configuration-view.js';
import { PairReader } from './pair-reader.js';
import type { SamlConfigurationView } from './saml-configuration-view.js';
import { transactionBodySchema } from './transaction-body.js';

const ACS = 'https://sp.example.test/acs';
const ISSUER = 'http://idp.example.test/';
const settings = tenantSettingsSchema.parse({});
const pairs = new PairReader(1024);
const circumstances: Circumstances = {
  tenant: {
    settings,
    triggers: { 'post-login': [], 'credentials-exchange': [] },
    triggersFault: null,
    issuer: ISSUER,
    samlKey: {
      kid: jwtKeys.RS256.kid,
      privateKey: jwtKeys.RS256.privateKey,
      certificate: der(new X509Certificate(jwtCertificate)),
    },
    jwtKeys,
  },
  at: NOW,
  runActions: async (transaction) => ({ ...transaction, actions: null }),
  authorizations: {
    apiAt: async () => null,
    permissionsAt: async () => null,
    isMember: async () => true,
  },
  clock: () => NOW,
  random: randomBytes,
  wasRevoked: () => Promise.resolve(false),
  ...pairs.ofConfiguration,
  readCertificate: pairs.readCertificate,
};
const tenant: InspectedTenant = {
  entityId: 'urn:auth0:mintmark',
  unmappedClaimPrefix: settings.unmapped_claim_prefix,
  issuer: ISSUER,
  accessTokenLifetimeInSeconds: 86_400,
  jwks: jwksOf(published),
  certificates: [{ kid: jwtKeys.RS256.kid, pem: jwtCertificate }],
};

interface Login {
  readonly body?: Record<string, unknown>;
  readonly client?: SamlSettings;
  readonly action?: Transaction['samlLayers']['action'];
  readonly defaultAudience?: string;
}
const ALICE = { user_id: 'auth0|alice', email: 'alice@example.test', name: 'Alice', department: 'Engraving' };

function pending({ body = {}, client = {}, action, defaultAudience }: Login = {}): Transaction {
  const parsed = transactionBodySchema.parse({ protocol: 'samlp', client_id: 'sp', user: ALICE, ...body });
  const transaction = begin({
    body: parsed,
    client: {
      ...clientBodySchema.parse({ name: 'SP', callbacks: [ACS], addons: { samlp: client } }),
      client_id: 'sp',
      client_secret: 'a secret of the client',
      created_at: NOW.toISOString(),
      updated_at: NOW.toISOString(),
    },
    user: parsed.user ?? null,
    id: 'txn_1',
    at: NOW,
    endpoints: [],
    defaultAudience,
    rules: { minimumRsaBits: 1024 },
    readers: pairs.readers,
  });
  return action ? { ...transaction, samlLayers: { ...transaction.samlLayers, action } } : transaction;
}
const completed = (login: Login = {}): Promise<Transaction> => advance(pending(login), circumstances);

const samlOf = ({ configuration }: Inspection): SamlConfigurationView =>
  configuration as SamlConfigurationView;
const oidcOf = ({ configuration }: Inspection): OidcConfigurationView =>
  configuration as OidcConfigurationView;
const firstFailure = ({ steps }: Verification): string | undefined =>
  steps.find(({ status }) => status === 'fail')?.name;

const authnRequest = (attributes = ''): string =>
  Buffer.from(
    `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_q1" Version="2.0" IssueInstant="2026-11-21T09:59:00Z"${attributes}><saml:Issuer>https://sp.example.test/metadata</saml:Issuer><samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></samlp:RequestedAuthnContext></samlp:AuthnRequest>`,
  ).toString('base64');

test('names the layer of every setting, and what the layers before it had said', async () => {
  const inspection = await inspect(
    await completed({
      client: { audience: 'urn:client', issuer: 'urn:client-idp', lifetimeInSeconds: 60 },
      body: { samlResponse: { audience: 'urn:transaction', lifetimeInSeconds: 120 } },
      action: { settings: { audience: 'urn:action' }, attributes: [] },
    }),
    tenant,
  );
  const view = samlOf(inspection).settings;
  expect(Object.keys(view)).toEqual(Object.keys(SETTINGS));
  expect(view.audience).toMatchObject({
    value: 'urn:action',
    layer: 'action',
    setter: 'setAudience',
    effect: 'Conditions/AudienceRestriction/Audience',
    overrides: [
      { layer: 'transaction', value: 'urn:transaction' },
      { layer: 'client', value: 'urn:client' },
    ],
  });
  expect(view.lifetimeInSeconds).toMatchObject({
    value: 120,
    layer: 'transaction',
    overrides: [{ layer: 'client', value: 60 }],
  });
  expect(view.issuer).toEqual({
    value: 'urn:client-idp',
    layer: 'client',
    setter: 'setIssuer',
    effect: SETTINGS.issuer.effect,
  });
  expect(view.signBoth).toEqual({
    value: false,
    layer: 'default',
    setter: null,
    effect: SETTINGS.signBoth.effect,
  });
  expect(inspection.saml?.summary).toMatchObject({ audience: 'urn:action', issuer: 'urn:client-idp' });
});

test('says what a default came to, and what it was taken from, without a request', async () => {
  const inspection = await inspect(await completed(), tenant);
  const { settings: view } = samlOf(inspection);
  const told = (name: SettingName): unknown => [view[name].value, view[name].layer, view[name].from];
  expect(told('audience')).toEqual([
    ACS,
    'default',
    'the client’s first callback URL: there is no AuthnRequest',
  ]);
  expect(told('recipient')).toEqual([ACS, 'default', 'the ACS URL: the client’s first callback URL']);
  expect(told('destination')).toEqual([ACS, 'default', 'the ACS URL: the client’s first callback URL']);
  expect(told('issuer')).toEqual(['urn:auth0:mintmark', 'default', 'the tenant’s entity_id']);
  expect(told('relayState')).toEqual([null, 'default', 'the request has none']);
  expect(told('cert')).toEqual([jwtCertificate, 'default', 'the tenant’s certificate']);
  expect(told('key')).toEqual(['(secret)', 'default', 'the tenant’s key']);
  expect(told('encryptionCert')).toEqual([null, 'default', 'no encryption']);
  expect(view.cert.certificate).toMatchObject({
    fingerprint: new X509Certificate(jwtCertificate).fingerprint256.replaceAll(':', '').toLowerCase(),
  });
  expect(inspection.saml?.summary).toMatchObject({ audience: ACS, recipient: ACS, destination: ACS });
});

test('and with one', async () => {
  const other = 'https://sp.example.test/other-acs';
  const transaction = pending({
    client: { echoRequestedAuthnContext: true },
    body: {
      saml: { SAMLRequest: authnRequest(` AssertionConsumerServiceURL="${ACS}"`), RelayState: 'deep' },
    },
  });
  const inspection = await inspect(await advance(transaction, circumstances), tenant);
  const view = samlOf(inspection).settings;
  expect(view.audience).toMatchObject({
    value: 'https://sp.example.test/metadata',
    layer: 'default',
    from: 'Issuer of the AuthnRequest',
  });
  expect(view.recipient.from).toBe('the ACS URL: AssertionConsumerServiceURL of the AuthnRequest');
  expect(view.relayState).toMatchObject({ value: 'deep', from: 'RelayState of the request' });
  expect(view.authnContextClassRef).toMatchObject({
    value: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
    layer: 'default',
    from: 'RequestedAuthnContext of the AuthnRequest',
  });
  expect(inspection.request).toMatchObject({
    RelayState: 'deep',
    authnRequest: { id: '_q1', issuer: 'https://sp.example.test/metadata' },
  });
  expect(inspection.saml?.summary).toMatchObject({
    inResponseTo: '_q1',
    audience: 'https://sp.example.test/metadata',
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
  });
  expect(inspection.saml?.verification.valid).toBe(true);
  expect(JSON.stringify(inspection)).not.toContain(other);
});

test('names the source of every attribute and of the NameID', async () => {
  const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
  const inspection = await inspect(
    await completed({
      client: { nameIdentifierProbes: [`${claims}emailaddress`] },
      body: {
        user: { ...ALICE, identities: [{ provider: 'auth0', user_id: 'alice', connection: 'db' }] },
        samlResponse: { attributes: { role: ['admin', 'user'], level: 3, [`${claims}name`]: null } },
      },
      action: { settings: {}, attributes: [{ name: 'level', value: 4 }] },
    }),
    tenant,
  );
  const { attributes, leftOut, nameId } = samlOf(inspection);
  const told = Object.fromEntries(
    attributes.map(({ name, layer, from, values }) => [
      name,
      [layer, from, values.map(({ value }) => value)],
    ]),
  );
  expect(told).toMatchObject({
    [`${claims}emailaddress`]: ['default', 'profile.email', ['alice@example.test']],
    [`${claims}upn`]: ['default', 'profile.email', ['alice@example.test']],
    'http://schema.auth0.com/identities/default/provider': ['default', 'identities[0].provider', ['auth0']],
    'http://schema.auth0.com/department': ['default', 'profile.department', ['Engraving']],
    role: ['transaction', 'setAttribute', ['admin', 'user']],
    level: ['action', 'setAttribute', ['4']],
  });
  expect(attributes.find(({ name }) => name === 'level')).toMatchObject({
    nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    values: [{ value: '4', type: 'xs:double' }],
  });
  expect(leftOut).toEqual([{ name: `${claims}name`, layer: 'transaction' }]);
  expect(nameId).toMatchObject({
    value: 'alice@example.test',
    probe: `${claims}emailaddress`,
    from: 'profile.email',
    layer: 'client',
  });
  expect(attributes.map(({ name }) => name)).toEqual(
    inspection.saml?.summary.attributes.map(({ name }) => name),
  );
});

test('what was sent is shown even where the tenant has changed since', async () => {
  const { configuration } = await inspect(await completed(), {
    ...tenant,
    entityId: 'urn:renamed',
    unmappedClaimPrefix: 'urn:changed:',
  });
  const view = configuration as SamlConfigurationView;
  expect(view.settings.issuer.value).toBe('urn:auth0:mintmark');
  expect(view.attributes.find(({ name }) => name.endsWith('/department'))).toMatchObject({
    layer: null,
    from: expect.stringContaining('unmapped_claim_prefix') as string,
  });
});

test('of a pending transaction it shows what would be', async () => {
  const inspection = await inspect(pending({ body: { samlResponse: { attributes: { a: 'b' } } } }), tenant);
  expect(inspection.saml).toBeNull();
  expect(samlOf(inspection).nameId.value).toBe('auth0|alice');
  expect(samlOf(inspection).attributes).toContainEqual({
    name: 'a',
    nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    values: [{ value: 'b', type: 'xs:string' }],
    layer: 'transaction',
    from: 'setAttribute',
  });
});

const secretLines = (pem: string): string[] => {
  const lines = pem.split('\n').filter((line) => line.length === 64);
  expect(lines.length).toBeGreaterThan(10);
  return lines;
};

test('no private key is ever shown, whatever field it stands in', async () => {
  const { cert, key } = KEYS.other;
  const inClient = pending({ client: { cert, key } });
  const inBody = pending({
    client: { cert: KEYS.idp.cert, key: KEYS.idp.key },
    body: { samlResponse: { cert, key } },
  });
  const misplaced = pending({
    client: { cert: key, key: cert },
    body: { saml: { RelayState: key }, event: { note: key } },
  });
  for (const transaction of [inClient, inBody, misplaced])
    for (const at of [transaction, await advance(transaction, circumstances)]) {
      const shown = JSON.stringify(await inspect(at, tenant));
      for (const line of [...secretLines(key), ...secretLines(KEYS.idp.key)])
        expect(shown).not.toContain(line);
      expect(shown).not.toContain('PRIVATE KEY-----');
      expect(shown).toContain('(secret)');
    }
  const view = samlOf(await inspect(inBody, tenant)).settings;
  expect(view.key).toMatchObject({
    value: '(secret)',
    layer: 'transaction',
    overrides: [{ value: '(secret)' }],
  });
  expect(view.cert.certificate?.subject).toBe(new X509Certificate(cert).subject);
});

test('nor a secret that is no key at all', async () => {
  const transaction = pending({ client: { cert: KEYS.other.cert, key: 'hunter2' } });
  for (const at of [transaction, await advance(transaction, circumstances)])
    expect(JSON.stringify(await inspect(at, tenant))).not.toContain('hunter2');
});

test('verifies with the certificate that was brought along', async () => {
  const transaction = await completed({ body: { samlResponse: KEYS.other } });
  const { saml, signedWith } = await inspect(transaction, tenant);
  expect(saml?.verification.valid).toBe(true);
  expect(signedWith).toMatch(/^certificate /);
});

test('verifies with the key that signed, although another is current by now', async () => {
  const transaction = await completed();
  const current = { kid: 'another', pem: testKey('saml-idp.crt') };
  const rotated = { ...tenant, certificates: [current, ...tenant.certificates] };
  const { saml, configuration } = await inspect(transaction, rotated);
  expect(saml?.verification.valid).toBe(true);
  expect((configuration as SamlConfigurationView).settings.cert.value).toBe(jwtCertificate);
  const mixedUp = [
    { kid: transaction.signedWith!, pem: testKey('saml-idp.crt') },
    { kid: 'another', pem: jwtCertificate },
  ];
  const other = await inspect(transaction, { ...tenant, certificates: mixedUp });
  expect(firstFailure(other.saml!.verification)).toBe('key');
  const gone = await inspect(transaction, { ...tenant, certificates: [current] });
  expect(firstFailure(gone.saml!.verification)).toBe('key');
});

test.each([
  ['signed, then encrypted', {}, undefined],
  ['encrypted, the response signed', { signResponse: true }, 'Response'],
  ['both', { signBoth: true }, 'Response'],
])(
  '%s: the wire as far as it can be read, then the kept assertion, and it says so',
  async (_, more, outer) => {
    const samlResponse = { ...more, encryptionCert: KEYS.sp.cert, encryptionPublicKey: KEYS.sp.publicKey };
    const transaction = await completed({ body: { samlResponse } });
    const { saml } = await inspect(transaction, tenant);
    expect(saml?.summary.encrypted).toBe(true);
    expect(saml?.assertionXml).toBe(transaction.assertionXml);
    expect(saml?.verification.valid).toBe(true);
    const decryption = saml?.verification.steps.find(({ name }) => name === 'decryption');
    expect(decryption).toMatchObject({ status: 'skipped', data: { readInstead: 'assertionXml' } });
    expect(decryption?.detail).toContain('not the wire');
    const digests = saml?.verification.steps.filter(({ name }) => name === 'digest');
    expect(digests?.[0]?.data?.['signed']).toBe(outer ?? 'Assertion');
    expect(digests?.every(({ status }) => status === 'pass')).toBe(true);
  },
);

test('an assertion that was never valid fails at its conditions, on the clock of its issue', async () => {
  const { saml } = await inspect(
    await completed({ body: { samlResponse: { lifetimeInSeconds: -60 } } }),
    tenant,
  );
  expect(firstFailure(saml!.verification)).toBe('conditions');
  const past = await inspect(await completed({ body: { now: '2020-02-29T12:00:00Z' } }), tenant);
  expect(past.saml?.verification.valid).toBe(true);
  expect(past.saml?.summary.conditions.notBefore).toBe('2020-02-29T12:00:00.000Z');
});

test('of a failed login it shows the true cause, and the error Response that the SP got', async () => {
  const transaction = await completed({ body: { user: { nickname: 'nobody' } } });
  const inspection = await inspect(transaction, tenant);
  expect(inspection.failure).toMatchObject({ code: 'saml_no_name_id' });
  expect(inspection.reason).toContain('none of the probes');
  expect(samlOf(inspection).nameId).toMatchObject({ value: null, reason: expect.any(String) as string });
  expect(inspection.saml?.assertionXml).toBeNull();
  expect(firstFailure(inspection.saml!.verification)).toBe('status');
  expect(inspection.saml?.summary.status.code).toBe('urn:oasis:names:tc:SAML:2.0:status:Responder');
});

test('a signed error Response is verified as far as it is signed', async () => {
  const own = deny(pending({ client: { ...KEYS.other, signErrors: true } }), 'No.', circumstances);
  const tenants = deny(pending({ client: { signErrors: true } }), 'No.', circumstances);
  for (const transaction of [own, tenants]) {
    const { saml } = await inspect(transaction, tenant);
    expect(firstFailure(saml!.verification)).toBe('status');
    expect(saml?.verification.steps.filter(({ status }) => status === 'fail')).toHaveLength(1);
    expect(saml?.verification.steps.find(({ name }) => name === 'signature_value')).toMatchObject({
      status: 'pass',
      data: { signed: 'Response' },
    });
  }
});

test('half a pair is said to be half, and no key of the tenant stands in for it', async () => {
  const { configuration, failure } = await inspect(
    await completed({ client: { cert: KEYS.other.cert } }),
    tenant,
  );
  expect(failure?.code).toBe('saml_key_pair_incomplete');
  expect((configuration as SamlConfigurationView).settings.key).toMatchObject({
    value: null,
    layer: 'default',
    from: 'missing, while cert is set',
  });
});

const OIDC = {
  protocol: 'oidc',
  oidc: { audience: 'https://api.example.test/', nonce: 'n-1' },
  idToken: { customClaims: { 'https://example.test/roles': ['a'], iss: 'forged' } },
  accessToken: { customClaims: { plan: 'gold' }, scopes: { 'read:all': true, email: false } },
};

test('takes tokens apart and says where each claim came from', async () => {
  const inspection = await inspect(await completed({ body: OIDC }), tenant);
  const { id_token: idToken, access_token: accessToken } = inspection.tokens;
  if (!idToken || !accessToken || accessToken.jwt === null) throw new Error('there are no two JWTs');
  expect(idToken.verification.valid).toBe(true);
  expect(accessToken.verification.valid).toBe(true);
  expect(idToken.header).toMatchObject({ alg: 'RS256', kid: jwtKeys.RS256.kid });
  expect(idToken.payload).toMatchObject({ iss: ISSUER, sub: 'auth0|alice', nonce: 'n-1' });
  const told = (claims: typeof idToken.claims): unknown =>
    Object.fromEntries(claims.map(({ name, layer, from }) => [name, [layer, from]]));
  expect(told(idToken.claims)).toMatchObject({
    iss: ['default', 'the server’s base URL'],
    aud: ['default', 'client_id'],
    exp: ['client', 'iat and jwt_configuration.lifetime_in_seconds'],
    nonce: ['transaction', 'oidc.nonce'],
    name: ['default', 'profile.name, let in by the scope profile'],
    'https://example.test/roles': ['transaction', 'idToken.setCustomClaim'],
  });
  expect(told(accessToken.claims)).toMatchObject({
    aud: ['transaction', 'oidc.audience'],
    scope: ['transaction', 'oidc.scope and accessToken.scopes'],
    plan: ['transaction', 'accessToken.setCustomClaim'],
  });
  expect(inspection.droppedClaims).toEqual([
    { token: 'id_token', claim: 'iss', reason: expect.stringContaining('restricted') as string },
  ]);
  expect(oidcOf(inspection).settings['audience']).toMatchObject({ layer: 'transaction' });
  expect(oidcOf(inspection).scopes).toContainEqual({
    scope: 'email',
    granted: false,
    layer: 'transaction',
    from: 'accessToken.scopes',
  });
  expect(inspection.saml).toBeNull();
});

test('custom claims of an ID token that was not issued are dropped, and the scope that is missing is named', async () => {
  const transaction = await completed({ body: { ...OIDC, oidc: { ...OIDC.oidc, scope: 'read:all' } } });
  const { droppedClaims, tokens } = await inspect(transaction, tenant);
  expect(tokens.id_token).toBeUndefined();
  expect(droppedClaims.map(({ token, claim }) => [token, claim])).toEqual([
    ['id_token', 'https://example.test/roles'],
    ['id_token', 'iss'],
  ]);
  for (const { reason } of droppedClaims) expect(reason).toContain('openid');
});

test('an audience and a scope that the request left out are defaults, and those it named are not, even where they are the same', async () => {
  const defaultAudience = OIDC.oidc.audience;
  const layers = async (oidc?: Record<string, unknown>): Promise<unknown> => {
    const inspection = await inspect(
      await completed({ body: { protocol: 'oidc', oidc }, defaultAudience }),
      tenant,
    );
    const { scope, audience } = oidcOf(inspection).settings;
    const accessToken = inspection.tokens.access_token;
    const aud =
      accessToken && 'claims' in accessToken && accessToken.claims.find(({ name }) => name === 'aud');
    return [scope?.value, scope?.layer, audience?.value, audience?.layer, aud && aud.layer];
  };
  expect(await layers()).toEqual(['openid profile email', 'default', defaultAudience, 'default', 'default']);
  expect(await layers({ scope: 'openid profile email', audience: defaultAudience })).toEqual([
    'openid profile email',
    'transaction',
    defaultAudience,
    'transaction',
    'transaction',
  ]);
});

test('every claim of a token has a source', async () => {
  const { tokens } = await inspect(await completed({ body: OIDC }), tenant);
  for (const token of [tokens.id_token!, tokens.access_token!])
    expect('claims' in token && token.claims.map(({ name }) => name)).toEqual(
      'payload' in token && Object.keys(token.payload!),
    );
});

test('says of an opaque access token that it is one', async () => {
  const { tokens } = await inspect(await completed({ body: { protocol: 'oidc' } }), tenant);
  expect(tokens.access_token).toMatchObject({
    jwt: null,
    detail: expect.stringContaining('opaque') as string,
  });
});

test('a token of a key that is not published any more fails at its key', async () => {
  const jwks = jwksOf([
    {
      ...published[0]!,
      kid: otherKey.kid,
      publicKey: createPublicKey(otherKey.privateKey),
      certificatePem: null,
    },
  ]);
  const { tokens } = await inspect(await completed({ body: OIDC }), { ...tenant, jwks });
  expect(firstFailure(tokens.id_token!.verification)).toBe('key');
});
