/** What the plans oidcc-config, -implicit, -hybrid and -formpost-basic ask for beyond the basic one (oauth-oidc.md 14). */
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLanding, type Landing } from '../oidc/relying-party.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ALICE,
  isLoginPage,
  LOGIN,
  makeParties,
  moduleOf,
  type RelyingParty,
  type Userinfo,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const oidcc = moduleOf(() => ({ server, landing }));

const REQUIRED = [
  'issuer', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri', 'response_types_supported',
  'subject_types_supported', 'id_token_signing_alg_values_supported', 'scopes_supported', 'claims_supported',
] as const; // prettier-ignore

test('oidcc-config: a document that names what there is, at https, and the issuer that it was asked of', async () => {
  const its = await startTestServer({ BASE_URL: 'https://idp.example.test' });
  try {
    const { port } = its.app.getHttpServer().address() as { port: number };
    const document = (await (
      await fetch(`http://127.0.0.1:${port}/.well-known/openid-configuration`)
    ).json()) as Record<string, unknown>;
    expect(Object.keys(document)).toEqual(expect.arrayContaining([...REQUIRED]));
    expect(document['issuer']).toBe('https://idp.example.test/');
    for (const [name, value] of Object.entries(document))
      if (/(_endpoint|_uri)$/.test(name)) expect(value).toMatch(/^https:\/\/idp\.example\.test\/[^?#]+$/);
      else if (/_(supported|required)$/.test(name) && typeof value !== 'boolean')
        expect(value).toSatisfy(
          (list: unknown) =>
            Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === 'string'),
        );
    expect(document['scopes_supported']).toContain('openid');
    expect(document['response_types_supported']).toEqual(
      expect.arrayContaining(['code', 'id_token', 'id_token token']),
    );
    expect(document['id_token_signing_alg_values_supported']).toContain('RS256');
    expect(document['code_challenge_methods_supported']).toContain('S256');
    expect(document['request_parameter_supported']).toBe(false);
    expect(document['request_uri_parameter_supported']).toBe(false);
  } finally {
    await its.close();
  }
});

test('oidcc-config: keys for signatures, each known by a kid of its own, and nothing private', async () => {
  const { keys } = (await (await fetch(`${server.baseUrl}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  expect(keys.map(({ alg }) => alg)).toContain('RS256');
  for (const key of keys) {
    expect(key).toMatchObject({
      use: 'sig',
      kid: expect.any(String),
      kty: expect.stringMatching(/^(RSA|EC|OKP)$/),
    });
    expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(name))).toEqual(
      [],
    );
  }
});

test('oidcc-config: every endpoint that the document names is there', async () => {
  const { body } = await server.api('GET', '/.well-known/openid-configuration');
  for (const [name, url] of Object.entries(body))
    if (/(_endpoint|_uri)$/.test(name)) {
      const answers = await Promise.all(['GET', 'POST'].map((method) => fetch(String(url), { method })));
      expect(
        answers.map(({ status }) => status).filter((status) => status !== 404 && status < 500),
      ).toHaveLength(2);
    }
});

const NONCE = 'n-1';
const IMPLICIT = ['id_token', 'id_token token'] as const;
const HYBRID = ['code id_token', 'code token', 'code id_token token'] as const;

/** The answer, whose tokens were judged. */
async function judged(
  party: RelyingParty,
  type: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{
  readonly answer: Record<string, string>;
  readonly sub: string | undefined;
  readonly claims: Userinfo;
}> {
  const words = type.split(' ');
  const answer = await party.logIn({ response_type: type, nonce: NONCE, ...more });
  expect(
    Object.keys(answer)
      .filter((name) => ['code', 'id_token', 'access_token'].includes(name))
      .toSorted(),
  ).toEqual(words.map((word) => (word === 'token' ? 'access_token' : word)).toSorted());
  const { id_token, access_token, code } = answer;
  const idToken =
    id_token === undefined
      ? undefined
      : await party.verified(id_token, {
          nonce: NONCE,
          ...(access_token !== undefined && { access_token }),
          ...(code !== undefined && { code }),
        });
  if (id_token !== undefined && access_token === undefined) expect(idToken).not.toHaveProperty('at_hash');
  let claims: Userinfo = {};
  if (access_token !== undefined) {
    expect(answer['token_type']).toMatch(/^bearer$/i);
    expect(answer['expires_in']).toMatch(/^\d+$/);
    claims = await party.userinfo(access_token);
    expect(claims['sub']).toBe(ALICE);
  }
  return { answer, sub: idToken?.sub, claims };
}

for (const type of IMPLICIT) {
  oidcc(`server of the plan implicit: ${type}`, async (party) => {
    expect((await judged(party, type)).sub).toBe(ALICE);
  });
  oidcc(`scope-profile of the plan implicit: ${type}`, async (party) => {
    const { answer, claims } = await judged(party, type, { scope: 'openid profile email' });
    // OIDC Core 5.4: where there is no access token, the ID token brings the claims
    const told = type === 'id_token' ? await party.verified(answer['id_token'], { nonce: NONCE }) : claims;
    expect(told).toMatchObject({ name: 'Alice Liddell', email: LOGIN.username, email_verified: true });
  });
}

for (const type of ['id_token token', 'code token'])
  oidcc(`claims-essential: ${type}`, async (party) => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true }, email: null, is_admin: null } });
    const told = { sub: ALICE, name: 'Alice Liddell', email: LOGIN.username };
    expect((await judged(party, type, { claims })).claims).toEqual(told);
    const { code } = await party.silently({ claims, scope: 'openid offline_access' });
    const { body } = await party.redeem(code);
    const refreshed = await party.token({
      grant_type: 'refresh_token',
      refresh_token: body['refresh_token'] ?? '',
    });
    expect(await party.userinfo(refreshed.body['access_token'])).toEqual(told);
  });

for (const type of [...IMPLICIT, ...HYBRID.filter((each) => each.includes('id_token'))])
  oidcc(`ensure-request-without-nonce-fails: ${type}`, async (party) => {
    const page = await party.authorize({ response_type: type });
    expect(new URL(page.url).search).toBe('');
    expect(party.answer(page)['error']).toBe('invalid_request');
  });

for (const type of HYBRID) {
  oidcc(`server of the plan hybrid: ${type}`, async (party) => {
    const { answer, sub } = await judged(party, type);
    const { body, idToken } = await party.redeem(answer['code'], { nonce: NONCE });
    // OIDC Core 3.3.3.6: both ID tokens are of one user
    expect(idToken.sub).toBe(sub ?? ALICE);
    expect(await party.userinfo(body['access_token'])).toMatchObject({ sub: ALICE });
  });
  oidcc(`codereuse of the plan hybrid: ${type}`, async (party) => {
    const { answer } = await judged(party, type);
    await party.redeem(answer['code'], { nonce: NONCE });
    const again = await party.token(party.codeFields(answer['code']));
    expect(again.body['error']).toBe('invalid_grant');
  });
}

for (const type of [...IMPLICIT, ...HYBRID])
  oidcc(`prompt-none: ${type}`, async (party) => {
    const asked = { response_type: type, nonce: NONCE, prompt: 'none' };
    expect((await party.silently(asked))['error']).toBe('login_required');
    await party.logIn();
    expect(Object.keys(await party.silently(asked))).toEqual(
      expect.arrayContaining([type.split(' ')[0] ?? '']),
    );
  });

for (const type of ['code', ...IMPLICIT, ...HYBRID])
  oidcc(`server of the plan formpost: ${type}`, async (party) => {
    const before = landing.posted.length;
    const page = await party.authorize({ response_type: type, response_mode: 'form_post', nonce: NONCE });
    expect(isLoginPage(page)).toBe(true);
    const delivered = await party.agent.submit(page, LOGIN);
    expect(delivered.status).toBe(200);
    expect(delivered.headers.get('content-type')).toContain('text/html');
    expect(delivered.headers.get('cache-control')).toContain('no-store');
    expect(delivered.forms[0]).toMatchObject({ action: landing.callback, method: 'post' });
    const landed = await party.agent.submit(delivered);
    expect(landed.url).toBe(landing.callback);
    expect(landing.posted).toHaveLength(before + 1);
    const answer = Object.fromEntries(landing.posted.at(-1)!);
    expect(answer['state']).toBe('a state');
    expect(answer['iss']).toBe(party.dialect === 'strict' ? party.issuer : undefined);
    const { id_token, access_token, code } = answer;
    if (id_token !== undefined)
      await party.verified(id_token, {
        nonce: NONCE,
        ...(access_token !== undefined && { access_token }),
        ...(code !== undefined && { code }),
      });
    if (code !== undefined) expect((await party.redeem(code, { nonce: NONCE })).idToken.sub).toBe(ALICE);
    expect([id_token, access_token, code].filter((one) => one !== undefined)).toHaveLength(
      type.split(' ').length,
    );
  });

oidcc('prompt-none-not-logged-in of the plan formpost', async (party) => {
  const page = await party.authorize({ response_mode: 'form_post', prompt: 'none' });
  expect(Object.fromEntries(page.forms[0]!.fields)).toMatchObject({
    error: 'login_required',
    state: 'a state',
  });
});
