import { setTimeout as sleep } from 'node:timers/promises';

/** Another connection holds the SQLite file, and did so for as long as was waited. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');

const RETRY_AFTER_MS = 20;

/**
 * Runs a step of the start until no other connection holds the SQLite file, at most `withinMs`.
 * It waits by the event loop: SQLite's own busy handler blocks the thread, and the holder may be in this very process.
 */
export async function whenNotBusy<Result>(
  step: () => Result | Promise<Result>,
  withinMs = 30_000,
): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await sleep(RETRY_AFTER_MS);
    }
  }
}
