/** `require`: packages of the program, each evaluated once a run, and copies of Node's own modules. */
import type { Host, RealmProgram } from './host.js';
import {
  apply,
  captureStackTrace,
  descriptorOf,
  defineProperty,
  ERRORS,
  ownKeys,
  parseJson,
  put,
  putHidden,
  startsWith,
  slice,
} from './primordials.js';
import { emptyTable } from './plain.js';

export interface Modules {
  readonly require: (name: unknown) => unknown;
  /** Runs the program's own file and hands out its `module`. */
  readonly program: () => { exports: unknown };
  readonly load: (module: number) => unknown;
  readonly loaded: () => readonly number[];
  /** Whether that was thrown because there is no such module. */
  readonly isMissing: (thrown: unknown) => boolean;
}

/** What changes how Node works for whoever comes next, by module. */
const LASTING: Readonly<Record<string, readonly string[]>> = parseJson(`{
  "dns": ["setServers", "setDefaultResultOrder"],
  "dns/promises": ["setServers", "setDefaultResultOrder"],
  "net": ["setDefaultAutoSelectFamily", "setDefaultAutoSelectFamilyAttemptTimeout"],
  "http": ["setMaxIdleHTTPParsers", "setGlobalProxyFromEnv"],
  "tls": ["setDefaultCACertificates"],
  "crypto": ["setFips", "setEngine"],
  "async_hooks": ["createHook"],
  "diagnostics_channel": ["subscribe", "unsubscribe", "channel", "tracingChannel"],
  "events": ["setMaxListeners"],
  "util": ["setTraceSigInt"],
  "stream": ["setDefaultHighWaterMark"]
}`) as Record<string, readonly string[]>;

export function modulesOf(
  host: Host,
  program: RealmProgram,
  stubs: Readonly<Record<string, () => unknown>>,
): Modules {
  const places = emptyTable<number>();
  for (let index = 0; index < program.modules.length; index += 1) places[program.modules[index]!] = index;
  const packages = emptyTable<{ exports: unknown }>();
  const builtins = emptyTable<unknown>();
  const loadedOnes: number[] = [];
  let missing: unknown = {};

  const evaluate = (index: number, file: string): { exports: unknown } => {
    const module = {};
    put(module, 'exports', {});
    put(module, 'id', file);
    put(module, 'filename', file);
    put(module, 'loaded', false);
    put(module, 'children', []);
    put(module, 'paths', []);
    put(module, 'require', require);
    if (index >= 0) packages[program.modules[index]!] = module as { exports: unknown };
    const made = module as { exports: unknown };
    try {
      apply(host.load(index), made.exports, [made.exports, require, made, file, '.']);
    } catch (error) {
      // As Node does: what failed is tried again when it is required again.
      if (index >= 0) delete packages[program.modules[index]!];
      throw error;
    }
    put(module, 'loaded', true);
    if (index >= 0) put(loadedOnes, loadedOnes.length, index);
    return made;
  };
  const load = (index: number): unknown => {
    const known = packages[program.modules[index]!];
    return (known ?? evaluate(index, `node_modules/${program.modules[index]!}`)).exports;
  };
  const refuse = (message: string, code: string): never => {
    const error = new ERRORS['Error']!(message);
    put(error, 'code', code);
    captureStackTrace(error, require);
    missing = error;
    throw error;
  };
  const builtin = (name: string): unknown => {
    if (name in builtins) return builtins[name];
    const made = name in stubs ? stubs[name]!() : copyOf(host.nodeModule(name), name, host, builtin);
    builtins[name] = made;
    return made;
  };
  function require(wanted: unknown): unknown {
    if (typeof wanted !== 'string' || wanted === '') {
      throw new ERRORS['TypeError']!('require takes the name of a module, a string');
    }
    if (wanted in places) return load(places[wanted]!);
    const isNodes = startsWith(wanted, 'node:');
    const name = isNodes ? slice(wanted, 5) : wanted;
    const refusal = host.refusal(wanted);
    if (refusal === '') return builtin(name);
    if (refusal !== null) return refuse(refusal, 'ERR_ACCESS_DENIED');
    if (startsWith(wanted, '.') || startsWith(wanted, '/')) {
      return refuse(
        `Cannot find module '${wanted}'. An Action is one file: put what it needs into that file, or into a package.`,
        'MODULE_NOT_FOUND',
      );
    }
    if (startsWith(wanted, 'actions:')) {
      return refuse(
        `Cannot find module '${wanted}'. Actions Modules are not there: put the code into the Action, or into a package.`,
        'MODULE_NOT_FOUND',
      );
    }
    return refuse(
      `Cannot find module '${wanted}'. Declare it in the Action's dependencies.`,
      'MODULE_NOT_FOUND',
    );
  }
  putHidden(require, 'resolve', (name: unknown) => name);
  putHidden(require, 'cache', emptyTable());
  putHidden(require, 'main', undefined);
  return {
    require,
    load,
    loaded: () => loadedOnes,
    isMissing: (thrown) => thrown === missing,
    program: () => evaluate(-1, program.file),
  };
}

/** An object of this realm with what Node's module has, so that a change of it ends with the run. A function cannot be copied. */
function copyOf(module: object, name: string, host: Host, builtin: (name: string) => unknown): unknown {
  if (typeof module === 'function') return module;
  const copy = {};
  const names = ownKeys(module);
  const lasting = LASTING[name] ?? [];
  for (let index = 0; index < names.length; index += 1) {
    const key = names[index]!;
    const descriptor = descriptorOf(module, key)!;
    if ('value' in descriptor) put(copy, key, descriptor.value);
    else {
      defineProperty(copy, key, {
        __proto__: null,
        // Those are a module, too: whoever asks for them gets the same copy.
        get: () =>
          key === 'promises' ? builtin(`${name}/promises`) : (module as Record<PropertyKey, unknown>)[key],
        set: (value: unknown) => put(copy, key, value),
        enumerable: descriptor.enumerable,
        configurable: true,
      } as PropertyDescriptor);
    }
  }
  for (let index = 0; index < lasting.length; index += 1) {
    const key = lasting[index]!;
    const original = (module as Record<string, unknown>)[key];
    if (typeof original !== 'function') continue;
    put(copy, key, (...args: unknown[]): unknown => {
      host.taint(`${name}.${key}`);
      return apply(original as (...given: unknown[]) => unknown, module, args);
    });
  }
  // What was made for `import x from` of a CommonJS module.
  if ('default' in copy) put(copy, 'default', copy);
  return copy;
}
