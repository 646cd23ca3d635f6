import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.js';
import { startServer } from '../src/server.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../examples/', import.meta.url));

async function atFirstStart(use: (baseUrl: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'mintmark-example-'));
  const server = await startServer(
    readConfig({
      PORT: '0',
      DATABASE_URL: `file:${join(data, 'demo.sqlite')}`,
      MINTMARK_CERTS: join(data, 'certs'),
    }),
  );
  try {
    await use(server.baseUrl);
  } finally {
    await server.close();
    await rm(data, { recursive: true });
  }
}

test.each(readdirSync(folder).filter((name) => name.endsWith('.mjs')))(
  'the example %s runs against a first start',
  (name) =>
    atFirstStart(async (baseUrl) => {
      const { stdout } = await run(process.execPath, [join(folder, name), baseUrl]);
      expect(stdout).toContain('is logged in');
    }),
);

test('the example test-action.mjs ends with what a test suite goes by', () =>
  atFirstStart(async (baseUrl) => {
    const tried = (...more: string[]) =>
      run(process.execPath, [join(folder, 'test-action.mjs'), baseUrl, ...more]);
    const roles = join(folder, 'actions/send-roles.js');
    // bob has no role
    const { stdout } = await tried(roles, '--user', 'auth0|bob', '--expect', 'denied');
    expect(stdout).toContain('send-roles.js:8: api.access.deny("You have no role here yet.');
    await expect(tried(roles, '--user', 'auth0|bob')).rejects.toMatchObject({
      code: 1,
      stderr: 'The login is denied, and was to be completed.\n',
    });
    await expect(tried(join(folder, 'README.md'))).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('README.md:1:1: ') as string,
    });
    await expect(tried('nowhere.js')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^ENOENT: .*nowhere\.js'\n$/) as string,
    });
    const oidc = ['--protocol', 'oidc', '--user', 'auth0|alice'];
    expect((await tried(join(folder, 'actions/send-department.js'), ...oidc)).stdout).toContain(
      'auth0|alice is logged in',
    );
  }));

test.each(['demo', 'legacy-sp', 'actions'])(
  'the seed examples/%s is taken by a first start',
  async (name) => {
    const data = await mkdtemp(join(tmpdir(), 'mintmark-example-'));
    const server = await startServer(
      readConfig({
        PORT: '0',
        DATABASE_URL: `file:${join(data, 'seeded.sqlite')}`,
        MINTMARK_CERTS: join(data, 'certs'),
        MINTMARK_SEED: join(folder, name, 'mintmark.yaml'),
      }),
    );
    expect(server.seeded?.clients).toBeGreaterThan(0);
    await server.close();
    await rm(data, { recursive: true });
  },
);
