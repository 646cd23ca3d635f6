/** Evaluated first in the context of each run: makes what the author's code finds there, and runs it. */
import type { Boot, Host, ProcessFacts, Realm, RealmEntry, RealmProgram } from './host.js';
import { apiOf } from './api.js';
import { consoleOf, writerOf } from './console.js';
import { describedBy, runError } from './described.js';
import { furnish } from './globals.js';
import { modulesOf, type Modules } from './require.js';
import {
  apply,
  descriptorOf,
  ERRORS,
  ErrorOfRealm,
  hasInstance,
  objectKeys,
  parseJson,
  prototypeOf,
  put,
} from './primordials.js';
import { encodeArguments } from './plain.js';
import { processOf, ttyStub } from './process.js';
import { timerPromisesOf, timersOf } from './timers.js';

type Handler = (event: unknown, api: unknown) => Promise<unknown>;

/** Functions of the worker's, so that nothing of its realm comes out where they fail: only a stack that is at its end does that. */
function guarded(host: Host): Host {
  const names = objectKeys(host) as (keyof Host)[];
  const made = {};
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index]!;
    const call = host[name] as (...args: unknown[]) => unknown;
    put(made, name, (...args: unknown[]) => {
      try {
        return apply(call, undefined, args);
      } catch {
        throw new ERRORS['RangeError']!('Maximum call stack size exceeded');
      }
    });
  }
  return made as Host;
}

const boot: Boot = (unguarded, facts) => {
  const host = guarded(unguarded);
  // The name of the file is known when the program is.
  const seen = {
    file: '',
    isError: (value: unknown) => hasInstance(ErrorOfRealm, value) || host.isOfMainRealm('Error', value),
  };
  let over = false;
  let modules: Modules | null = null;
  const write = writerOf(host, seen, () => over);
  const describe = describedBy(host, seen);
  const timers = timersOf(host);
  const own = {
    console: consoleOf(write, seen),
    process: processOf(parseJson(facts) as ProcessFacts, timers, write),
  };
  furnish(host, timers, own);

  const stubs = {
    __proto__: null,
    process: () => own.process,
    console: () => own.console,
    tty: ttyStub,
    timers: () => ({
      setTimeout: timers.setTimeout,
      setInterval: timers.setInterval,
      setImmediate: timers.setImmediate,
      clearTimeout: timers.clear,
      clearInterval: timers.clear,
      clearImmediate: timers.clear,
      promises: timerPromisesOf(timers),
    }),
    'timers/promises': () => timerPromisesOf(timers),
  } as unknown as Readonly<Record<string, () => unknown>>;

  const prepare = (program: RealmProgram, ahead: readonly number[]): void => {
    seen.file = program.file;
    modules = modulesOf(host, program, stubs);
    for (let index = 0; index < ahead.length; index += 1) {
      try {
        modules.load(ahead[index]!);
      } catch {
        // The author's own require will say it.
      }
    }
  };

  const start = ({ handler: name, event: eventText, secrets, members }: RealmEntry): void => {
    let handler: Handler | string;
    try {
      handler = handlerIn(modules!.program(), name);
    } catch (error) {
      host.finish(describe(error, modules!.isMissing(error) ? 'unusable' : 'threw'));
      return;
    }
    if (typeof handler === 'string') {
      host.finish(handler);
      return;
    }
    const event = parseJson(eventText) as object;
    put(event, 'secrets', parseJson(secrets));
    put(event, 'configuration', {});
    const api = apiOf(members, host, seen.file, event, () => over);
    void settle(handler, event, api);
  };
  const settle = async (handler: Handler, event: object, api: object): Promise<void> => {
    let error: string | null = null;
    try {
      await handler(event, api);
    } catch (thrown) {
      error = describe(thrown);
    }
    host.finish(error);
  };
  return {
    prepare,
    start,
    describe: (thrown) => describe(thrown),
    end: () => {
      over = true;
    },
    loaded: () => (modules === null ? '[]' : encodeArguments(modules.loaded(), 65_536)),
  } satisfies Realm;
};

/** The handler, or JSON of a RunError that says why there is none. */
function handlerIn(module: { exports: unknown }, name: string): Handler | string {
  const { exports } = module;
  if (typeof exports !== 'object' || exports === null) {
    return runError(
      'unusable',
      'TypeError',
      `module.exports is ${exports === null ? 'null' : `a ${typeof exports}`}, and has to be an object with the handler in it: exports.${name} = async (event, api) => { … }`,
    );
  }
  const handler = (exports as Record<string, unknown>)[name];
  if (handler === undefined) {
    const known = objectKeys(exports);
    let names = '';
    for (let index = 0; index < known.length && index < 10; index += 1) {
      names += (index === 0 ? '' : ', ') + known[index]!;
    }
    return runError(
      'no_handler',
      'TypeError',
      `the Action exports no handler "${name}": exports.${name} = async (event, api) => { … }. It exports ${names === '' ? 'nothing' : names}`,
    );
  }
  if (isAsync(handler)) return handler as Handler;
  return runError(
    'unusable',
    'TypeError',
    `Invalid function signature for the "${name}" handler: it has to be an async function, exports.${name} = async (event, api) => { … }`,
  );
}

function isAsync(handler: unknown): boolean {
  if (typeof handler !== 'function') return false;
  const prototype = prototypeOf(handler);
  const made = prototype === null ? undefined : (descriptorOf(prototype, 'constructor')?.value as unknown);
  return typeof made === 'function' && descriptorOf(made, 'name')?.value === 'AsyncFunction';
}

export default boot;
