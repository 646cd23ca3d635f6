import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startTestServer } from '../support/server.js';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

interface View {
  readonly id: string;
  readonly status: string;
  readonly finished_at: string | null;
  readonly result: unknown;
}

/** The server in a process of its own, which can be killed; yields its base URL. */
async function startProcess(databaseUrl: string, certs: string) {
  const child = spawn(
    process.execPath,
    ['--import', path('test/support/typescript.mjs'), path('src/main.ts')],
    {
      env: { PATH: process.env['PATH'], PORT: '0', DATABASE_URL: databaseUrl, MINTMARK_CERTS: certs },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  for await (const chunk of child.stdout) {
    out += String(chunk);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0];
    if (url) {
      child.stdout.resume();
      return { child, url };
    }
  }
  throw new Error(`it never listened: ${out}`);
}

test('a server killed in the middle of its work leaves transactions that can be read, and none half issued', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-crash-'));
  const databaseUrl = `file:${join(folder, 'crash.sqlite')}`;
  const { child, url } = await startProcess(databaseUrl, join(folder, 'certs'));
  const answered = new Map<string, View>();
  const call = async (route: string, body?: unknown): Promise<View> => {
    const response = await fetch(url + route, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
    const view = (await response.json()) as View;
    answered.set(view.id, view);
    return view;
  };
  const login = { protocol: 'samlp', client_id: 'demo-sp', user: { user_id: 'auth0|alice' } };
  const worker = async (): Promise<void> => {
    try {
      for (;;) {
        const { id } = await call('/api/transactions', login);
        await call(`/api/transactions/${id}/complete`);
        await call('/api/transactions', { ...login, complete: true });
      }
    } catch {
      // the server is gone
    }
  };
  const workers = Array.from({ length: 8 }, worker);
  const exited = once(child, 'exit');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  child.kill('SIGKILL');
  await Promise.all([...workers, exited]);
  expect(answered.size).toBeGreaterThan(20);

  const server = await startTestServer({ DATABASE_URL: databaseUrl });
  const stored = new Map<string, View>();
  for (let cursor = ''; ;) {
    const { body } = await server.api<{ items: View[]; next: string | null }>(
      'GET',
      `/api/transactions?limit=100${cursor}`,
    );
    for (const view of body.items) stored.set(view.id, view);
    if (body.next === null) break;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
  for (const { status, result, finished_at: finishedAt } of stored.values())
    expect([status, result !== null, finishedAt !== null]).toEqual(
      status === 'pending' ? ['pending', false, false] : ['completed', true, true],
    );
  // what was answered is there, and what was answered as issued is what is stored
  for (const [id, view] of answered) if (view.status === 'completed') expect(stored.get(id)).toEqual(view);
  for (const id of answered.keys()) expect(stored.has(id)).toBe(true);
  await server.close();
  await rm(folder, { recursive: true });
});
