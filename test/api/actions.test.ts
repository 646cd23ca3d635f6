import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ActionDeploymentService } from '../../src/login/action-deployment.service.js';
import { ActionStore } from '../../src/storage/action-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { startTestServer, type ApiAnswer, type TestServer } from '../support/server.js';

interface Secret {
  readonly name: string;
  readonly updated_at: string;
}
interface Content {
  readonly code: string;
  readonly dependencies: readonly unknown[];
  readonly secrets: readonly Secret[];
}
interface Version extends Content {
  readonly id: string;
  readonly number: number;
  readonly deployed: boolean;
}
interface Action extends Content {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly all_changes_deployed: boolean;
  readonly deployed_version?: Version;
}
interface Bindings {
  readonly bindings: readonly {
    readonly id: string;
    readonly display_name: string;
    readonly created_at: string;
    readonly action: { readonly id: string; readonly name: string };
  }[];
  readonly total: number;
}
interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

const ACTIONS = '/api/v2/actions/actions';
const bindingsOf = (trigger: string): string => `/api/v2/actions/triggers/${trigger}/bindings`;
const POST_LOGIN = [{ id: 'post-login', version: 'v3' }];
const EXCHANGE = [{ id: 'credentials-exchange', version: 'v2' }];
const CODE = 'exports.onExecutePostLogin = async (event, api) => {};\n';
const SECRET = 'the-plain-secret-of-the-test';

let server: TestServer;
let folder: string;
/** All that the server answered. */
const answered: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-actions-'));
  server = await startTestServer({
    DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
    MINTMARK_ACTION_MODULES: folder,
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  const { body } = await api<{ actions: Action[] }>('GET', `${ACTIONS}?per_page=100`);
  for (const { id } of body.actions) await api('DELETE', `${ACTIONS}/${id}?force=true`);
});

async function api<Body = Problem>(method: string, path: string, body?: unknown): Promise<ApiAnswer<Body>> {
  const answer = await server.api<Body>(method, path, body);
  answered.push(JSON.stringify(answer.body));
  return answer;
}
async function made(body: object = {}): Promise<Action> {
  const answer = await api<Action>('POST', ACTIONS, {
    name: 'Roles',
    supported_triggers: POST_LOGIN,
    code: CODE,
    ...body,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}
async function deployed(body: object = {}): Promise<Action> {
  const action = await made(body);
  const answer = await api('POST', `${ACTIONS}/${action.id}/deploy`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return action;
}
const bind = (trigger: string, ...values: string[]) =>
  api<Bindings>('PATCH', bindingsOf(trigger), {
    bindings: values.map((value) => ({ ref: { type: 'action_id', value } })),
  });
const running = () => server.app.get(ActionDeploymentService).deployed();

test('an Action is made, read, patched and deleted in the shape of Auth0', async () => {
  const action = await made({ dependencies: [{ name: 'axios', version: '1.7.0' }] });
  expect(action).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    name: 'Roles',
    supported_triggers: [{ id: 'post-login', version: 'v3', status: 'CURRENT' }],
    created_at: expect.stringMatching(/Z$/),
    updated_at: action.created_at,
    code: CODE,
    dependencies: [{ name: 'axios', version: '1.7.0', registry_url: null }],
    runtime: 'node22',
    status: 'built',
    secrets: [],
    all_changes_deployed: false,
  });
  const path = `${ACTIONS}/${action.id}`;
  expect((await api('GET', path)).body).toEqual(action);
  const patched = await api<Action>('PATCH', path, { name: 'Groups', runtime: 'node18', dependencies: [] });
  expect(patched.body).toMatchObject({ name: 'Groups', runtime: 'node18', dependencies: [], code: CODE });
  expect((await api('DELETE', path)).status).toBe(204);
  for (const method of ['GET', 'DELETE', 'PATCH'])
    expect(await api(method, path, method === 'PATCH' ? {} : undefined)).toMatchObject({
      status: 404,
      body: { code: 'action_not_found' },
    });
  for (const below of ['/deploy', '/versions/x/deploy'])
    expect(await api('POST', `${path}${below}`)).toMatchObject({
      status: 404,
      body: { code: 'action_not_found' },
    });
  for (const below of ['/versions', '/versions/x'])
    expect(await api('GET', `${path}${below}`)).toMatchObject({ status: 404 });
});

test('what runs is what was deployed, also while the draft changes', async () => {
  const { id } = await made();
  const path = `${ACTIONS}/${id}`;
  const first = await api<Version>('POST', `${path}/deploy`);
  expect(first).toMatchObject({
    status: 202,
    body: { number: 1, deployed: true, code: CODE, status: 'built', action_id: id, runtime: 'node22' },
  });
  expect((await api<Action>('GET', path)).body).toMatchObject({
    all_changes_deployed: true,
    deployed_version: first.body,
  });
  const patched = await api<Action>('PATCH', path, { code: `${CODE}// 2` });
  expect(patched.body).toMatchObject({
    code: `${CODE}// 2`,
    all_changes_deployed: false,
    deployed_version: { number: 1, code: CODE },
  });
  await bind('post-login', id);
  expect((await running())['post-login']).toMatchObject([
    { id, name: 'Roles', file: 'Roles.js', version: 1, code: CODE, liveFile: null, modulesFrom: null },
  ]);
  await api('POST', `${path}/deploy`);
  expect((await running())['post-login']).toMatchObject([{ version: 2, code: `${CODE}// 2` }]);

  const { body } = await api<{ versions: Version[]; total: number }>('GET', `${path}/versions`);
  expect(body).toMatchObject({ total: 2, page: 0, per_page: 50 });
  expect(body.versions.map(({ number, deployed: isDeployed }) => [number, isDeployed])).toEqual([
    [2, true],
    [1, false],
  ]);
  const old = body.versions[1]!;
  expect((await api('GET', `${path}/versions/${old.id}`)).body).toEqual(old);
});

test('going back makes a version of its own; the draft follows where it is asked to', async () => {
  const { id } = await deployed();
  const path = `${ACTIONS}/${id}`;
  const first = (await api<Action>('GET', path)).body.deployed_version!;
  await api('PATCH', path, { code: '// two' });
  await api('POST', `${path}/deploy`);
  const back = await api<Version>('POST', `${path}/versions/${first.id}/deploy`);
  expect(back).toMatchObject({ status: 202, body: { number: 3, code: CODE, deployed: true } });
  expect((await api('GET', path)).body).toMatchObject({ code: '// two', all_changes_deployed: false });
  await api('POST', `${path}/versions/${first.id}/deploy`, { update_draft: true });
  expect((await api('GET', path)).body).toMatchObject({ code: CODE, all_changes_deployed: true });
});

test('a version belongs to its Action', async () => {
  const one = await deployed();
  const other = await made({ name: 'Other' });
  const { id } = (await api<Action>('GET', `${ACTIONS}/${one.id}`)).body.deployed_version!;
  for (const [method, path] of [
    ['GET', `${ACTIONS}/${other.id}/versions/${id}`],
    ['POST', `${ACTIONS}/${other.id}/versions/${id}/deploy`],
    ['GET', `${ACTIONS}/${one.id}/versions/none`],
  ] as const)
    expect(await api(method, path)).toMatchObject({
      status: 404,
      body: { code: 'action_version_not_found' },
    });
});

test('secrets are shown by name alone; one without a value keeps the one it has', async () => {
  const { id, secrets } = await made({
    secrets: [
      { name: 'A', value: SECRET },
      { name: 'B', value: `${SECRET}-b` },
    ],
  });
  expect(secrets).toEqual([
    { name: 'A', updated_at: expect.stringMatching(/Z$/) },
    { name: 'B', updated_at: expect.stringMatching(/Z$/) },
  ]);
  const path = `${ACTIONS}/${id}`;
  await api('POST', `${path}/deploy`);
  await bind('post-login', id);
  const secretsThatRun = async () => (await running())['post-login'][0]!.secrets;
  expect(await secretsThatRun()).toEqual({ A: SECRET, B: `${SECRET}-b` });

  const same = await api('PATCH', path, { secrets: [...secrets] });
  expect(same).toMatchObject({ status: 200, body: { secrets, all_changes_deployed: true } });
  expect(
    (await api('PATCH', path, { secrets: [{ name: 'A', value: SECRET }, secrets[1]] })).body,
  ).toMatchObject({ secrets, all_changes_deployed: true });
  await api('PATCH', path, { secrets: [{ name: 'B' }, { name: 'C', value: 'new' }] });
  await api('POST', `${path}/deploy`);
  expect(await secretsThatRun()).toEqual({ B: `${SECRET}-b`, C: 'new' });
  expect(await api('PATCH', path, { secrets: [{ name: 'D' }] })).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/secrets/0/value' }] },
  });
});

test.each<[string, object, string]>([
  ['no name', { name: undefined }, '/name'],
  ['a blank name', { name: ' ' }, '/name'],
  ['no trigger', { supported_triggers: undefined }, '/supported_triggers'],
  ['two triggers', { supported_triggers: [...POST_LOGIN, ...EXCHANGE] }, '/supported_triggers'],
  ['an unknown trigger', { supported_triggers: [{ id: 'post_login' }] }, '/supported_triggers/0/id'],
  ['code that is no text', { code: 5 }, '/code'],
  ['too much code', { code: `//${'ü'.repeat(51_200)}` }, '/code'],
  ['another runtime', { runtime: 'deno' }, '/runtime'],
  ['a dependency that is no package', { dependencies: [{ name: '../x' }] }, '/dependencies/0/name'],
  ['a dependency twice', { dependencies: [{ name: 'a' }, { name: 'a' }] }, '/dependencies/1/name'],
  [
    'too many dependencies',
    { dependencies: Array.from({ length: 11 }, (_, index) => ({ name: `a${index}` })) },
    '/dependencies',
  ],
  [
    'a secret twice',
    {
      secrets: [
        { name: 'a', value: 'b' },
        { name: 'a', value: 'c' },
      ],
    },
    '/secrets/1/name',
  ],
  ['a long name of a secret', { secrets: [{ name: 'a'.repeat(129), value: 'b' }] }, '/secrets/0/name'],
  ['a long secret', { secrets: [{ name: 'a', value: 'b'.repeat(4097) }] }, '/secrets/0/value'],
  [
    'too many secrets',
    { secrets: Array.from({ length: 31 }, (_, index) => ({ name: `a${index}`, value: 'b' })) },
    '/secrets',
  ],
  ['an unknown member', { deployed: true }, '/deployed'],
])('%s is refused with the field at fault', async (_what, body, pointer) => {
  const answer = await api('POST', ACTIONS, {
    name: 'Roles',
    supported_triggers: POST_LOGIN,
    code: CODE,
    ...body,
  });
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
  expect(answer.body.errors.map((error) => error.pointer)).toEqual([pointer]);
  expect(await server.app.get(ActionStore).findByName('Roles')).toBeNull();
});

test('code that is no JavaScript is told with line and column, and the draft stays', async () => {
  const broken = 'exports.onExecutePostLogin = async () => {\n  const a = ;\n};\n';
  const told = {
    status: 400,
    body: {
      code: 'action_code_invalid',
      errors: [{ pointer: '/code', detail: "2:13: Unexpected token ';'" }],
    },
  };
  expect(
    await api('POST', ACTIONS, { name: 'Broken', supported_triggers: POST_LOGIN, code: broken }),
  ).toMatchObject(told);
  const { id } = await made();
  expect(await api('PATCH', `${ACTIONS}/${id}`, { code: broken })).toMatchObject(told);
  expect((await api('GET', `${ACTIONS}/${id}`)).body).toMatchObject({ code: CODE });
});

test('a name is taken once', async () => {
  const { id } = await made();
  const taken = { status: 409, body: { code: 'action_exists' } };
  expect(await api('POST', ACTIONS, { name: 'Roles', supported_triggers: EXCHANGE })).toMatchObject(taken);
  const other = await made({ name: 'Other' });
  expect(await api('PATCH', `${ACTIONS}/${other.id}`, { name: 'Roles' })).toMatchObject(taken);
  expect((await api('PATCH', `${ACTIONS}/${id}`, { name: 'Roles' })).status).toBe(200);
});

test('Actions are listed page by page and by what is asked for', async () => {
  await deployed({ name: 'A' });
  await made({ name: 'B', supported_triggers: EXCHANGE });
  await made({ name: 'C' });
  const names = async (query: string) => {
    const { body } = await api<{ actions: Action[]; total: number }>('GET', `${ACTIONS}?${query}`);
    return [body.actions.map(({ name }) => name), body.total];
  };
  expect(await names('')).toEqual([['A', 'B', 'C'], 3]);
  expect(await names('triggerId=post-login')).toEqual([['A', 'C'], 2]);
  expect(await names('actionName=B')).toEqual([['B'], 1]);
  expect(await names('deployed=true')).toEqual([['A'], 1]);
  expect(await names('deployed=false')).toEqual([['B', 'C'], 2]);
  expect(await names('page=1&per_page=2')).toEqual([['C'], 3]);
  expect(await names('installed=true')).toEqual([[], 0]);
  const { body } = await api('GET', `${ACTIONS}?page=1&per_page=2`);
  expect(body).toMatchObject({ page: 1, per_page: 2 });
  for (const query of ['triggerId=none', 'page=-1', 'deployed=maybe', 'q=x'])
    expect(await api('GET', `${ACTIONS}?${query}`), query).toMatchObject({
      status: 400,
      body: { code: 'invalid_parameter' },
    });
});

test('the triggers are listed, and run what they are bound to in the order that was given', async () => {
  const { body } = await api<{ triggers: { id: string; version: string }[] }>(
    'GET',
    '/api/v2/actions/triggers',
  );
  expect(body.triggers).toMatchObject([
    { id: 'post-login', version: 'v3', status: 'CURRENT' },
    { id: 'credentials-exchange', version: 'v2', status: 'CURRENT' },
  ]);
  const a = await deployed({ name: 'A' });
  const b = await deployed({ name: 'B' });
  const first = await api<Bindings>('PATCH', bindingsOf('post-login'), {
    bindings: [
      { ref: { type: 'action_name', value: 'B' }, display_name: 'The second letter' },
      { ref: { type: 'action_id', value: a.id } },
    ],
  });
  expect(first).toMatchObject({
    status: 200,
    body: {
      total: 2,
      bindings: [
        { trigger_id: 'post-login', display_name: 'The second letter', action: { id: b.id, name: 'B' } },
        { display_name: 'A', action: { id: a.id } },
      ],
    },
  });
  expect((await api('GET', bindingsOf('post-login'))).body).toEqual(first.body);
  const order = async () => (await running())['post-login'].map(({ name }) => name);
  expect(await order()).toEqual(['B', 'A']);

  const second = await api<Bindings>('PATCH', bindingsOf('post-login'), {
    bindings: [
      { ref: { type: 'action_id', value: a.id } },
      { ref: { type: 'binding_id', value: first.body.bindings[0]!.id } },
    ],
  });
  expect(second.body.bindings).toEqual(first.body.bindings.toReversed());
  expect(await order()).toEqual(['A', 'B']);
  await bind('post-login');
  expect(await order()).toEqual([]);
  expect((await running())['credentials-exchange']).toEqual([]);
});

test('a binding that cannot be is refused with its place, and the trigger stays as it was', async () => {
  const { id } = await deployed({ name: 'A' });
  const exchange = await deployed({ name: 'Exchange', supported_triggers: EXCHANGE });
  const draft = await made({ name: 'Draft' });
  await bind('post-login', id);
  const at = (index: number) => ({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: `/bindings/${index}/ref/value` }] },
  });
  expect(await bind('post-login', 'nobody')).toMatchObject(at(0));
  expect(await bind('post-login', id, exchange.id)).toMatchObject(at(1));
  expect(await bind('post-login', id, id)).toMatchObject(at(1));
  expect(await bind('post-login', id, draft.id)).toMatchObject({
    status: 409,
    body: { code: 'action_not_deployed' },
  });
  for (const body of [
    {},
    { bindings: [{ ref: { type: 'name', value: 'A' } }] },
    { bindings: [{ ref: { type: 'action_id', value: id }, secrets: [{ name: 'a', value: 'b' }] }] },
    { bindings: Array.from({ length: 21 }, () => ({ ref: { type: 'action_id', value: id } })) },
  ])
    expect(await api('PATCH', bindingsOf('post-login'), body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_body' },
    });
  expect((await running())['post-login'].map(({ name }) => name)).toEqual(['A']);
});

test.each(['post-change-password', 'post_login', '%00'])(
  'of the trigger %s nothing is known',
  async (trigger) => {
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { bindings: [] }],
    ] as const) {
      const answer = await api(method, bindingsOf(trigger), body);
      expect(answer).toMatchObject({ status: 404, body: { code: 'trigger_not_found' } });
      expect(answer.body.detail).toContain('post-login and credentials-exchange');
    }
  },
);

test('a bound Action is deleted and moved only when it is asked for in earnest', async () => {
  const { id } = await deployed();
  await bind('post-login', id);
  const bound = {
    status: 409,
    body: { code: 'action_bound', detail: expect.stringContaining('post-login') },
  };
  expect(await api('DELETE', `${ACTIONS}/${id}`)).toMatchObject(bound);
  expect(await api('PATCH', `${ACTIONS}/${id}`, { supported_triggers: EXCHANGE })).toMatchObject(bound);
  expect((await api('PATCH', `${ACTIONS}/${id}`, { supported_triggers: POST_LOGIN })).status).toBe(200);
  expect((await api('DELETE', `${ACTIONS}/${id}?force=true`)).status).toBe(204);
  expect((await api<Bindings>('GET', bindingsOf('post-login'))).body.bindings).toEqual([]);
});

test('an Action that is not bound moves to another trigger', async () => {
  const { id } = await deployed();
  const moved = await api('PATCH', `${ACTIONS}/${id}`, { supported_triggers: EXCHANGE });
  expect(moved.body).toMatchObject({ supported_triggers: [{ id: 'credentials-exchange', version: 'v2' }] });
  expect((await bind('credentials-exchange', id)).status).toBe(200);
});

test('a tenant has a hundred Actions, and not one more', async () => {
  for (let index = 0; index < 100; index++) await made({ name: `A${index}` });
  expect(await api('POST', ACTIONS, { name: 'one more', supported_triggers: POST_LOGIN })).toMatchObject({
    status: 409,
    body: { code: 'action_limit_reached', detail: expect.stringContaining('100') },
  });
});

test('of versions the newest fifty stay', async () => {
  const { id } = await made();
  for (let index = 0; index < 52; index++) await api('POST', `${ACTIONS}/${id}/deploy`);
  const { body } = await api<{ versions: Version[]; total: number }>(
    'GET',
    `${ACTIONS}/${id}/versions?per_page=1`,
  );
  expect(body).toMatchObject({ total: 50, versions: [{ number: 52 }] });
});

test('a package that is not installed is told when the Action is deployed', async () => {
  const needs = 'const { one } = require("mint-package");\n';
  const { id } = await made({ code: needs, dependencies: [{ name: 'mint-package', version: '1.0.0' }] });
  const deploy = () => api(`POST`, `${ACTIONS}/${id}/deploy`);
  expect(await deploy()).toMatchObject({ status: 400, body: { code: 'package_missing' } });
  expect((await api('GET', `${ACTIONS}/${id}`)).body).not.toHaveProperty('deployed_version');

  const installed = join(folder, 'node_modules', 'mint-package');
  await mkdir(installed, { recursive: true });
  const install = async (version: string) =>
    writeFile(join(installed, 'package.json'), JSON.stringify({ name: 'mint-package', version }));
  await writeFile(join(installed, 'index.js'), 'exports.one = 1;');
  await install('2.0.0');
  expect(await deploy()).toMatchObject({ status: 400, body: { code: 'package_version' } });
  await install('1.0.0');
  expect((await deploy()).status).toBe(202);
});

test('a change is deployed once, however many see it', async () => {
  const { id } = await deployed();
  const store = server.app.get(ActionStore);
  await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      store.deploy(id, {
        versionId: `00000000-0000-4000-8000-00000000000${index}`,
        now: new Date(),
        content: (running_) => ({ ...running_!, code: '// saved' }),
        skipsSame: true,
      }),
    ),
  );
  expect((await store.versions(id, { page: 0, perPage: 10 })).total).toBe(2);
});

test('what changes nothing that runs leaves the tenant as it was parsed', async () => {
  const settings = server.app.get(SettingsStore);
  const { id } = await deployed();
  await bind('post-login', id);
  const before = await settings.revision();
  await api('GET', `${ACTIONS}/${id}`);
  await api('GET', bindingsOf('post-login'));
  expect(await settings.revision()).toBe(before);
  await api('POST', `${ACTIONS}/${id}/deploy`);
  expect(await settings.revision()).toBeGreaterThan(before);
});

test('no answer and no byte of the database holds a secret', async () => {
  await deployed({ name: 'Keeper', secrets: [{ name: 'A', value: SECRET }] });
  await bind('post-login', (await server.app.get(ActionStore).findByName('Keeper'))!.id);
  await api('GET', ACTIONS);
  await api('GET', bindingsOf('post-login'));
  expect(answered.length).toBeGreaterThan(100);
  for (const answer of answered) expect(answer ?? '').not.toContain(SECRET);
  const files = (await readdir(folder)).filter((name) => name.startsWith('tenant.sqlite'));
  expect(files).not.toEqual([]);
  for (const name of files)
    expect((await readFile(join(folder, name))).includes(Buffer.from(SECRET)), name).toBe(false);
});

test('the calls are described at /docs', async () => {
  const { body } = await server.api<{ paths: Record<string, Record<string, { tags: string[] }>> }>(
    'GET',
    '/docs-json',
  );
  expect(body.paths[ACTIONS]?.['post']?.tags).toEqual(['actions']);
  expect(body.paths['/api/v2/actions/triggers/{triggerId}/bindings']?.['patch']?.tags).toEqual(['actions']);
});
