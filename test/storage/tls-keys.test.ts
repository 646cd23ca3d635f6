import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { provideTls } from '../../src/provision/tls.js';
import { TlsKeyStore } from '../../src/storage/tls-key-store.js';
import type { TlsPair } from '../../src/tenant/tls-certificates.js';
import { onEachDatabase } from './each-database.js';

const pair = (name: string): TlsPair => ({ privateKeyPem: `key ${name}`, certificatePem: `cert ${name}` });

onEachDatabase(
  'of many authorities at a first start one is kept, and every instance gets it',
  async ({ open }) => {
    const stores = [new TlsKeyStore(await open()), new TlsKeyStore(await open())] as const;
    expect(await stores[0].get('authority')).toBeNull();
    const won = await Promise.all(
      Array.from({ length: 8 }, (_, index) => stores[index % 2]!.insertFirstAuthority(pair(String(index)))),
    );
    for (const its of won) expect(its).toEqual(won[0]);
    expect(await stores[1].insertFirstAuthority(pair('late'))).toEqual(won[0]);
    await stores[0].putServer(pair('first'));
    await stores[0].putServer(pair('second'));
    expect(await stores[1].get('server')).toEqual(pair('second'));
    expect(await stores[1].get('authority')).toEqual(won[0]);
  },
);

onEachDatabase('the tables of TLS are taken back and come again', async ({ open }) => {
  const first = await open();
  await new TlsKeyStore(first).putServer(pair('a'));
  const isThere = async (): Promise<boolean> =>
    (await first.query<{ name: string }[]>('SELECT name FROM migrations')).some(
      ({ name }) => name === 'Tls1795244400000',
    );
  while (await isThere()) await first.undoLastMigration();
  await expect(first.query('SELECT * FROM tls_keys')).rejects.toThrow('tls_keys');
  expect(await new TlsKeyStore(await open()).get('server')).toBeNull();
});

onEachDatabase(
  'a certificate that cannot be written to a file is told, and served all the same',
  async ({ open }) => {
    const folder = await mkdtemp(join(tmpdir(), 'mintmark-tls-'));
    try {
      const store = new TlsKeyStore(await open());
      const circumstances = { names: ['localhost'], now: new Date() };
      const warnings: string[] = [];
      const warn = (sentence: string): void => void warnings.push(sentence);
      const file = join(folder, 'ca.pem');
      await writeFile(file, 'the authority of before');
      const written = await provideTls(store, { ...circumstances, file }, warn);
      expect(written.authority.file).toBe(file);
      expect(await readFile(file, 'utf8')).toBe(written.authority.certificatePem);
      expect(warnings).toEqual([]);
      const refused = await provideTls(store, { ...circumstances, file: join(file, 'below.pem') }, warn);
      expect(refused).toEqual({ ...written, authority: { ...written.authority, file: null } });
      expect(warnings).toEqual([expect.stringContaining('below.pem')]);
      expect(JSON.stringify([warnings, written.authority])).not.toContain('PRIVATE');
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
