import { createRequire } from 'node:module';
import { mkdir, mkdtemp, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Dependency } from '../tenant/action.js';
import type { ModuleBundle } from './messages.js';
import { bundlePackages } from './package-bundles.js';

const folderWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-packages-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return folder;
};

const manifest = (more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ name: 'x', version: '1.2.3', main: 'index.js', ...more });
const ONE = { 'one/package.json': manifest(), 'one/index.js': 'module.exports = { is: "one" };' };

const declared = (name: string, version = 'latest'): Dependency => ({ name, version });
const bundle = (
  from: string,
  code: string,
  ...dependencies: readonly Dependency[]
): Promise<ModuleBundle[]> => bundlePackages({ code, dependencies, from });
const names = (bundles: readonly ModuleBundle[]): string[] => bundles.map(({ name }) => name);

/** As a worker does it, without the sandbox. */
const load = ({ code }: ModuleBundle): unknown => {
  const module = { exports: {} };
  // oxlint-disable-next-line no-implied-eval
  new Function('module', 'exports', 'require', code)(module, module.exports, createRequire(import.meta.url));
  return module.exports;
};

test('a declared package becomes one file, whether its name is written in the code or put together', async () => {
  const from = await folderWith(ONE);
  for (const code of ['require("one")', "require('one')", 'require(`one`)', 'require("o" + "ne")']) {
    const [only, ...others] = await bundle(from, code, declared('one', '1.2.3'));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ name: 'one', hash: expect.stringMatching(/^[\w-]{43}$/) });
    expect(load(only!)).toEqual({ is: 'one' });
  }
});

test('what lies beside a package is not read, whatever way leads there', async () => {
  const from = await folderWith({ ...ONE, '../secret.json': '{"password":"hunter2"}' });
  for (const path of ['../../secret.json', '../../secret', './index.js', 'lib/../../../secret.json', '..']) {
    const refused = bundle(from, `require("one/${path}")`, declared('one'));
    await expect(refused).rejects.toMatchObject({ code: 'package_unusable' });
    await expect(refused).rejects.not.toThrow(/hunter2/);
  }
  await expect(bundle(from, 'require("one/index.js")', declared('one'))).resolves.toHaveLength(2);
});

test('the files that are required of one package are counted before any is bundled', async () => {
  const from = await folderWith(ONE);
  const code = Array.from({ length: 101 }, (_, index) => `require("one/${index}")`).join(';');
  await expect(bundle(from, code, declared('one'))).rejects.toMatchObject({
    code: 'package_unusable',
    message: expect.stringMatching(/101 files/),
  });
});

test('what a package needs goes into the file, and built-ins stay outside', async () => {
  const from = await folderWith({
    ...ONE,
    'two/package.json': manifest(),
    'two/index.js':
      'exports.one = require("one").is; exports.hash = require("crypto").createHash("md5").update("").digest("hex");',
  });
  const [two] = await bundle(from, 'require("two")', declared('two'));
  expect(load(two!)).toEqual({ one: 'one', hash: 'd41d8cd98f00b204e9800998ecf8427e' });
});

test('paths below a declared package are bundled by the name they are required by', async () => {
  const from = await folderWith({
    ...ONE,
    'one/deep/path.js': 'module.exports = "deep";',
    '@scope/lib/package.json': manifest({ exports: { './sub': './sub.js' } }),
    '@scope/lib/sub.js': 'module.exports = "sub";',
  });
  const bundles = await bundle(
    from,
    'require("one/deep/path"); require("@scope/lib/sub"); require("onerous")',
    declared('one'),
    declared('@scope/lib'),
  );
  expect(names(bundles)).toEqual(['one', 'one/deep/path', '@scope/lib/sub']);
  expect(bundles.slice(1).map(load)).toEqual(['deep', 'sub']);
});

test('a package of ES modules alone can be required, by either kind of entry', async () => {
  const esm = 'export default () => "default"; export const named = "named";';
  const from = await folderWith({
    'main/package.json': manifest({ type: 'module', exports: './index.js' }),
    'main/index.js': esm,
    'only/package.json': manifest({ type: 'module', exports: { import: './index.js' } }),
    'only/index.js': esm,
  });
  const bundles = await bundle(from, 'require("main"); require("only")', declared('main'), declared('only'));
  for (const each of bundles) {
    const all = load(each) as { default: () => string; named: string };
    expect([all.default(), all.named]).toEqual(['default', 'named']);
  }
});

test('packages are looked up from the folder upwards', async () => {
  const from = join(await folderWith(ONE), 'actions', 'login');
  await mkdir(from, { recursive: true });
  expect(names(await bundle(from, 'require("one")', declared('one')))).toEqual(['one']);
});

test('a package that is not there, or in another version, is told with what to do', async () => {
  const from = await folderWith(ONE);
  await expect(bundle(from, '', declared('none', '2.0.0'))).rejects.toMatchObject({
    code: 'package_missing',
    description: expect.stringContaining(`npm install --prefix ${from} none@2.0.0`),
  });
  await expect(bundle(from, '', declared('none'))).rejects.toMatchObject({
    description: expect.stringContaining(`npm install --prefix ${from} none@latest`),
  });
  await expect(bundle(from, 'require("one")', declared('one', '1.2.4'))).rejects.toMatchObject({
    code: 'package_version',
    description: expect.stringMatching(/1\.2\.4, but 1\.2\.3 is installed.*one@1\.2\.4/),
  });
});

test('a package that has the name of a built-in need not be installed', async () => {
  expect(await bundle(await folderWith({}), 'require("crypto")', declared('crypto', '1.0.1'))).toEqual([]);
});

test('a native addon, and a package that lacks something, are refused by name', async () => {
  const from = await folderWith({
    'native/package.json': manifest(),
    'native/index.js': 'module.exports = require("./build/addon.node");',
    'native/build/addon.node': '',
    'broken/package.json': manifest(),
    'broken/index.js': 'module.exports = require("peer");',
  });
  await expect(bundle(from, 'require("native")', declared('native'))).rejects.toMatchObject({
    code: 'package_unusable',
    description: expect.stringMatching(/package native .*\.node/),
  });
  await expect(bundle(from, 'require("broken")', declared('broken'))).rejects.toMatchObject({
    code: 'package_unusable',
    description: expect.stringMatching(/package broken .*"peer"/),
  });
});

test('a package is not executed to bundle it', async () => {
  const from = await folderWith({
    'bomb/package.json': manifest(),
    'bomb/index.js': 'globalThis.exploded = true; module.exports = 1;',
  });
  await bundle(from, 'require("bomb")', declared('bomb'));
  expect(globalThis).not.toHaveProperty('exploded');
});

test('a package is bundled once, and again when another is installed', async () => {
  const from = await folderWith(ONE);
  const [first] = await bundle(from, 'require("one")', declared('one'));
  await writeFile(join(from, 'node_modules/one/index.js'), 'module.exports = "other";');
  const [same] = await bundle(from, 'require("one")', declared('one'));
  expect(same).toBe(first);
  await utimes(join(from, 'node_modules/one/package.json'), 1, 1);
  const [other] = await bundle(from, 'require("one")', declared('one'));
  expect(load(other!)).toBe('other');
  expect(other?.hash).not.toBe(first?.hash);
});

test('packages that Actions use in earnest are bundled', async () => {
  const bundles = await bundle(
    import.meta.dirname,
    'require("axios"); require("jsonwebtoken"); require("jose")',
    declared('axios'),
    declared('jsonwebtoken'),
    declared('jose'),
  );
  const [axios, jsonwebtoken, jose] = bundles.map(load) as Record<string, unknown>[];
  expect(axios?.['get']).toBeTypeOf('function');
  expect(jsonwebtoken?.['sign']).toBeTypeOf('function');
  expect(jose?.['SignJWT']).toBeTypeOf('function');
});
