import { mkdir, mkdtemp, readFile, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ActionDeploymentService } from '../../src/login/action-deployment.service.js';
import { ActionStore } from '../../src/storage/action-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import type { DeployedAction, TriggerId } from '../../src/tenant/action.js';
import { onEachDatabase } from '../storage/each-database.js';
import { startTestServer, type TestServer } from '../support/server.js';

const SECRET = 'the-plain-secret-of-the-seed';
const SEED = `actions:
  - name: Roles
    trigger: post-login
    code: ./actions/roles.js
    secrets: { API_KEY: ${SECRET} }
  - name: Scopes
    supported_triggers: [{ id: credentials-exchange, version: v2 }]
    code: actions/scopes.js
  - name: Groups
    trigger: post-login
    code: ./actions/groups.js
    display_name: Groups of the user
`;

let folder: string;
let running: TestServer[];
beforeEach(async () => {
  running = [];
  folder = await mkdtemp(join(tmpdir(), 'mintmark-seeded-'));
  await mkdir(join(folder, 'actions'));
  for (const name of ['roles', 'scopes', 'groups']) await save(name, `// ${name}\n`);
  await writeSeed(SEED);
});
afterEach(async () => {
  for (const server of running) await server.close();
  await rm(folder, { recursive: true });
});

const writeSeed = (yaml: string) => writeFile(join(folder, 'mintmark.yaml'), yaml);
const fileOf = (name: string): string => join(folder, 'actions', `${name}.js`);
const save = (name: string, code: string) => writeFile(fileOf(name), code);

async function start(databaseUrl = `file:${join(folder, 'tenant.sqlite')}`): Promise<TestServer> {
  const server = await startTestServer({
    DATABASE_URL: databaseUrl,
    MINTMARK_CERTS: join(folder, 'certs'),
    MINTMARK_SEED: join(folder, 'mintmark.yaml'),
    MINTMARK_LOG_LEVEL: 'silent',
  });
  running.push(server);
  return server;
}
async function stop(server: TestServer): Promise<void> {
  running = running.filter((other) => other !== server);
  await server.close();
}
const deployments = (server: TestServer) => server.app.get(ActionDeploymentService);
const deployed = async (server: TestServer, trigger: TriggerId = 'post-login'): Promise<DeployedAction[]> =>
  (await deployments(server).deployed())[trigger];
const names = async (server: TestServer, trigger?: TriggerId): Promise<string[]> =>
  (await deployed(server, trigger)).map(({ name }) => name);
/** What the next login does first. */
const refresh = async (server: TestServer): Promise<boolean> =>
  deployments(server).refreshLive(await deployed(server));

/** All that is kept of Actions. */
async function kept(server: TestServer): Promise<unknown> {
  const store = server.app.get(ActionStore);
  const { items } = await store.list({ page: 0, perPage: 100 });
  return [
    items,
    await Promise.all(items.map(({ id }) => store.versions(id, { page: 0, perPage: 100 }))),
    await store.bindings('post-login'),
    await store.bindings('credentials-exchange'),
  ];
}

test('the Actions of the seed run in the order of the file, each in its trigger', async () => {
  const server = await start();
  expect(server.seeded).toMatchObject({ actions: 3 });
  expect(await deployed(server)).toEqual([
    {
      id: expect.any(String),
      name: 'Roles',
      trigger: 'post-login',
      version: 1,
      code: '// roles\n',
      file: './actions/roles.js',
      liveFile: fileOf('roles'),
      modulesFrom: join(folder, 'actions'),
      dependencies: [],
      secrets: { API_KEY: SECRET },
    },
    expect.objectContaining({ name: 'Groups', secrets: {} }),
  ]);
  expect(await names(server, 'credentials-exchange')).toEqual(['Scopes']);
  const { body } = await server.api<{ bindings: { display_name: string }[] }>(
    'GET',
    '/api/v2/actions/triggers/post-login/bindings',
  );
  expect(body.bindings.map(({ display_name }) => display_name)).toEqual(['Roles', 'Groups of the user']);
});

test('a second start with the same seed changes nothing', async () => {
  const first = await start();
  const before = await kept(first);
  const revision = await first.app.get(SettingsStore).revision();
  await stop(first);
  const second = await start();
  expect(await kept(second)).toEqual(before);
  expect(await second.app.get(SettingsStore).revision()).toBe(revision);
});

onEachDatabase(
  'instances that start at once agree on versions and order, and deploy a save once',
  async ({ url }) => {
    const [one, other] = await Promise.all([start(url), start(url)]);
    const versions = async (server: TestServer) =>
      (await deployed(server)).map(({ name, version }) => [name, version]);
    expect(await kept(one)).toEqual(await kept(other));
    expect(await versions(one)).toEqual([
      ['Roles', 1],
      ['Groups', 1],
    ]);
    await save('groups', '// saved\n');
    await Promise.all([refresh(one), refresh(other), refresh(one), refresh(other)]);
    expect(await versions(other)).toEqual([
      ['Roles', 1],
      ['Groups', 2],
    ]);
    await Promise.all([one, other].map(stop));
  },
);

test('what the file says anew is deployed; what was bound over REST follows; what is no more in it runs no more', async () => {
  const first = await start();
  const own = await first.api<{ id: string }>('POST', '/api/v2/actions/actions', {
    name: 'Of REST',
    supported_triggers: [{ id: 'post-login' }],
  });
  await first.api('POST', `/api/v2/actions/actions/${own.body.id}/deploy`);
  await first.api('PATCH', '/api/v2/actions/triggers/post-login/bindings', {
    bindings: ['Of REST', 'Groups', 'Roles'].map((value) => ({ ref: { type: 'action_name', value } })),
  });
  expect(await names(first)).toEqual(['Of REST', 'Groups', 'Roles']);
  await stop(first);

  await writeSeed(`actions:
  - { name: New, trigger: post-login, code: actions/scopes.js }
  - { name: Roles, trigger: post-login, code: actions/roles.js, secrets: { API_KEY: other } }
  - { name: Scopes, trigger: post-login, code: actions/scopes.js }
`);
  const second = await start();
  expect((await deployed(second)).map(({ name, version }) => [name, version])).toEqual([
    ['New', 1],
    ['Roles', 2],
    ['Scopes', 1],
    ['Of REST', 1],
  ]);
  expect((await deployed(second))[1]).toMatchObject({
    secrets: { API_KEY: 'other' },
    file: 'actions/roles.js',
  });
  expect(await names(second, 'credentials-exchange')).toEqual([]);
  expect(await second.app.get(ActionStore).findByName('Groups')).not.toBeNull();
});

test('a saved file is a new version at the next login, on every instance', async () => {
  const [one, other] = [await start(), await start()];
  expect(await refresh(one)).toBe(false);
  await save('roles', '// saved\n');
  await Promise.all([refresh(one), refresh(other), refresh(one)]);
  for (const server of [one, other])
    expect((await deployed(server))[0]).toMatchObject({
      name: 'Roles',
      code: '// saved\n',
      version: 2,
      secrets: { API_KEY: SECRET },
    });
  expect(await refresh(one)).toBe(false);
  const { id } = (await deployed(one))[0]!;
  expect((await one.api('GET', `/api/v2/actions/actions/${id}`)).body).toMatchObject({
    code: '// saved\n',
    all_changes_deployed: true,
  });
});

test('a file that is broken or gone is told with its place, and its mended code runs without a restart', async () => {
  const server = await start();
  await save('groups', 'exports.onExecutePostLogin = async () => {\n  oh no\n};\n');
  await expect(refresh(server)).rejects.toThrow(
    expect.objectContaining({
      code: 'action_unusable',
      description: expect.stringContaining('./actions/groups.js:2:6: Unexpected identifier'),
    }),
  );
  await unlink(fileOf('groups'));
  await expect(refresh(server)).rejects.toThrow(expect.objectContaining({ code: 'action_unusable' }));
  await save('groups', '// mended\n');
  expect(await refresh(server)).toBe(true);
  expect((await deployed(server))[1]).toMatchObject({ code: '// mended\n', version: 2 });
});

test('code that is deployed over REST is not overwritten by the file before the next start', async () => {
  const first = await start();
  const { id } = (await deployed(first))[0]!;
  const path = `/api/v2/actions/actions/${id}`;
  await first.api('PATCH', path, { code: '// of REST\n' });
  await save('roles', '// saved meanwhile\n');
  expect(await refresh(first)).toBe(true);
  expect((await first.api('GET', path)).body).toMatchObject({ code: '// of REST\n' });
  await first.api('POST', `${path}/deploy`);
  await save('roles', '// saved later\n');
  expect(await refresh(first)).toBe(false);
  expect((await deployed(first))[0]).toMatchObject({ code: '// of REST\n', liveFile: null });
  await stop(first);
  const second = await start();
  expect((await deployed(second))[0]).toMatchObject({ code: '// saved later\n', liveFile: fileOf('roles') });
});

test('secrets that are deployed over REST leave the file live', async () => {
  const server = await start();
  const { id } = (await deployed(server))[0]!;
  await server.api('PATCH', `/api/v2/actions/actions/${id}`, { secrets: [{ name: 'OTHER', value: 'x' }] });
  await server.api('POST', `/api/v2/actions/actions/${id}/deploy`);
  await save('roles', '// saved\n');
  expect(await refresh(server)).toBe(true);
  expect((await deployed(server))[0]).toMatchObject({ code: '// saved\n', secrets: { OTHER: 'x' } });
});

test.each<[string, () => Promise<unknown>, RegExp]>([
  [
    'a file that is not there',
    () => unlink(fileOf('roles')),
    /mintmark\.yaml:4:5: actions\[0\]\.code: .*roles\.js cannot be read: there is no such file/,
  ],
  [
    'a folder',
    () => unlink(fileOf('roles')).then(() => mkdir(fileOf('roles'))),
    /mintmark\.yaml:4:5: actions\[0\]\.code: .*it is a folder/,
  ],
  [
    'code that is no JavaScript',
    () => save('groups', 'import x from "y";'),
    /mintmark\.yaml:11:5: actions\[2\]\.code: \.\/actions\/groups\.js:1:1: Cannot use import/,
  ],
  [
    'too much code',
    () => save('roles', `//${'x'.repeat(102_400)}`),
    /mintmark\.yaml:4:5: actions\[0\]\.code: .*100 kB/,
  ],
  [
    'a package that is not installed',
    async () => {
      await save('scopes', 'require("mint-missing");');
      await writeSeed(`${SEED}    dependencies: { mint-missing: 1.0.0 }\n`);
      await save('groups', 'require("mint-missing");');
    },
    /mintmark\.yaml:13:5: actions\[2\]\.dependencies: .*mint-missing/,
  ],
])('%s is refused at start with its line, and nothing is written', async (_what, spoil, said) => {
  await stop(await start());
  await spoil();
  await expect(start()).rejects.toThrow(
    expect.objectContaining({ code: 'seed_invalid', description: expect.stringMatching(said) }),
  );
  await writeSeed('');
  const server = await start();
  const { items } = await server.app.get(ActionStore).list({ page: 0, perPage: 10 });
  expect(items.map(({ draft }) => draft.code).toSorted()).toEqual([
    '// groups\n',
    '// roles\n',
    '// scopes\n',
  ]);
});

test('no byte of the database holds a secret of the seed', async () => {
  await start();
  const files = (await readdir(folder)).filter((name) => name.startsWith('tenant.sqlite'));
  expect(files).not.toEqual([]);
  for (const name of files)
    expect((await readFile(join(folder, name))).includes(Buffer.from(SECRET)), name).toBe(false);
});
