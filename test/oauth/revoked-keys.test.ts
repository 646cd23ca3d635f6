/** What a signing key has signed is good after a rotation, and worth nothing once the key is revoked: on every instance, at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Jwks } from '../../src/protocol/jwt/jwks.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  makeClient,
  makeCode,
  makeParties,
  post,
  redeem,
  refresh,
  SECRET,
  token,
  type Parameters,
} from './token-parties.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';

let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  here = await startTestServer();
  there = await startTestServer({ DATABASE_URL: here.databaseUrl });
  await makeParties(here);
  await makeClient(here, 'gateway', { grant_types: [EXCHANGE, 'authorization_code', 'refresh_token'] });
});
afterAll(async () => {
  await there.close();
  await here.close();
});

/** By the other instance; each signs and checks by an issuer of its own. */
const rotate = async (): Promise<void> =>
  expect((await there.api('POST', '/api/v2/keys/signing/rotate')).status).toBe(201);
const revoke = async (kid: string): Promise<void> =>
  expect((await there.api('PUT', `/api/v2/keys/signing/${kid}/revoke`)).status).toBe(200);
const kidOf = (jwt: string): string =>
  (JSON.parse(Buffer.from(jwt.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

async function tokens(): Promise<{ access: string; id: string; refresh: string }> {
  const { code } = await makeCode(here, { clientId: 'gateway' });
  const { body } = await redeem(here, code, { client_id: 'gateway' });
  return { access: body.access_token!, id: body.id_token!, refresh: body.refresh_token! };
}

const exchanged = async (subject: Parameters): Promise<number> => {
  const client = { client_id: 'gateway', client_secret: SECRET };
  return (await token(here, { grant_type: EXCHANGE, audience: API, ...client, ...subject })).status;
};

/** What becomes of an access token and an ID token, wherever they may be brought. */
async function worth({ access, id }: { access: string; id: string }): Promise<unknown> {
  const form = new URLSearchParams({ client_id: 'gateway', client_secret: SECRET, token: access });
  const asForm = { 'content-type': 'application/x-www-form-urlencoded' };
  const introspected = await post(here, form.toString(), asForm, '/oauth/introspect');
  const userinfo = await fetch(`${here.baseUrl}/userinfo`, {
    headers: { authorization: `Bearer ${access}` },
  });
  const hint = new URLSearchParams({ id_token_hint: id, client_id: 'gateway' });
  const logout = await fetch(`${here.baseUrl}/oidc/logout?${hint.toString()}`, { redirect: 'manual' });
  const { keys } = (await here.api<Jwks>('GET', '/.well-known/jwks.json')).body;
  return {
    active: (introspected.body as unknown as { active: boolean }).active,
    userinfo: userinfo.status,
    isHint: logout.status !== 400,
    asSubject: [
      await exchanged({ subject_token: access, subject_token_type: `${TYPE}access_token` }),
      await exchanged({ subject_token: id, subject_token_type: `${TYPE}id_token` }),
    ],
    isPublished: keys.some(({ kid }) => kid === kidOf(access)),
  };
}
const GOOD = { active: true, userinfo: 200, isHint: true, asSubject: [200, 200], isPublished: true };
const BAD = { active: false, userinfo: 401, isHint: false, asSubject: [400, 400], isPublished: false };

test('what a revoked key has signed is worth nothing, and a refresh token goes on', async () => {
  const old = await tokens();
  await rotate();
  expect(await worth(old)).toEqual(GOOD);
  await revoke(kidOf(old.access));
  expect(await worth(old)).toEqual(BAD);

  const { status, body } = await refresh(here, old.refresh, { client_id: 'gateway' });
  expect(status).toBe(200);
  expect(kidOf(body.access_token!)).not.toBe(kidOf(old.access));
  expect(await worth({ access: body.access_token!, id: body.id_token! })).toEqual(GOOD);
});

test('the current key is not revoked, and the refusal tells what to do first', async () => {
  const now = await tokens();
  const kid = kidOf(now.access);
  expect(await here.api('PUT', `/api/v2/keys/signing/${kid}/revoke`)).toMatchObject({
    status: 400,
    body: { code: 'key_is_current', detail: expect.stringContaining('POST /api/keys/rotate') as string },
  });
  expect(await worth(now)).toEqual(GOOD);
});

test('a key of another algorithm is revoked too, and service providers are no longer shown a revoked certificate', async () => {
  interface Key {
    readonly kid: string;
    readonly alg: string;
    readonly status: string;
    readonly certificate: string | null;
  }
  const keyOf = async (alg: string): Promise<Key> =>
    (await here.api<Key[]>('GET', '/api/keys')).body.find(
      (key) => key.alg === alg && key.status === 'current',
    )!;
  const ec = await keyOf('ES256');
  await here.api('POST', '/api/keys/rotate', { alg: 'ES256' });
  await revoke(ec.kid);
  expect((await here.api('GET', `/api/v2/keys/signing/${ec.kid}`)).body).toEqual({
    kid: ec.kid,
    current: false,
    next: false,
    previous: false,
    current_since: expect.any(String) as string,
    revoked: true,
  });
  const { keys } = (await here.api<Jwks>('GET', '/.well-known/jwks.json')).body;
  expect(keys.map(({ kid }) => kid)).not.toContain(ec.kid);

  const rsa = await keyOf('RS256');
  const inMetadata = async (): Promise<boolean> => {
    const metadata = await (await fetch(`${here.baseUrl}/samlp/metadata/gateway`)).text();
    return metadata.replaceAll(/\s/g, '').includes(rsa.certificate!.replaceAll(/-----[^-]+-----|\s/g, ''));
  };
  await rotate();
  expect(await inMetadata()).toBe(true);
  await revoke(rsa.kid);
  expect(await inMetadata()).toBe(false);
});
