/** Ten thousand requests that are not quite right: each gets an answer, none of them breaks anything, and nothing of them stays in memory. */
import { randomInt } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEYS } from '../support/login-context.js';
import { heldHeap } from '../support/heap.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { makeServiceProvider, makeUser, requestXmlOf } from './service-provider.js';

let server: TestServer;
let query: string;
let xml: string;
beforeAll(async () => {
  server = await startTestServer();
  await makeUser(server, 'alice');
  const sp = await makeServiceProvider(server, {
    addon: { signingCert: KEYS.sp.cert },
    saml: { privateKey: KEYS.sp.key, signatureAlgorithm: 'sha256' },
  });
  await makeServiceProvider(server, { clientId: 'unsigned' });
  query = new URL(await sp.loginUrl('https://sp.example.test/a?b=c&d=é')).search.slice(1);
  xml = await requestXmlOf(sp);
});
afterAll(() => server.close());

const REQUESTS = 10_000;
const AT_ONCE = 16;

const ODD = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '%',
  '+',
  '=',
  '\0',
  '\u0085',
  '\u2028',
  '\uD800',
  '&#0;',
  '<!--',
  ']]>',
  '<!DOCTYPE a>',
  'xmlns=""',
  '🂡',
  '%00',
  '%ff',
  '%2',
  'a'.repeat(5000),
];
const oneOf = <Value>(values: readonly Value[]): Value => values[randomInt(values.length)]!;

/** One to four changes: a character replaced, a piece left out, doubled or moved, something odd put in. */
function mutated(text: string): string {
  let result = text;
  for (let changes = 1 + randomInt(4); changes > 0; changes--) {
    const [from, to] = [randomInt(result.length + 1), randomInt(result.length + 1)].toSorted(
      (a, b) => a - b,
    ) as [number, number];
    const [start, piece, end] = [
      result.slice(0, from),
      result.slice(from, Math.min(to, from + 200)),
      result.slice(Math.min(to, from + 200)),
    ];
    result = oneOf([
      () => start + oneOf(ODD) + result.slice(from),
      () => start + String.fromCharCode(randomInt(0x300)) + result.slice(from + 1),
      () => start + end,
      () => start + piece + piece + end,
      () => piece + start + end,
      () =>
        result.replace(/"[^"]*"/g, (value) =>
          randomInt(8) === 0 ? `"${oneOf(ODD).replaceAll('"', '')}"` : value,
        ),
    ])();
  }
  return result;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const form = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});
/** Characters that no HTTP client sends in a request line. */
const sendable = (text: string): string =>
  text
    .replace(/[^!-~]/gu, (character) => encodeURIComponent(character.isWellFormed() ? character : '?'))
    .replaceAll('#', '%23');

const SHAPES: readonly (() => readonly [path: string, init?: RequestInit])[] = [
  () => [`/samlp/sp?${sendable(mutated(query))}`],
  () => [`/samlp?${sendable(mutated(query))}`],
  () => [
    `/samlp/unsigned?SAMLRequest=${encodeURIComponent(deflateRawSync(mutated(xml)).toString('base64'))}`,
  ],
  () => [`/samlp/unsigned`, form({ SAMLRequest: base64(mutated(xml)), RelayState: oneOf(ODD) })],
  () => [`/samlp`, form({ SAMLRequest: mutated(base64(xml)) })],
  () => [
    `/samlp/unsigned`,
    { ...form({}), body: mutated(`SAMLRequest=${encodeURIComponent(base64(xml))}&RelayState=x`) },
  ],
  () => [
    `/samlp/unsigned/logout?SAMLRequest=${encodeURIComponent(deflateRawSync(mutated(xml.replaceAll('AuthnRequest', 'LogoutRequest'))).toString('base64'))}`,
  ],
  () => [
    `/samlp/logout`,
    form({ SAMLResponse: base64(mutated(xml.replaceAll('AuthnRequest', 'LogoutResponse'))) }),
  ],
  () => [`/login?state=${sendable(mutated('txn_0123456789abcdef'))}`],
  () => [
    `/login`,
    { ...form({}), body: mutated('state=txn_0&csrf=abc&username=alice%40example.test&password=x') },
  ],
  () => [
    `/samlp/${encodeURIComponent(mutated('unsigned').replace(/[\uD800-\uDFFF]/g, ''))}?${sendable(mutated(query))}`,
  ],
];

async function send(count: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const one = async (): Promise<void> => {
    const [path, init] = oneOf(SHAPES)();
    const response = await fetch(server.baseUrl + path, { redirect: 'manual', ...init });
    const text = await response.text();
    if (response.status >= 500)
      throw new Error(`${response.status} for ${path} ${JSON.stringify(init)}: ${text}`);
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  };
  for (let sent = 0; sent < count; sent += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - sent) }, one));
  return statuses;
}

test('ten thousand mutated requests get no 5xx, crash nothing, and leave no memory behind', async () => {
  await send(REQUESTS / 5);
  const before = heldHeap();
  const statuses = await send((REQUESTS * 4) / 5);
  const grown = heldHeap() - before;
  expect(grown).toBeLessThan(16 * 1024 * 1024);
  // they reach what they are meant to try, and some are still good
  expect(statuses.get(400)).toBeGreaterThan(1000);
  expect((statuses.get(200) ?? 0) + (statuses.get(303) ?? 0)).toBeGreaterThan(100);
  const alive = await server.api('GET', '/health');
  expect(alive.status).toBe(200);
}, 120_000);
