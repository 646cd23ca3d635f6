/** With a user, or a client, everything ends that was granted; nothing of it comes back with a user or client by the same id. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GrantStore } from '../../src/storage/grant-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import { tokenDigest, type Grant } from '../../src/tenant/grant.js';
import { onEachDatabase } from '../storage/each-database.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  ALICE,
  clientOf,
  DIALECTS,
  made,
  makeClient,
  makeCode,
  makeParties,
  makeSession,
  PASSWORD,
  patched,
  post,
  redeem,
  refresh,
  SECRET,
  token,
  type CodeWishes,
  type TokenBody,
} from './token-parties.js';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
/** An API that is a client too, and asks what a token for it is worth. */
const API = 'the-api';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const USER = {
  user_id: ALICE,
  email: 'alice@example.test',
  email_verified: true,
  username: 'alice',
  name: 'Alice',
};
const PATH = `users/${encodeURIComponent(ALICE)}`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  const grant_types = [DEVICE, 'refresh_token'];
  const isPublic = { token_endpoint_auth_method: 'none', app_type: 'native', grant_types };
  await makeClient(server, 'tv', isPublic);
  await makeClient(server, 'strict-tv', { ...isPublic, oauth_dialect: 'strict' });
  await makeClient(server, API);
  await made(server, 'resource-servers', {
    identifier: API,
    scopes: [{ value: 'read:mail' }],
    allow_offline_access: true,
  });
});
afterAll(() => server.close());

const deleted = async (path: string): Promise<void> => {
  const { status } = await server.api('DELETE', `/api/v2/${path}`);
  expect(status).toBe(204);
};

const userinfo = async (access: string | undefined, at: { readonly baseUrl: string } = server) => {
  const response = await fetch(`${at.baseUrl}/userinfo`, { headers: { authorization: `Bearer ${access}` } });
  return { status: response.status, body: (await response.json()) as TokenBody & { readonly sub?: string } };
};

/** What `client` is told of a token. */
async function isActive(
  value: string | undefined,
  client = 'app',
  at: { readonly baseUrl: string } = server,
): Promise<unknown> {
  const body = new URLSearchParams({ client_id: client, client_secret: SECRET, token: value ?? '' });
  const answer = await post(at, body.toString(), FORM, '/oauth/introspect');
  return (answer.body as unknown as { readonly active: boolean }).active;
}

async function tokensOf(wishes: CodeWishes = {}): Promise<{ access: string; refresh: string }> {
  const { code } = await makeCode(server, { audience: API, ...wishes });
  const { body } = await redeem(server, code, { client_id: wishes.clientId ?? 'app' });
  return { access: body.access_token!, refresh: body.refresh_token! };
}

interface Held {
  readonly access: string;
  readonly refresh: string;
  readonly code: string;
}
const held = async (): Promise<Held> => ({ ...(await tokensOf()), code: (await makeCode(server)).code });

async function worth({ access, refresh: renewing, code }: Held): Promise<Record<string, unknown>> {
  return {
    userinfo: (await userinfo(access)).status,
    own: [await isActive(access), await isActive(renewing)],
    other: await isActive(access, API),
    refresh: (await refresh(server, renewing)).status,
    code: (await redeem(server, code)).status,
  };
}
const NOTHING = { userinfo: 401, own: [false, false], other: false, refresh: 403, code: 403 };

/** As if it had been in the middle of being issued until this moment. */
async function lateGrant(more: Partial<Grant> = {}): Promise<string> {
  const value = randomBytes(16).toString('hex');
  const id = `grant_${value}`;
  const now = Date.now();
  const expiresAt = new Date(now + 600_000).toISOString();
  const grant: Grant = {
    id,
    transactionId: null,
    clientId: 'app',
    userId: ALICE,
    sessionId: null,
    audience: null,
    scope: 'openid profile',
    createdAt: new Date(now).toISOString(),
    ...more,
  };
  const { clientId, userId, audience, scope, createdAt } = grant;
  await server.app.get(GrantStore).insert(grant, {
    accessToken: {
      key: tokenDigest(value),
      grantId: id,
      clientId,
      userId,
      audience,
      scope,
      issuedAt: createdAt,
      expiresAt,
      customClaims: {},
    },
  });
  return value;
}

const EVERYTHING = { userinfo: 200, own: [true, true], other: true, refresh: 200, code: 200 };
test('without an end everything goes on', async () => {
  expect(await worth(await held())).toEqual(EVERYTHING);
});

test('with a block everything ends, and unblocked the user logs in anew', async () => {
  const before = await held();
  await patched(server, PATH, { blocked: true });
  expect(await worth(before)).toEqual(NOTHING);
  const late = await lateGrant();
  const session = await makeSession(server);
  await patched(server, PATH, { blocked: false });
  expect(await worth(before)).toEqual(NOTHING);
  expect((await userinfo(late)).status).toBe(401);
  expect(await isActive(late)).toBe(false);
  expect(await server.app.get(SessionStore).get(session)).toBeNull();
  expect(await worth(await held())).toEqual(EVERYTHING);
});

test('a change of an unblocked user ends nothing', async () => {
  const before = await held();
  await patched(server, PATH, { blocked: false, name: 'Alice' });
  expect(await worth(before)).toEqual(EVERYTHING);
});

test('with the user everything ends, and another user by that id gets none of it', async () => {
  const before = await held();
  await deleted(PATH);
  expect(await worth(before)).toEqual(NOTHING);
  const late = await lateGrant();
  await made(server, 'users', { ...USER, password: PASSWORD });
  expect(await worth(before)).toEqual(NOTHING);
  expect((await userinfo(late)).status).toBe(401);
  expect(await worth(await held())).toEqual(EVERYTHING);
});

test('a new password ends the refresh tokens; access tokens that are out live to their end', async () => {
  const before = await held();
  const bare = (await makeCode(server, { scope: 'openid' })).code;
  await patched(server, PATH, { password: PASSWORD });
  expect(await worth(before)).toEqual({
    userinfo: 200,
    own: [true, false],
    other: true,
    refresh: 403,
    // it would give a refresh token
    code: 403,
  });
  expect((await redeem(server, bare)).status).toBe(200);
  expect(await worth(await held())).toEqual(EVERYTHING);
});

test('with a client everything of its ends, and another client by that id gets none of it', async () => {
  const wishes = { clientId: 'short' };
  const as = { client_id: 'short' };
  const own = () =>
    token(server, { grant_type: 'client_credentials', ...as, client_secret: SECRET, audience: API });
  const make = async (): Promise<void> => {
    await makeClient(server, 'short');
    await made(server, 'client-grants', { ...as, audience: API, scope: ['read:mail'] });
  };
  const access = async (value: string | undefined) => [
    (await userinfo(value)).status,
    await isActive(value, API),
  ];
  await make();
  const tokens = await tokensOf(wishes);
  const { code } = await makeCode(server, wishes);
  const { body } = await own();
  expect(await access(tokens.access)).toEqual([200, true]);
  expect(await isActive(body.access_token, API)).toBe(true);

  await deleted('clients/short');
  const gone = async (): Promise<void> => {
    expect(await access(tokens.access)).toEqual([401, false]);
    expect(await isActive(body.access_token, API)).toBe(false);
  };
  await gone();
  const late = await lateGrant({ clientId: 'short', audience: API });
  expect(await isActive(late, API)).toBe(false);

  await make();
  await gone();
  expect(await isActive(late, API)).toBe(false);
  expect(await isActive(tokens.access, 'short')).toBe(false);
  expect((await refresh(server, tokens.refresh, as)).status).toBe(403);
  expect((await redeem(server, code, as)).status).toBe(403);
  // within the same second it says the same as the one before
  const again = await own();
  expect(await isActive(again.body.access_token, API)).toBe(true);
});

test.each(DIALECTS)(
  'a user who is blocked, or gone, is asked for at each use, whatever became of the grant (%s)',
  async (dialect) => {
    const client_id = clientOf(dialect);
    const users = server.app.get(UserStore);
    const kept = (await users.get(ALICE))!;
    const hash = await users.passwordHash(ALICE);
    const refused = dialect === 'strict' ? 400 : 403;
    const renewing = (await tokensOf({ clientId: client_id })).refresh;
    const late = await lateGrant({ clientId: client_id });
    const { code } = await makeCode(server, { clientId: client_id });
    const device = await approvedDevice(dialect === 'strict' ? 'strict-tv' : 'tv');
    const ask = async () => {
      const answers = [
        await redeem(server, code, { client_id }),
        await refresh(server, renewing, { client_id }),
        await device(),
      ];
      expect((await userinfo(late)).body).toMatchObject({ error: 'invalid_token' });
      for (const value of [late, renewing]) expect(await isActive(value, client_id)).toBe(false);
      return answers.map(({ status, body }) => [status, body.error]);
    };
    const all = Array.from({ length: 3 }, () => [refused, 'invalid_grant']);
    try {
      await users.update(ALICE, (user) => ({ ...user, blocked: true }));
      expect(await ask()).toEqual(all);
      await users.delete(ALICE);
      expect(await ask()).toEqual(all);
    } finally {
      await users.upsert(kept, hash);
    }
    // a refusal spends nothing
    expect((await redeem(server, code, { client_id })).status).toBe(200);
    expect((await refresh(server, renewing, { client_id })).status).toBe(200);
    expect((await device()).status).toBe(200);
  },
);

/** One that alice let in; yields its poll. */
async function approvedDevice(client_id: string) {
  const begun = await post(
    server,
    new URLSearchParams({ client_id, scope: 'openid' }).toString(),
    FORM,
    '/oauth/device/code',
  );
  const { device_code, verification_uri_complete } = begun.body as unknown as Record<string, string>;
  const agent = new UserAgent();
  const confirmed = await agent.submit(await agent.get(verification_uri_complete!), { action: 'approve' });
  const done = await agent.submit(confirmed, { username: 'alice', password: PASSWORD });
  expect(done.text).toContain('Device connected');
  return () => token(server, { grant_type: DEVICE, client_id, device_code: device_code! });
}

test('a device that was let in gets nothing once its user is blocked, and not afterwards either', async () => {
  const device = await approvedDevice('tv');
  await patched(server, PATH, { blocked: true });
  await patched(server, PATH, { blocked: false });
  expect((await device()).body.error).toBe('invalid_grant');
});

test('who brought a profile along and was never stored goes on', async () => {
  const { body: login } = await server.api<{ id: string }>('POST', '/api/transactions', {
    protocol: 'oidc',
    client_id: 'app',
    user: { user_id: 'inline|1', name: 'Inline', email: 'inline@example.test' },
    oidc: { scope: 'openid profile' },
  });
  const value = await lateGrant({ userId: 'inline|1', transactionId: login.id });
  expect(await userinfo(value)).toMatchObject({ status: 200, body: { sub: 'inline|1', name: 'Inline' } });
  expect(await isActive(value)).toBe(true);
});

test('who was stored at the login, and is gone, is not taken for one who never was', async () => {
  await made(server, 'users', { user_id: 'auth0|brief', name: 'Brief' });
  const { body: login } = await server.api<{ id: string }>('POST', '/api/transactions', {
    protocol: 'oidc',
    client_id: 'app',
    user: { user_id: 'auth0|brief' },
    oidc: { scope: 'openid profile' },
  });
  await deleted('users/auth0|brief');
  const value = await lateGrant({ userId: 'auth0|brief', transactionId: login.id });
  expect(await userinfo(value)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
  expect(await isActive(value)).toBe(false);
});

test('an access token that was revoked stays so, and the next one, of the same second, is another', async () => {
  // an instant at which nothing else here is issued, and revoked
  const issuance = { now: new Date(Date.now() - 300_000).toISOString() };
  const first = await tokensOf({ issuance });
  // what says the same is one text as long as it is good
  expect((await tokensOf({ issuance })).access).toBe(first.access);
  const body = new URLSearchParams({ client_id: 'app', client_secret: SECRET, token: first.access });
  const revocation = await fetch(`${server.baseUrl}/oauth/revoke`, { method: 'POST', body });
  expect(revocation.status).toBe(200);

  const second = await tokensOf({ issuance });
  expect(payloadOf(second.access)).toEqual({ ...payloadOf(first.access), jti: expect.any(String) as string });
  expect(await isActive(first.access)).toBe(false);
  expect(await isActive(second.access)).toBe(true);
  expect((await userinfo(second.access)).status).toBe(200);

  // and likewise where it ended with its grant
  await patched(server, PATH, { blocked: true });
  await patched(server, PATH, { blocked: false });
  const third = await tokensOf({ issuance });
  expect(third.access).not.toBe(second.access);
  for (const { access } of [first, second]) expect(await isActive(access)).toBe(false);
  expect(await isActive(third.access)).toBe(true);
});

const payloadOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

const byPassword = (at: TestServer) =>
  token(at, {
    grant_type: 'password',
    client_id: 'app',
    client_secret: SECRET,
    username: 'alice',
    password: PASSWORD,
    scope: 'openid offline_access',
  });

const AT_ONCE = 50;
const SLOW = 120_000;

onEachDatabase(
  'of what is issued while its user is blocked nothing lives, then or when the block is over',
  async ({ url }) => {
    const one = await startTestServer({ DATABASE_URL: url });
    const other = await startTestServer({ DATABASE_URL: url });
    try {
      await makeParties(one);
      const codes = await Promise.all(Array.from({ length: AT_ONCE }, () => makeCode(one)));
      const first = await redeem(one, codes.pop()!.code);
      const renewing = first.body.refresh_token;
      const [, ...answers] = await Promise.all([
        patched(one, PATH, { blocked: true }),
        ...codes.map(({ code }, index) => {
          // a grant that is there, and one that is made anew
          if (index % 10 === 0) return refresh(other, renewing);
          if (index % 10 === 5) return byPassword(other);
          return redeem(index % 2 === 0 ? one : other, code);
        }),
      ]);
      expect(answers.filter(({ status }) => ![200, 403].includes(status))).toEqual([]);
      const issued = [first, ...answers].filter(({ status }) => status === 200);
      const living = async (): Promise<unknown[]> => {
        const told = await Promise.all(
          issued.map(async ({ body }) => [
            (await userinfo(body.access_token, one)).status,
            await isActive(body.access_token, 'app', one),
            await isActive(body.refresh_token ?? renewing, 'app', one),
            (await refresh(other, body.refresh_token ?? renewing)).status,
          ]),
        );
        return told.filter((each) => JSON.stringify(each) !== '[401,false,false,403]');
      };
      expect(await living()).toEqual([]);
      await patched(one, PATH, { blocked: false });
      expect(await living()).toEqual([]);
    } finally {
      await other.close();
      await one.close();
    }
  },
  SLOW,
);
