/** Five thousand requests to /authorize that are not quite right: each gets an answer, and none leads anywhere but to the callback. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldHeap } from '../support/heap.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  authorizeUrl,
  makeParties,
  startLanding,
  type Landing,
  type Parameters,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
let queries: readonly string[];
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  await server.api('PATCH', '/api/v2/clients/app', { auto_login: 'auth0|alice' });
  const requests: readonly Parameters[] = [
    {},
    { response_type: 'code id_token token', nonce: 'n', audience: API, scope: 'openid read:things' },
    { response_type: 'id_token', nonce: 'n', response_mode: 'form_post', max_age: '60' },
    { response_mode: 'web_message', prompt: 'none', login_hint: 'é', ui_locales: 'de' },
    { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', organization: 'acme' },
    { id_token_hint: 'e30.e30.e30', claims: '{"id_token":{"name":null}}', 'ext-a': 'b' },
    { request_uri: 'urn:ietf:params:oauth:request_uri:abc', dpop_jkt: 'j'.repeat(43) },
  ];
  queries = requests.map((parameters) => new URL(authorizeUrl(server, landing, parameters)).search.slice(1));
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const REQUESTS = 5000;
/** So many come before the heap is looked at: caches fill. */
const FIRST = 1000;
const MOST_GROWTH = 16 * 1024 * 1024;
const AT_ONCE = 8;
const ODD = [
  '&', '=', '+', '%', '%00', '%0d%0a', '%ff', '%2', '%', '#', '<', '"', "'", '\\', '/', '//', '@', '*', ':',
  '..', '%E2%80%A8', '%F0%9F%82%A1', '%ED%A0%80', 'javascript:', 'none', 'token', 'client_id=app&', 'a'.repeat(5000),
] as const; // prettier-ignore
const oneOf = <Value>(values: readonly Value[]): Value => values[randomInt(values.length)]!;

/** One to four changes: a piece left out, doubled, moved, or something odd put in. */
function mutated(text: string): string {
  let result = text;
  for (let changes = 1 + randomInt(4); changes > 0; changes--) {
    const from = randomInt(result.length + 1);
    const to = Math.min(result.length, from + randomInt(40));
    const [start, piece, end] = [result.slice(0, from), result.slice(from, to), result.slice(to)];
    result = oneOf([
      () => start + oneOf(ODD) + piece + end,
      () => start + oneOf(ODD) + end,
      () => start + end,
      () => start + piece + piece + end,
      () => piece + start + end,
    ])();
  }
  return result;
}

test(
  'no request that is not quite right fails on our side, is sent to anybody else, or leaves memory behind',
  { timeout: 120_000 },
  async () => {
    const statuses = new Map<number, number>();
    let left = 0;
    const one = async (): Promise<void> => {
      while (left-- > 0) {
        const parameters = mutated(oneOf(queries));
        const response =
          randomInt(3) === 0
            ? await fetch(`${server.baseUrl}/authorize`, {
                method: 'POST',
                redirect: 'manual',
                headers: { 'content-type': 'application/x-www-form-urlencoded' },
                body: parameters,
              })
            : await fetch(`${server.baseUrl}/authorize?${parameters.replaceAll('#', '%23')}`, {
                redirect: 'manual',
              });
        const text = await response.text();
        if (response.status >= 500) throw new Error(`${response.status} for ${parameters}: ${text}`);
        const to = response.headers.get('location');
        if (to !== null && !/^\/login\?state=txn_\w+$/.test(to))
          expect(to.split(/[?#]/)[0]).toBe(landing.callback);
        for (const [, action] of text.matchAll(/<form[^>]* action="([^"]*)"/g))
          expect(action).toBe(landing.callback);
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      }
    };
    const send = async (count: number): Promise<void> => {
      left = count;
      await Promise.all(Array.from({ length: AT_ONCE }, one));
    };
    await send(FIRST);
    const before = heldHeap();
    await send(REQUESTS - FIRST);
    expect(heldHeap() - before).toBeLessThan(MOST_GROWTH);
    // some were answered, some refused: else nothing was tried
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 303, 400]));
    expect((await fetch(`${server.baseUrl}/health`)).status).toBe(200);
  },
);
