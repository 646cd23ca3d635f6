/**
 * Files that are written from the code and kept in the repository. When one of these tests fails, run
 * `npx vitest run test/generated-files.test.ts -u` and commit what changed.
 */
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { parseSeed } from '../src/tenant/seed-file.js';
import { seedJsonSchema } from '../src/tenant/seed.js';
import { configurationPage } from './support/configuration-page.js';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const seedNames = readdirSync(at('examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `examples/${name}/mintmark.yaml`);

test('docs/configuration.md tells every variable', async () => {
  const page = await format(configurationPage(), { parser: 'markdown', printWidth: 110 });
  await expect(page).toMatchFileSnapshot(at('docs/configuration.md'));
});

test('examples/mintmark.schema.json is the schema of a seed file', async () => {
  const schema = await format(JSON.stringify(seedJsonSchema()), { parser: 'json', printWidth: 110 });
  await expect(schema).toMatchFileSnapshot(at('examples/mintmark.schema.json'));
});

test.each(seedNames)('%s is a seed', (name) => {
  const seed = parseSeed(readFileSync(at(name), 'utf8'), name);
  expect(seed.clients.length).toBeGreaterThan(0);
  expect(seed.users.length).toBeGreaterThan(0);
});

test('the keys of the demo vault belong together', () => {
  const seed = parseSeed(readFileSync(at('examples/demo/mintmark.yaml'), 'utf8'), 'mintmark.yaml');
  const samlp = seed.clients.find(({ client_id }) => client_id === 'demo-vault')!.addons.samlp!;
  const key = createPrivateKey(readFileSync(at('examples/demo/vault-sp.key.pem'), 'utf8'));
  const certificate = new X509Certificate(samlp.encryptionCert!);
  expect(certificate.checkPrivateKey(key)).toBe(true);
  expect(createPublicKey(samlp.encryptionPublicKey!).equals(certificate.publicKey)).toBe(true);
});
