/** What Node has once for all who use it, and what fills up with what they do: made as it was at first, so that no run finds what another left. */
import { EventEmitter } from 'node:events';
import type http from 'node:http';
import { performance } from 'node:perf_hooks';
import { inspect } from 'node:util';
import { loadedModule } from './builtins.js';

const clearMarks = performance.clearMarks.bind(performance);
const clearMeasures = performance.clearMeasures.bind(performance);
const clearResourceTimings = performance.clearResourceTimings.bind(performance);
const inspectOptions = { ...inspect.defaultOptions };
const { defaultMaxListeners } = EventEmitter;

/** As Node makes its own. */
const AGENT = { keepAlive: true, scheduling: 'lifo', timeout: 5000 } as const;

export function renew(): void {
  for (const name of ['http', 'https']) {
    const module = loadedModule(name) as typeof http | undefined;
    if (module) module.globalAgent = new module.Agent(AGENT);
  }
  // Addresses of requests, which may hold a secret.
  clearMarks();
  clearMeasures();
  clearResourceTimings();
  inspect.defaultOptions = inspectOptions;
  EventEmitter.defaultMaxListeners = defaultMaxListeners;
}
