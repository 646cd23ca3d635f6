import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../src/tenant/client.js';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());

const create = async (body: object = {}): Promise<Client> => {
  const answer = await server.api<Client>('POST', '/api/v2/clients', { name: 'App', ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};

const OAUTH = {
  grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
  token_endpoint_auth_method: 'private_key_jwt',
  client_authentication_methods: {
    private_key_jwt: {
      credentials: [
        { credential_type: 'public_key', pem: keyFile('saml-sp.pub.pem'), alg: 'PS256', kid: 'one' },
      ],
    },
  },
  is_first_party: false,
  oidc_conformant: true,
  refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring', leeway: 3, token_lifetime: 600 },
  oidc_logout: {
    backchannel_logout_urls: ['https://app.test/backchannel'],
    backchannel_logout_initiators: { mode: 'custom', selected_initiators: ['session-revoked'] },
  },
  require_pushed_authorization_requests: true,
  require_proof_of_possession: true,
  organization_usage: 'require',
  organization_require_behavior: 'pre_login_prompt',
  default_organization: { organization_id: 'org_1', flows: ['client_credentials'] },
  compliance_level: 'fapi2_sp_pkj_mtls',
  oauth_dialect: 'strict',
  allowed_origins: ['https://app.test'],
  initiate_login_uri: 'https://app.test/login',
  notion: { bot_id: 'b', workspace_name: 'Mint', owner: { type: 'workspace', workspace: true } },
} as const;

test('what OAuth asks of a client is kept as it is written, and left out where it is not', async () => {
  const client = await create(OAUTH);
  expect(client).toMatchObject(OAUTH);
  expect((await server.api('GET', `/api/v2/clients/${client.client_id}`)).body).toEqual(client);
  const bare = await create();
  for (const name of Object.keys(OAUTH)) expect(bare).not.toHaveProperty(name);
});

test('each of it is patched, and taken back', async () => {
  const { client_id: id } = await create();
  const path = `/api/v2/clients/${id}`;
  for (const [name, value] of Object.entries(OAUTH)) {
    const set = await server.api('PATCH', path, { [name]: value });
    expect(set.body[name], name).toEqual(value);
    const back = await server.api('PATCH', path, { [name]: null });
    expect(back.status, name).toBe(200);
    expect(back.body).not.toHaveProperty(name);
  }
});

test('of refresh tokens, logout and Notion one setting changes alone', async () => {
  const { client_id: id } = await create(OAUTH);
  const { body } = await server.api<Client>('PATCH', `/api/v2/clients/${id}`, {
    refresh_token: { leeway: null, idle_token_lifetime: 60 },
    oidc_logout: { backchannel_logout_urls: [] },
    notion: { workspace_name: null, rotate_refresh_tokens: true },
  });
  expect(body.refresh_token).toEqual({
    rotation_type: 'rotating',
    expiration_type: 'expiring',
    token_lifetime: 600,
    idle_token_lifetime: 60,
  });
  expect(body.oidc_logout).toEqual({ ...OAUTH.oidc_logout, backchannel_logout_urls: [] });
  expect(body.notion).toEqual({ bot_id: 'b', owner: OAUTH.notion.owner, rotate_refresh_tokens: true });
});

test.each<[string, object, string]>([
  ['an unknown way to prove itself', { token_endpoint_auth_method: 'tls' }, '/token_endpoint_auth_method'],
  [
    'a private key',
    {
      client_authentication_methods: {
        private_key_jwt: { credentials: [{ pem: keyFile('saml-sp.key.pem') }] },
      },
    },
    '/client_authentication_methods/private_key_jwt/credentials/0/pem',
  ],
  [
    'rotation without an end',
    { refresh_token: { rotation_type: 'rotating', expiration_type: 'non-expiring' } },
    '/refresh_token/expiration_type',
  ],
  [
    'idling beyond the end',
    { refresh_token: { token_lifetime: 60, idle_token_lifetime: 61 } },
    '/refresh_token/idle_token_lifetime',
  ],
  ['no lifetime', { refresh_token: { token_lifetime: 0 } }, '/refresh_token/token_lifetime'],
  [
    'a logout to a script',
    { oidc_logout: { backchannel_logout_urls: ['javascript:1'] } },
    '/oidc_logout/backchannel_logout_urls/0',
  ],
  [
    'an unknown initiator',
    { oidc_logout: { backchannel_logout_initiators: { selected_initiators: ['x'] } } },
    '/oidc_logout/backchannel_logout_initiators/selected_initiators/0',
  ],
  ['a callback that leaves all of .com open', { callbacks: ['https://*.com/cb'] }, '/callbacks/0'],
  ['a callback that would never match', { callbacks: ['http://app.test/#f'] }, '/callbacks/0'],
  ['a logout to any host', { allowed_logout_urls: ['http://*/cb'] }, '/allowed_logout_urls/0'],
  ['a web origin with a * amid it', { web_origins: ['https://*.a.*/'] }, '/web_origins/0'],
  ['an origin with a user name', { allowed_origins: ['http://user@app.test/'] }, '/allowed_origins/0'],
  ['an unknown dialect', { oauth_dialect: 'okta' }, '/oauth_dialect'],
  ['an unknown usage of organizations', { organization_usage: 'maybe' }, '/organization_usage'],
  ['an owner of no kind', { notion: { owner: { type: 'user' } } }, '/notion/owner/user'],
  ['an unknown setting of Notion', { notion: { bot: 'b' } }, '/notion/bot'],
])('%s is refused with the field at fault, in a new client and in a patch', async (_what, body, pointer) => {
  const said = { status: 400, body: { code: 'invalid_body', errors: [{ pointer }] } };
  const made = await server.api('POST', '/api/v2/clients', { name: 'App', ...body });
  expect(made).toMatchObject(said);
  expect(JSON.stringify(made.body)).not.toContain('PRIVATE KEY-');
  const { client_id: id } = await create();
  expect(await server.api('PATCH', `/api/v2/clients/${id}`, body)).toMatchObject(said);
});

test('a patch that does not go with what is kept is refused with the field at fault', async () => {
  const { client_id: id } = await create({ refresh_token: { token_lifetime: 60 } });
  expect(
    await server.api('PATCH', `/api/v2/clients/${id}`, { refresh_token: { idle_token_lifetime: 61 } }),
  ).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/refresh_token/idle_token_lifetime' }] },
  });
});

test.each(['.', '..'])('no client has the id %s, which no URL could name', async (client_id) => {
  expect(await server.api('POST', '/api/v2/clients', { name: 'App', client_id })).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/client_id' }] },
  });
});
