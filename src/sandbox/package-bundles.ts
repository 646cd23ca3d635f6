/**
 * The packages that an Action declares, each bundled to one CommonJS file: a worker reads no file, and packages that are ES modules
 * alone work by `require` so. They come from the operator's own folder and are never executed here.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build, type BuildFailure, type Message, type Plugin } from 'esbuild';
import type { Dependency } from '../tenant/action.js';
import type { ModuleBundle } from './messages.js';
import { SandboxError } from './sandbox-error.js';

interface InstalledPackage {
  readonly manifest: string;
  readonly changedAt: number;
  readonly version: string | null;
}

/** More than all Actions of a tenant can declare; the oldest goes first. */
const CACHED = 500;
const cache = new Map<string, Promise<ModuleBundle>>();

/** Of one package, each a bundle of its own. */
const ENTRIES = 100;

const SPECIFIER = /\brequire\s*\(\s*(["'`])([^"'`\s]+)\1\s*,?\s*\)/g;

/** What the code requires, as it is written there; a comment that looks like it costs a bundle and no more. */
const requiredIn = (code: string): ReadonlySet<string> =>
  new Set([...code.matchAll(SPECIFIER)].map(([, , specifier]) => specifier!));

const isOf = (name: string, specifier: string): boolean =>
  specifier === name || specifier.startsWith(`${name}/`);

/** Steps up, or in place: what lies beside a package, and so any file of the server, is none of its own. */
const isOutside = (specifier: string): boolean =>
  /[\\%]/.test(specifier) || specifier.split('/').some((step) => step === '..' || step === '.');

const isExact = (version: string): boolean => version !== 'latest' && version !== '*' && version !== '';

const remedy = ({ name, version }: Dependency, folder: string): string =>
  `npm install --prefix ${folder} ${name}@${isExact(version) ? version : 'latest'}`;

async function installed(name: string, from: string): Promise<InstalledPackage | null> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    try {
      const { mtimeMs } = await stat(manifest);
      const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version?: unknown };
      return { manifest, changedAt: mtimeMs, version: typeof version === 'string' ? version : null };
    } catch {
      // Not here, or no package: Node would look further up, too.
    }
    if (folder === dirname(folder)) return null;
  }
}

async function declaredPackage(dependency: Dependency, from: string): Promise<InstalledPackage> {
  const { name, version } = dependency;
  const found = await installed(name, from);
  if (found === null) {
    throw new SandboxError(
      'package_missing',
      `the Action depends on the package ${name}, which is not installed where Mintmark looks for packages. Install it: ${remedy(dependency, from)}`,
    );
  }
  if (isExact(version) && found.version !== version) {
    throw new SandboxError(
      'package_version',
      `the Action depends on ${name} in version ${version}, but ${found.version ?? 'one without a version'} is installed. Install the other: ${remedy(dependency, from)}; or declare ${found.version ?? 'latest'}, or latest for whatever is there`,
    );
  }
  return found;
}

const NATIVE = 'native addons (.node) are not run in the sandbox';
const noNativeAddons: Plugin = {
  name: 'no-native-addons',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /\.node$/ }, ({ path }) => ({ errors: [{ text: `${path}: ${NATIVE}` }] }));
  },
};

async function bundled(contents: string, from: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: from, sourcefile: 'action.js', loader: 'js' },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: `node${process.versions.node}`,
    legalComments: 'none',
    logLevel: 'silent',
    // Nothing but node_modules says what a name means.
    tsconfigRaw: '{}',
    nodePaths: [],
    plugins: [noNativeAddons],
  });
  return outputFiles[0]!.text;
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors);

const nameNotExported = (specifier: string, { text }: Message): boolean =>
  text.includes(`Could not resolve ${JSON.stringify(specifier)}`);

async function codeOf(specifier: string, from: string): Promise<string> {
  const quoted = JSON.stringify(specifier);
  try {
    return await bundled(`module.exports = require(${quoted});`, from);
  } catch (error) {
    // A package may offer itself to `import` alone.
    if (!isBuildFailure(error) || !error.errors.some((message) => nameNotExported(specifier, message))) {
      throw error;
    }
    return await bundled(`import * as all from ${quoted}; module.exports = all;`, from);
  }
}

async function bundleOf(specifier: string, from: string): Promise<ModuleBundle> {
  try {
    const code = await codeOf(specifier, from);
    return { name: specifier, code, hash: createHash('sha256').update(code).digest('base64url') };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const { text, location } = error.errors[0] ?? { text: error.message, location: null };
    const where = location === null || location.file === 'action.js' ? '' : ` (${location.file})`;
    throw new SandboxError(
      'package_unusable',
      `the package ${specifier} is installed, but cannot be used by an Action: ${text}${where}`,
      { cause: error },
    );
  }
}

function remembered(key: string, make: () => Promise<ModuleBundle>): Promise<ModuleBundle> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const bundle = make();
  cache.set(key, bundle);
  // Whoever installs what was missing elsewhere changes nothing here, so a failure is not kept.
  bundle.catch(() => cache.delete(key));
  if (cache.size > CACHED) cache.delete(cache.keys().next().value!);
  return bundle;
}

/**
 * What the code may `require` of the packages that it declares, looked up from the folder `from` as Node does.
 * Rejects with SandboxError `package_missing`, `package_version` or `package_unusable`.
 */
export async function bundlePackages({
  code,
  dependencies,
  from,
}: {
  readonly code: string;
  readonly dependencies: readonly Dependency[];
  readonly from: string;
}): Promise<ModuleBundle[]> {
  const required = requiredIn(code);
  const bundles = await Promise.all(
    // `require` hands out the built-in, whatever package has its name.
    dependencies
      .filter(({ name }) => !isBuiltin(name))
      .map(async (dependency) => {
        const { name } = dependency;
        const { manifest, changedAt, version } = await declaredPackage(dependency, from);
        const bundle = (specifier: string): Promise<ModuleBundle> =>
          remembered(JSON.stringify([specifier, from, manifest, changedAt, version]), () =>
            bundleOf(specifier, from),
          );
        const wanted = [...required].filter((specifier) => isOf(name, specifier));
        if (wanted.length > ENTRIES)
          throw new SandboxError(
            'package_unusable',
            `the Action requires ${wanted.length} files of the package ${name}, and may require ${ENTRIES}: require the package itself, and take from it what you need`,
          );
        const outside = wanted.find(isOutside);
        if (outside !== undefined)
          throw new SandboxError(
            'package_unusable',
            `the Action requires ${outside}, which leads out of the package ${name}: write the path inside the package, as it is published`,
          );
        if (required.has(name)) return Promise.all(wanted.map(bundle));
        // Its name may be put together at run time; where the package has no such entry, nobody asked for one.
        const [bare, ...rest] = await Promise.all([bundle(name).catch(() => null), ...wanted.map(bundle)]);
        return bare === null ? rest : [bare, ...rest];
      }),
  );
  return bundles.flat();
}
