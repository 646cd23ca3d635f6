import { Clock } from '../../src/login/ports.js';
import type { TestServer } from './server.js';

/** Moves the clock of the server on; yields how to set it right. */
export function later(server: TestServer, seconds: number): () => void {
  const clock = server.app.get(Clock);
  const now = clock.now.bind(clock);
  clock.now = () => new Date(now().getTime() + seconds * 1000);
  return () => {
    clock.now = now;
  };
}
