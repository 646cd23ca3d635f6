/** Which of Node's modules an Action may require. */
import { createRequire, isBuiltin } from 'node:module';
import { watchGlobal, watchModule } from './integrity.js';

// Modules of Node's alone are asked for, so that it matters little from where.
const requireBuiltin = createRequire('/');

/** By the first word of the name. */
const DENIED: ReadonlySet<string> = new Set([
  'child_process',
  'cluster',
  'dgram',
  'inspector',
  'module',
  'repl',
  'sea',
  'sqlite',
  'test',
  'trace_events',
  'v8',
  'vm',
  'wasi',
  'worker_threads',
]);
/** Made for the run, in its own realm. */
const STUBS: ReadonlySet<string> = new Set(['console', 'process', 'timers', 'timers/promises', 'tty']);

const known = new Map<string, object>();

/** Why an Action may not have it; `''` where it may; `null` where Node has no such module. */
export function refusal(wanted: string): string | null {
  const name = wanted.replace(/^node:/, '');
  if (!isBuiltin(wanted) && !isBuiltin(`node:${name}`)) return null;
  // A package of that name, where Node's own has its prefix only.
  if (!isBuiltin(wanted)) return null;
  if (DENIED.has(name.split('/')[0]!) || name.startsWith('_')) {
    return `Cannot load '${wanted}': Actions have no processes, threads, sockets of their own kind or engine internals. Use fetch, http or https for other services, and packages for the rest.`;
  }
  return '';
}

/** What a call of it leads to. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  fetch: ['Request', 'Response', 'Headers', 'FormData', 'ReadableStream', 'Blob'],
};

/** A global of Node's. */
export function nodeGlobal(name: string): unknown {
  const value = (globalThis as Record<string, unknown>)[name];
  watchGlobal(value);
  for (const other of ANSWERS[name] ?? []) nodeGlobal(other);
  if (name === 'crypto') watchGlobal((value as typeof crypto | undefined)?.subtle);
  return value;
}

/** One that an Action has asked for. */
export const loadedModule = (name: string): object | undefined => known.get(name);

/** Node's module; those that are made for the run are not asked for here. */
export function nodeModule(name: string): object {
  const found = known.get(name);
  if (found) return found;
  if (STUBS.has(name) || refusal(name) !== '') return {};
  const made = requireBuiltin(`node:${name}`) as object;
  watchModule(made);
  if (name === 'https') nodeModule('tls');
  known.set(name, made);
  return made;
}
