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

test.each(readdirSync(folder).filter((name) => name.endsWith('.mjs')))(
  'the example %s runs against a first start',
  async (name) => {
    const data = await mkdtemp(join(tmpdir(), 'mintmark-example-'));
    const server = await startServer(
      readConfig({
        PORT: '0',
        DATABASE_URL: `file:${join(data, 'demo.sqlite')}`,
        MINTMARK_CERTS: join(data, 'certs'),
      }),
    );
    try {
      const { stdout } = await run(process.execPath, [join(folder, name), server.baseUrl]);
      expect(stdout).toContain('is logged in');
    } finally {
      await server.close();
      await rm(data, { recursive: true });
    }
  },
);

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
