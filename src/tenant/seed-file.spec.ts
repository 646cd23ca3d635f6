import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSeed, readSeedText } from './seed-file.js';
import { TenantError } from './tenant-error.js';

const read = (yaml: string) => parseSeed(yaml, 'mintmark.yaml');
const complaint = (yaml: string): string => {
  try {
    read(yaml);
  } catch (error) {
    if (!(error instanceof TenantError) || error.code !== 'seed_invalid') throw error;
    return error.description;
  }
  throw new Error('the seed was accepted');
};

test('an empty file is an empty seed', () => {
  const empty = {
    settings: {},
    resource_servers: [],
    clients: [],
    client_grants: [],
    connections: [],
    roles: [],
    users: [],
    organizations: [],
    actions: [],
  };
  expect(read('')).toEqual(empty);
  expect(read('# nothing yet\n')).toEqual(empty);
});

test('settings that the file does not name stay unset', () => {
  expect(read('settings: { default_audience: "https://api.example.test/" }').settings).toEqual({
    default_audience: 'https://api.example.test/',
  });
});

test('clients and users take the shape and the defaults of the REST API', () => {
  const seed = read(`
clients:
  - client_id: sp
    name: An SP
    callbacks: [https://sp.example.test/acs]
    addons:
      samlp: { signResponse: true }
users:
  - user_id: auth0|alice
    email: alice@example.test
    department: Minting
    password: correct horse
`);
  expect(seed.clients[0]).toMatchObject({
    client_id: 'sp',
    allowed_logout_urls: [],
    addons: { samlp: { signResponse: true } },
  });
  expect(seed.users[0]).toMatchObject({
    user_id: 'auth0|alice',
    department: 'Minting',
    connection: 'Username-Password-Authentication',
  });
});

test('a PEM stands as a block scalar, its line breaks kept', () => {
  const pem = readFileSync(new URL('../../test/keys/saml-sp.crt.pem', import.meta.url), 'utf8');
  const block = pem.trimEnd().split('\n').join('\n          ');
  const seed = read(`
clients:
  - client_id: sp
    name: An SP
    addons:
      samlp:
        encryptionCert: |
          ${block}
`);
  expect(seed.clients[0]!.addons.samlp!.encryptionCert).toBe(pem);
});

test('an unknown setting is told with its line, its column and the nearest name', () => {
  expect(
    complaint(`clients:
  - client_id: sp
    name: An SP
    addons:
      samlp:
        audiense: urn:sp
`),
  ).toBe(
    'mintmark.yaml:6:9: clients[0].addons.samlp.audiense: unknown setting "audiense"; did you mean "audience"?',
  );
});

test('every fault is told, in one go', () => {
  expect(
    complaint(`setings: {}
clients:
  - name: no id
    callbacks: ["javascript:alert(1)"]
users:
  - user_id: 7
  - email: a@example.test
`).split('\n'),
  ).toEqual([
    'mintmark.yaml:3:5: clients[0].client_id: is missing',
    'mintmark.yaml:4:17: clients[0].callbacks[0]: must not have the scheme javascript:',
    'mintmark.yaml:6:5: users[0].user_id: must be string: put it in quotes',
    'mintmark.yaml:7:5: users[1].user_id: is missing',
    'mintmark.yaml:1:1: setings: unknown field "setings"; did you mean "settings"?',
  ]);
});

test('an id that stands twice is refused where it stands the second time', () => {
  expect(complaint('users:\n  - user_id: a\n  - user_id: b\n  - user_id: a\n')).toBe(
    'mintmark.yaml:4:5: users[2].user_id: "a" is already users[0]',
  );
  expect(complaint('clients: [{client_id: a, name: A}, {client_id: a, name: B}]')).toContain(
    '"a" is already clients[0]',
  );
});

test.each([
  ['broken syntax', 'clients: [\nusers: []', /^mintmark\.yaml:2:/],
  ['a duplicate key', 'users: []\nusers: []', /^mintmark\.yaml:2:1: .*unique/],
  ['a tab as indentation', 'users:\n\t- user_id: a', /^mintmark\.yaml:2:1: /],
  ['a second document', 'users: []\n---\nusers: []', /^mintmark\.yaml:2:1: .*multiple documents/],
  ['a tag of its own', 'users: !evil []', /^mintmark\.yaml:1:8: .*tag/],
  ['a tag of other languages', 'users: !!js/function "x"', /^mintmark\.yaml:1:8: .*tag/],
  ['a key that is no string', '? [a]\n: 1', /^mintmark\.yaml:1:3: /],
  ['an alias of nothing', 'users: *them', /^mintmark\.yaml:1:1: users: the alias \*them has no anchor/],
  ['YAML 1.1', '%YAML 1.1\n---\nusers: []', /only 1\.2/],
  ['a list', '- users', /^mintmark\.yaml:1:1: must be object/],
  [
    'a __proto__ key',
    'users:\n  - user_id: a\n    user_metadata:\n      __proto__: { admin: true }',
    /^mintmark\.yaml:4:7: users\[0\]\.user_metadata\.__proto__: this name is not allowed/,
  ],
  [
    'a deep nest',
    `users: [{user_id: a, x: ${'['.repeat(100)}${']'.repeat(100)}}]`,
    /nested deeper than 64 levels/,
  ],
  ['a very deep nest', `users: ${'['.repeat(100_000)}`, /^mintmark\.yaml:1:/],
  ['an alias that contains itself', 'users: &u\n  - *u', /nested deeper than 64 levels/],
])('%s is refused by line', (_what, yaml, expected) => {
  expect(complaint(yaml)).toMatch(expected);
});

test('aliases of aliases do not grow without bound', () => {
  const level = (index: number) =>
    `l${index}: &l${index} [${Array.from({ length: 10 }, () => (index === 0 ? 'lol' : `*l${index - 1}`)).join(',')}]`;
  const bomb = Array.from({ length: 12 }, (_, index) => level(index)).join('\n');
  const started = performance.now();
  expect(complaint(bomb)).toContain('its aliases stand for more than 250000 values');
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('an alias repeats what its anchor says', () => {
  const seed = read(
    'users:\n  - { user_id: a, user_metadata: &m { plan: gold } }\n  - { user_id: b, user_metadata: *m }',
  );
  expect(seed.users[1]!.user_metadata).toEqual({ plan: 'gold' });
});

test('members named like those of every object are plain fields', () => {
  const seed = read('users: [{user_id: a, user_metadata: {constructor: x, toString: y}}]');
  expect(seed.users[0]!.user_metadata).toEqual({ constructor: 'x', toString: 'y' });
});

test('a fault never repeats what a secret field holds', () => {
  expect(complaint('clients: [{client_id: a, name: A, client_secret: [hunter2]}]')).not.toContain('hunter2');
  expect(complaint('users: [{user_id: a, password: 8253}]')).not.toContain('8253');
});

test('an Action names its trigger, its code, and what it needs as maps or as lists', () => {
  const { actions } = read(`
actions:
  - name: Grant roles
    trigger: post-login
    code: ./actions/grant-roles.js
    secrets: { API_KEY: s3cret, URL: "https://api.test" }
    dependencies: { axios: 1.7.0, "@scope/thing": latest }
  - name: Scopes
    supported_triggers: [{ id: credentials-exchange, version: v2 }]
    code: scopes.js
    runtime: node18
    deployed: true
    status: built
    display_name: Cut the scopes
    secrets: [{ name: A, value: b }]
    dependencies: [{ name: lodash, version: 4.17.21 }, { name: jose }]
`);
  expect(actions).toEqual([
    {
      name: 'Grant roles',
      displayName: 'Grant roles',
      trigger: 'post-login',
      code: './actions/grant-roles.js',
      runtime: 'node22',
      secrets: [
        { name: 'API_KEY', value: 's3cret' },
        { name: 'URL', value: 'https://api.test' },
      ],
      dependencies: [
        { name: 'axios', version: '1.7.0' },
        { name: '@scope/thing', version: 'latest' },
      ],
    },
    {
      name: 'Scopes',
      displayName: 'Cut the scopes',
      trigger: 'credentials-exchange',
      code: 'scopes.js',
      runtime: 'node18',
      secrets: [{ name: 'A', value: 'b' }],
      dependencies: [
        { name: 'lodash', version: '4.17.21' },
        { name: 'jose', version: 'latest' },
      ],
    },
  ]);
});

const ACTION = '{ name: A, trigger: post-login, code: a.js';
test.each<[string, string, string]>([
  [
    'an unknown trigger',
    'actions: [{ name: A, trigger: post_login, code: a.js }]',
    'mintmark.yaml:1:22: actions[0].trigger: is no trigger that Mintmark runs: there are post-login and credentials-exchange',
  ],
  [
    'no trigger',
    'actions: [{ name: A, code: a.js }]',
    'mintmark.yaml:1:11: actions[0].trigger: is missing: post-login or credentials-exchange',
  ],
  [
    'two triggers that differ',
    `actions: [${ACTION}, supported_triggers: [{ id: credentials-exchange }] }]`,
    'mintmark.yaml:1:22: actions[0].trigger: is post-login, but supported_triggers says credentials-exchange',
  ],
  ['no code', 'actions: [{ name: A, trigger: post-login }]', 'actions[0].code: is missing'],
  [
    'code in place of its path',
    'actions: [{ name: A, trigger: post-login, code: "exports.a = async () => {}" }]',
    'actions[0].code: must be the path of a file',
  ],
  [
    'two of one name',
    `actions:\n  - ${ACTION} }\n  - ${ACTION} }`,
    'mintmark.yaml:3:7: actions[1].name: "A" is already actions[0]',
  ],
  [
    'a secret twice',
    `actions: [${ACTION}, secrets: [{ name: a, value: b }, { name: a, value: c }] }]`,
    'actions[0].secrets[1].name: there is a secret a already',
  ],
  [
    'a secret that is no text',
    `actions: [${ACTION}, secrets: { A: 5 } }]`,
    'actions[0].secrets.A: must be string: put it in quotes',
  ],
  [
    'a secret without a name',
    `actions: [${ACTION}, secrets: text }]`,
    'actions[0].secrets: must be a map of names',
  ],
  [
    'a dependency that is no package',
    `actions: [${ACTION}, dependencies: { ../x: latest } }]`,
    'actions[0].dependencies["../x"]: the name must be the name of an npm package',
  ],
  [
    'an Action that is not to run',
    `actions: [${ACTION}, deployed: false }]`,
    'actions[0].deployed: must be true',
  ],
  [
    'more than a trigger runs',
    `actions: [${Array.from({ length: 21 }, (_, index) => `{ name: A${index}, trigger: post-login, code: a.js }`).join(', ')}]`,
    'actions[20]: post-login runs at most 20 Actions',
  ],
])('%s is told with its line', (_what, yaml, said) => {
  expect(complaint(yaml)).toContain(said);
});

test('faults that are found later are told with the line of what they are about', () => {
  const { refusal } = readSeedText(
    'actions:\n  - name: A\n    trigger: post-login\n    code: a.js\n',
    'm.yaml',
  );
  expect(refusal([{ pointer: '/actions/0/code', detail: 'a.js:3:4: no' }]).description).toBe(
    'm.yaml:4:5: actions[0].code: a.js:3:4: no',
  );
});

const AUTHORIZATION = `resource_servers:
  - identifier: urn:api
    scopes: [{ value: read }, { value: write }]
clients:
  - { client_id: worker, name: Worker }
client_grants:
  - { client_id: worker, audience: urn:api, scope: [read] }
connections:
  - { name: corporate, strategy: samlp, enabled_clients: [worker] }
roles:
  - name: Reader
    permissions: [{ permission_name: read, resource_server_identifier: urn:api }]
users:
  - { user_id: ada, roles: [Reader] }
organizations:
  - name: acme
    members: [auth0|ada, { user_id: ada, roles: [Reader] }]
`;

test('APIs, grants, connections, roles and organizations name each other', () => {
  const seed = read(AUTHORIZATION);
  expect(seed.organizations[0]!.members).toEqual([
    { user_id: 'auth0|ada', roles: [] },
    { user_id: 'ada', roles: ['Reader'] },
  ]);
  expect(seed.users[0]!.roles).toEqual(['Reader']);
});

test.each<[string, string, string, string]>([
  [
    'a grant of an unknown client',
    'client_id: worker, aud',
    'client_id: worke, aud',
    '7:7: client_grants[0].client_id: there is no "worke" in clients of this file; did you mean "worker"?',
  ],
  [
    'a grant for an unknown API',
    'audience: urn:api',
    'audience: urn:none',
    '7:26: client_grants[0].audience: there is no "urn:none" in resource_servers of this file',
  ],
  [
    'a grant of an unknown scope',
    'scope: [read]',
    'scope: [red]',
    '7:53: client_grants[0].scope[0]: the API urn:api has no scope "red"; it has read, write',
  ],
  [
    'a connection of an unknown client',
    'enabled_clients: [worker]',
    'enabled_clients: [web]',
    '9:59: connections[0].enabled_clients[0]: there is no "web" in clients',
  ],
  [
    'an unknown permission',
    'permission_name: read',
    'permission_name: delete',
    '12:21: roles[0].permissions[0].permission_name: the API urn:api has no scope "delete"',
  ],
  [
    'a permission of an unknown API',
    'resource_server_identifier: urn:api',
    'resource_server_identifier: urn:none',
    '12:44: roles[0].permissions[0].resource_server_identifier: there is no "urn:none"',
  ],
  [
    'a user with an unknown role',
    'ada, roles: [Reader] }\norg',
    'ada, roles: [Redaer] }\norg',
    '14:29: users[0].roles[0]: there is no "Redaer" in roles of this file; did you mean "Reader"?',
  ],
  [
    'an unknown member',
    '[auth0|ada,',
    '[auth0|eve,',
    '17:15: organizations[0].members[0]: there is no "auth0|eve" in users',
  ],
  [
    'a member with an unknown role',
    'ada, roles: [Reader] }]',
    'ada, roles: [Writer] }]',
    '17:50: organizations[0].members[1].roles[0]: there is no "Writer" in roles',
  ],
  [
    'an API with a secret that it has no use for',
    'identifier: urn:api\n',
    `identifier: urn:api\n    signing_secret: ${'x'.repeat(32)}\n`,
    '3:5: resource_servers[0].signing_secret: is for HS256 alone',
  ],
  [
    'one API twice',
    'clients:\n',
    '  - { identifier: urn:api }\nclients:\n',
    '4:7: resource_servers[1].identifier: "urn:api" is already resource_servers[0]',
  ],
  [
    'one role twice',
    'users:\n',
    '  - { name: Reader }\nusers:\n',
    '13:7: roles[1].name: "Reader" is already roles[0]',
  ],
  [
    'one grant twice',
    'connections:\n',
    '  - { client_id: worker, audience: urn:api }\nconnections:\n',
    '8:7: client_grants[1].client_id: "worker for urn:api (client)" is already client_grants[0]',
  ],
])('%s is told with its line', (_what, from, to, said) => {
  expect(AUTHORIZATION).toContain(from);
  expect(complaint(AUTHORIZATION.replace(from, to))).toContain(`mintmark.yaml:${said}`);
});
