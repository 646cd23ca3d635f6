import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failures } from '../../src/login/ports.js';
import { Retention } from '../../src/login/retention.service.js';
import { ClientStore } from '../../src/storage/client-store.js';
import { openDataSource } from '../../src/storage/data-source.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import type { Client } from '../../src/tenant/client.js';
import { verifyPassword } from '../../src/tenant/password.js';
import { sessionIdOf } from '../../src/tenant/session.js';
import { tenantSettingsSchema } from '../../src/tenant/tenant-settings.js';
import type { User } from '../../src/tenant/user.js';
import { hashOfAdminToken } from '../../src/web/border/admin-token.js';
import { startTestServer, type TestServer } from '../support/server.js';

let folder: string;
let running: TestServer[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-start-'));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.close();
  await rm(folder, { recursive: true });
});

/** A server on the one database of this test, which is empty at first. */
async function start(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({
    DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
    MINTMARK_CERTS: join(folder, 'certs'),
    MINTMARK_LOG_LEVEL: 'silent',
    ...env,
  });
  running.push(server);
  return server;
}
async function stop(server: TestServer): Promise<void> {
  running = running.filter((other) => other !== server);
  await server.close();
}
async function seedFile(yaml: string): Promise<Record<string, string>> {
  const file = join(folder, 'seed.yaml');
  await writeFile(file, yaml);
  return { MINTMARK_SEED: file };
}
const stored = async (server: TestServer): Promise<unknown> => [
  await server.app.get(ClientStore).list({ page: 0, perPage: 100 }),
  await server.app.get(UserStore).list({ page: 0, perPage: 100 }),
  await server.app.get(SettingsStore).get(),
];

test('a first start makes a key for each algorithm, a second one keeps them', async () => {
  const first = await start();
  expect(first).toMatchObject({
    firstStart: true,
    keys: { generated: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  });
  const keys = (await first.api('GET', '/api/keys')).body;
  await stop(first);
  const second = await start();
  expect(second).toMatchObject({
    firstStart: false,
    keys: { generated: [], importedFrom: null },
    seeded: null,
  });
  expect((await second.api('GET', '/api/keys')).body).toEqual(keys);
});

test('instances that start at once on a new database agree on keys, seed and admin token', async () => {
  const seed = await seedFile(
    'clients: [{client_id: a, name: A}]\nusers: [{user_id: auth0|a, password: hunter2hunter2}]\n',
  );
  const instances = await Promise.all([1, 2, 3].map(() => start({ ...seed, HOST: '0.0.0.0' })));
  const tokens = instances.flatMap(({ adminToken }) => adminToken?.generated ?? []);
  expect(tokens).toHaveLength(1);
  const answers = await Promise.all(
    instances.map(async (server) => {
      const bearer = { authorization: `Bearer ${tokens[0]}` };
      const of = async (path: string) => (await server.api('GET', path, undefined, bearer)).body;
      return [await of('/api/keys'), await of('/api/v2/clients'), await of('/api/v2/users')];
    }),
  );
  expect(answers[0]![0]).toHaveLength(4);
  expect(answers[0]![1]).toHaveLength(1);
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

test('the demo tenant is made where there is nothing, and issues a signed response', async () => {
  const first = await start({ MINTMARK_SEED: '' });
  expect(first.seeded).toMatchObject({ clients: 3, users: 2 });
  const { status, body } = await first.api('POST', '/api/transactions', {
    protocol: 'samlp',
    client_id: 'demo-sp',
    user: { user_id: 'auth0|alice' },
    complete: true,
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({ status: 'completed', result: { acsUrl: 'https://sp.example.test/saml/acs' } });
  const hash = await first.app.get(UserStore).passwordHash('auth0|alice');
  expect(await verifyPassword('alice-demo-password', hash!)).toBe(true);

  // What a person changed in it stays, also what they deleted.
  await first.api('DELETE', '/api/v2/clients/demo-app');
  await first.api('PATCH', '/api/v2/clients/demo-sp', { name: 'Mine' });
  await stop(first);
  const second = await start({ MINTMARK_SEED: '' });
  expect(second.seeded).toBeNull();
  const names = (await second.api<Client[]>('GET', '/api/v2/clients')).body.map(({ name }) => name);
  expect(names).toEqual(['Mine', 'Demo vault']);
});

const SEED = `
settings: { name: acme }
clients:
  - client_id: sp
    name: Seeded
    callbacks: [https://sp.test/acs]
    addons: { samlp: { audience: urn:sp } }
users:
  - user_id: jane
    email: jane@example.test
    password: correct-horse
`;

test('a seed that is applied twice changes nothing the second time', async () => {
  const seed = await seedFile(SEED);
  const first = await start(seed);
  const before = await stored(first);
  const hash = await first.app.get(UserStore).passwordHash('auth0|jane');
  const settings = await first.app.get(SettingsStore).revision();
  await stop(first);
  const second = await start(seed);
  expect(second.seeded).toMatchObject({ clients: 1, users: 1 });
  expect(await stored(second)).toEqual(before);
  expect(await second.app.get(UserStore).passwordHash('auth0|jane')).toBe(hash);
  expect(await second.app.get(SettingsStore).revision()).toBe(settings);
});

test('at each start the seed takes the place of what it names; dates, secrets and everything else stay', async () => {
  const first = await start(await seedFile(SEED));
  const client = (await first.api<Client>('GET', '/api/v2/clients/sp')).body;
  const user = (await first.api<User>('GET', '/api/v2/users/auth0%7Cjane')).body;
  await first.api('PATCH', '/api/v2/clients/sp', { description: 'by hand' });
  await first.api('POST', '/api/v2/clients', { client_id: 'other', name: 'Other' });
  await first.api('PATCH', '/api/v2/tenants/settings', { default_audience: 'urn:api' });
  await stop(first);

  const second = await start(
    await seedFile(SEED.replace('Seeded', 'Renamed').replace('correct-horse', 'battery-staple')),
  );
  const { updated_at, ...again } = (await second.api<Client>('GET', '/api/v2/clients/sp')).body;
  const { updated_at: before, ...expected } = { ...client, name: 'Renamed' };
  expect(again).toEqual(expected);
  expect(Date.parse(updated_at)).toBeGreaterThan(Date.parse(before));
  const jane = (await second.api<User>('GET', '/api/v2/users/auth0%7Cjane')).body;
  expect(jane).toEqual({ ...user, last_password_reset: expect.any(String) as string });
  const hash = (await second.app.get(UserStore).passwordHash('auth0|jane'))!;
  expect(await verifyPassword('battery-staple', hash)).toBe(true);
  expect((await second.api('GET', '/api/v2/clients/other')).status).toBe(200);
  expect((await second.api('GET', '/api/v2/tenants/settings')).body).toEqual(
    tenantSettingsSchema.parse({ name: 'acme', default_audience: 'urn:api' }),
  );
  await stop(second);

  const third = await start(await seedFile(SEED.replace('correct-horse', 'battery-staple')));
  expect((await third.api('GET', '/api/v2/users/auth0%7Cjane')).body).toEqual(jane);
});

test('a seed that blocks a user, or gives a new password, ends what that ends over REST', async () => {
  const first = await start(await seedFile(`${SEED}  - { user_id: bob, name: Bob }\n`));
  const logIn = async (userId: string): Promise<{ readonly sessionId: string; readonly grantId: string }> => {
    const at = new Date().toISOString();
    const sessionId = sessionIdOf(randomBytes(32).toString('base64url'));
    const lasting = { userId, authenticatedAt: at, createdAt: at };
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await first.app.get(SessionStore).insert({ ...lasting, id: sessionId, lastSeenAt: at, expiresAt });
    const grantId = `grant_${randomBytes(16).toString('hex')}`;
    const about = { clientId: 'sp', transactionId: null, audience: null, scope: 'openid offline_access' };
    await first.app
      .get(GrantStore)
      .insert({ ...lasting, ...about, id: grantId, sessionId }, { endsAt: expiresAt });
    return { sessionId, grantId };
  };
  const [jane, bob] = [await logIn('auth0|jane'), await logIn('auth0|bob')];
  /** What of the two is still good. */
  const left = async (server: TestServer): Promise<unknown> => {
    const kept = async ({ sessionId, grantId }: typeof jane) => {
      const grant = (await server.app.get(GrantStore).find(grantId))!;
      return {
        session: (await server.app.get(SessionStore).get(sessionId)) !== null,
        accessTokens: grant.revokedAt === null,
        refreshTokens: grant.revokedAt === null && grant.refreshTokensRevokedAt === null,
      };
    };
    return { jane: await kept(jane), bob: await kept(bob) };
  };
  const all = { session: true, accessTokens: true, refreshTokens: true };
  await stop(first);

  const same = await start(await seedFile(`${SEED}  - { user_id: bob, name: Bob B. }\n`));
  expect(await left(same)).toEqual({ jane: all, bob: all });
  await stop(same);

  const changed = SEED.replace('correct-horse', 'battery-staple');
  const third = await start(await seedFile(`${changed}  - { user_id: bob, blocked: true }\n`));
  expect(await left(third)).toEqual({
    jane: { session: false, accessTokens: true, refreshTokens: false },
    bob: { session: false, accessTokens: false, refreshTokens: false },
  });
});

test.each<[string, string, RegExp]>([
  [
    'an unknown member',
    'client: []',
    /seed\.yaml:1:1: client: unknown field "client"; did you mean "clients"\?/,
  ],
  [
    'a SAML setting that cannot work',
    SEED.replace('audience: urn:sp', 'key: nope'),
    /seed\.yaml: client "sp": key cannot be read/,
  ],
  [
    'one user under two spellings',
    `${SEED}  - user_id: auth0|jane\n`,
    /seed\.yaml: user "auth0\|jane": .* already/,
  ],
  [
    'an instant that is none',
    `${SEED}    created_at: yesterday\n`,
    /seed\.yaml: user "jane": created_at: must be/,
  ],
])('a seed with %s is refused at start, and nothing of it is stored', async (_what, yaml, said) => {
  await expect(start(await seedFile(yaml))).rejects.toThrow(
    expect.objectContaining({ code: 'seed_invalid', description: expect.stringMatching(said) }),
  );
  expect(await stored(await start())).toEqual([
    { items: [], total: 0 },
    { items: [], total: 0 },
    tenantSettingsSchema.parse({}),
  ]);
});

test('a seed file that is not there is refused at start', async () => {
  await expect(start({ MINTMARK_SEED: join(folder, 'nowhere.yaml') })).rejects.toThrow(
    expect.objectContaining({
      code: 'seed_unusable',
      description: expect.stringContaining('there is no such file'),
    }),
  );
});

async function certs(files: Record<string, string>): Promise<void> {
  await mkdir(join(folder, 'certs'));
  for (const [name, key] of Object.entries(files)) {
    await copyFile(new URL(`../keys/${key}`, import.meta.url), join(folder, 'certs', name));
    await chmod(join(folder, 'certs', name), 0o600);
  }
}
const fingerprintIn = async (server: TestServer): Promise<string> => {
  const keys = (await server.api<{ alg: string; status: string; kid: string }[]>('GET', '/api/keys')).body;
  return keys.find(({ alg, status }) => alg === 'RS256' && status === 'current')!.kid;
};

test('the pair in the folder for certificates becomes the tenant key, once', async () => {
  await certs({ 'tenant.key': 'saml-idp.key.pem', 'tenant.crt': 'saml-idp.crt.pem' });
  const first = await start();
  expect(first.keys).toEqual({
    generated: ['PS256', 'ES256', 'EdDSA'],
    importedFrom: join(folder, 'certs', 'tenant.key'),
  });
  const imported = await fingerprintIn(first);
  await first.api('POST', '/api/keys/rotate');
  const rotated = await fingerprintIn(first);
  expect(rotated).not.toBe(imported);
  await stop(first);
  const second = await start();
  expect(second.keys.importedFrom).toBeNull();
  expect(await fingerprintIn(second)).toBe(rotated);
});

test('a pair that is put there later takes the place of the generated key, which stays published', async () => {
  const first = await start();
  const generated = await fingerprintIn(first);
  await stop(first);
  await certs({ 'tenant.key': 'saml-other.key.pem', 'tenant.crt': 'saml-other.crt.pem' });
  const second = await start();
  expect(await fingerprintIn(second)).not.toBe(generated);
  expect((await second.api('GET', '/.well-known/jwks.json')).body).toMatchObject({
    keys: expect.arrayContaining([expect.objectContaining({ kid: generated })]),
  });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['a key alone', { 'tenant.key': 'saml-idp.key.pem' }, /tenant\.key is there without .*tenant\.crt/],
  ['a certificate alone', { 'tenant.crt': 'saml-idp.crt.pem' }, /tenant\.crt is there without .*tenant\.key/],
  [
    'halves of two pairs',
    { 'tenant.key': 'saml-idp.key.pem', 'tenant.crt': 'saml-other.crt.pem' },
    /tenant\.crt: it belongs to another key\.$/,
  ],
  [
    'a key that cannot sign SAML',
    { 'tenant.key': 'jwt-p256.key.pem', 'tenant.crt': 'saml-idp.crt.pem' },
    /tenant\.key: .*must be an RSA key\.$/,
  ],
  [
    'the two swapped',
    { 'tenant.key': 'saml-idp.crt.pem', 'tenant.crt': 'saml-idp.key.pem' },
    /tenant\.key: this is a certificate/,
  ],
])('%s in the folder for certificates is refused at start', async (_what, files, said) => {
  await certs(files);
  await expect(start()).rejects.toThrow(
    expect.objectContaining({ code: 'tenant_key_unusable', description: expect.stringMatching(said) }),
  );
});

test('on loopback there is no admin token', async () => {
  const server = await start({ MINTMARK_ADMIN_TOKEN: 'a-token-that-is-set' });
  expect(server.adminToken).toBeNull();
  expect((await server.api('GET', '/api/v2/users')).status).toBe(200);
});

test('elsewhere one is generated once, kept as a hash, and asked for at each start', async () => {
  const first = await start({ HOST: '0.0.0.0' });
  const token = first.adminToken!.generated!;
  expect(token).toMatch(/^[\w-]{43}$/);
  expect((await first.api('GET', '/api/v2/users')).status).toBe(401);
  expect(await first.app.get(SettingsStore).adminTokenHash()).toBe(hashOfAdminToken(token));
  await stop(first);
  const second = await start({ HOST: '0.0.0.0' });
  expect(second.adminToken!.generated).toBeNull();
  const ask = async (authorization: string) =>
    (await second.api('GET', '/api/v2/users', undefined, { authorization })).status;
  expect(await ask(`Bearer ${token}`)).toBe(200);
  expect(await ask(`Bearer ${hashOfAdminToken(token)}`)).toBe(401);
  await stop(second);
  const third = await start({ HOST: '0.0.0.0', MINTMARK_ADMIN_TOKEN: 'a-token-that-is-set' });
  const withToken = { authorization: 'Bearer a-token-that-is-set' };
  expect((await third.api('GET', '/api/v2/users', undefined, withToken)).status).toBe(200);
  expect(
    (await third.api('GET', '/api/v2/users', undefined, { authorization: `Bearer ${token}` })).status,
  ).toBe(401);
});

test('a token that was made for a start that failed is made anew by the next', async () => {
  const taken = await start();
  const port = new URL(taken.baseUrl).port;
  await expect(start({ HOST: '0.0.0.0', PORT: port })).rejects.toThrow('EADDRINUSE');
  const dataSource = await openDataSource(taken.databaseUrl);
  expect(await new SettingsStore(dataSource).adminTokenHash()).toBeNull();
  await dataSource.destroy();
});

test('a start deletes the transactions beyond the caps; a failure of that is told and stops nothing', async () => {
  const seed = await seedFile(SEED);
  const first = await start(seed);
  for (let index = 0; index < 4; index++)
    await first.api('POST', '/api/transactions', { protocol: 'samlp', client_id: 'sp', user: { name: 'x' } });
  await first.app.get(SettingsStore).update((kept) => ({ ...kept, retention: { days: 7, transactions: 1 } }));
  await stop(first);

  const second = await start(seed);
  const kept = async () =>
    (await second.api<{ items: unknown[] }>('GET', '/api/transactions')).body.items.length;
  await expect.poll(kept).toBe(1);

  const told: string[] = [];
  second.app.get(Failures).report = (_error, what) => void told.push(what);
  await second.app.get(DataSource).query('ALTER TABLE transactions RENAME TO elsewhere');
  await second.app.get(Retention).prune();
  expect(told).toEqual([expect.stringContaining('not deleted')]);
  await second.app.get(DataSource).query('ALTER TABLE elsewhere RENAME TO transactions');
  expect(await kept()).toBe(1);
});
