import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldHeap } from '../support/heap.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  CALLBACK,
  made,
  makeClient,
  makeCode,
  makeParties,
  PASSWORD,
  refreshTokenOf,
  SECRET,
} from './token-parties.js';

let server: TestServer;
let code: string;
let refreshToken: string;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await makeClient(server, 'signer', { token_endpoint_auth_method: 'private_key_jwt' });
  await made(server, 'users', { user_id: 'auth0|fuzzed', username: 'fuzzed', password: PASSWORD });
  ({ code } = await makeCode(server, { lifetimeMs: 3_600_000 }));
  refreshToken = await refreshTokenOf(server);
});
afterAll(() => server.close());

const GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  'http://auth0.com/oauth/grant-type/password-realm',
  'urn:ietf:params:oauth:grant-type:device_code',
];
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '%',
    '%00',
    '%ff',
    '__proto__',
    'constructor',
    'null',
    '💥',
    '\ud800',
    "' OR 1=1 --",
    '../../etc/passwd',
    'a'.repeat(5000),
    'e30.e30.',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhcHAifQ.',
  ),
);
/** Calls that would be answered; `code` and `refresh_token` are filled in when they are made. */
const CALLS: readonly Readonly<Record<string, string>>[] = [
  { grant_type: 'client_credentials', client_id: 'app', client_secret: SECRET, audience: API },
  {
    grant_type: 'authorization_code',
    client_id: 'app',
    client_secret: SECRET,
    code: '',
    redirect_uri: CALLBACK,
  },
  { grant_type: 'refresh_token', client_id: 'app', client_secret: SECRET, refresh_token: '' },
  {
    grant_type: 'password',
    client_id: 'strict-app',
    client_secret: SECRET,
    username: 'fuzzed',
    password: PASSWORD,
    scope: 'openid offline_access',
  },
  {
    grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
    client_id: 'app',
    client_secret: SECRET,
    username: 'fuzzed',
    password: PASSWORD,
    realm: 'Username-Password-Authentication',
  },
];
const NAMES = [
  'grant_type',
  'client_id',
  'client_secret',
  'audience',
  'resource',
  'scope',
  'code',
  'redirect_uri',
  'code_verifier',
  'refresh_token',
  'username',
  'realm',
  'organization',
  'client_assertion',
  'client_assertion_type',
  '__proto__',
  'extra',
];
const mutated = fc.oneof(
  { weight: 3, arbitrary: hostile },
  { weight: 1, arbitrary: fc.constantFrom(...GRANTS, 'app', 'spa', 'signer', 'openid', API) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
const parameters = fc
  .record({
    call: fc.constantFrom(...CALLS),
    changes: fc.array(fc.tuple(fc.constantFrom(...NAMES), mutated), { maxLength: 3 }),
  })
  .map(
    ({ call, changes }): Given =>
      new Map<string, string | undefined>([
        ...Object.entries(call).map(([name, value]): [string, string] => [
          name,
          name === 'code' ? code : name === 'refresh_token' ? refreshToken : value,
        ]),
        ...changes,
      ]),
  );
type Given = ReadonlyMap<string, string | undefined>;

const valuesOf = (given: Given): [string, string][] =>
  [...given].filter((entry): entry is [string, string] => entry[1] !== undefined);

/** A body of the kind, before it is damaged. */
const ENCODERS = {
  form: (given: Given) => new URLSearchParams(valuesOf(given)).toString(),
  raw: (given: Given) =>
    valuesOf(given)
      .map((pair) => pair.join('='))
      .join('&'),
  twice: (given: Given) => {
    const once = new URLSearchParams(valuesOf(given)).toString();
    return `${once}&${once}`;
  },
  json: (given: Given) => JSON.stringify(Object.fromEntries(valuesOf(given))),
  nested: (given: Given) => JSON.stringify({ ...Object.fromEntries(valuesOf(given)), extra: [{ a: 1 }] }),
} as const;

const requests = fc.record({
  given: parameters,
  encoder: fc.constantFrom(...(Object.keys(ENCODERS) as (keyof typeof ENCODERS)[])),
  cut: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(400) }),
  contentType: fc.oneof(
    { weight: 8, arbitrary: fc.constant('matching') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'text/plain',
        'application/xml',
        '',
        'application/json',
        'multipart/form-data',
      ),
    },
  ),
  authorization: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.constantFrom('Basic', 'Basic !', 'Bearer x', 'Basic YXBwOndyb25n', 'DPoP a.b.c'),
        fc.base64String({ maxLength: 60 }).map((text) => `Basic ${text}`),
        fc.constant(`Basic ${Buffer.from(`app:${SECRET}`).toString('base64')}`),
      ),
    },
  ),
});

const REQUESTS = 5000;
/** So many come before the heap is looked at: caches fill. */
const FIRST = 1000;
const MOST_GROWTH = 16 * 1024 * 1024;

test('whatever is sent is answered by tokens or by an error of OAuth, never by a failure of ours, and leaves no memory behind', async () => {
  const seen = new Map<string, number>();
  const send = (numRuns: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(requests, async ({ given, encoder, cut, contentType, authorization }) => {
        const whole = ENCODERS[encoder](given);
        const matching =
          encoder === 'json' || encoder === 'nested'
            ? 'application/json'
            : 'application/x-www-form-urlencoded';
        const answer = await fetch(`${server.baseUrl}/oauth/token`, {
          method: 'POST',
          body: cut === undefined ? whole : whole.slice(0, cut),
          headers: {
            'content-type': contentType === 'matching' ? matching : contentType,
            ...(authorization !== undefined && { authorization }),
          },
        });
        const body = (await answer.json()) as Record<string, unknown>;
        const outcome = answer.status === 200 ? 'tokens' : String(body['error']);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(answer.status === 200 ? body['access_token'] : body['error']).toBeTypeOf('string');
        if (answer.status !== 200) expect(body['error_description']).toBeTypeOf('string');
      }),
      { numRuns },
    );
  await send(FIRST);
  const before = heldHeap();
  await send(REQUESTS - FIRST);
  expect(heldHeap() - before).toBeLessThan(MOST_GROWTH);
  // it is no fuzz where everything stops at the door
  for (const outcome of ['tokens', 'invalid_request', 'invalid_grant', 'access_denied'])
    expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
}, 180_000);
