/** A relying party that judges as the conformance suite of the OpenID Foundation does: by jose and by what came over HTTP. */
import { createHash } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { answerAt, authorizeUrl, LOGIN, make, type Landing, type Parameters } from '../oidc/relying-party.js';
import type { TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';

export const DIALECTS = ['strict', 'auth0'] as const;
export type Dialect = (typeof DIALECTS)[number];
export const SECRET = 'a secret, with % and + and :';
export const ALICE = 'auth0|alice';
export { LOGIN };

/** Every standard claim of OIDC Core 5.1 that a profile can hold. */
const PROFILE = {
  name: 'Alice Liddell',
  given_name: 'Alice',
  family_name: 'Liddell',
  middle_name: 'Pleasance',
  nickname: 'Al',
  preferred_username: 'alice',
  profile: 'https://example.test/alice',
  picture: 'https://example.test/alice.png',
  website: 'https://example.test/',
  gender: 'female',
  birthdate: '1852-05-04',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  email: 'alice@example.test',
  email_verified: true,
  address: { formatted: '1 River Bank', locality: 'Oxford', country: 'GB' },
  phone_number: '+44 1865 276150',
  phone_verified: true,
} as const;

const clientOf = (dialect: Dialect): string => `${dialect}-rp`;

/** For each dialect a client, and another that must get nothing of it; and a user whose profile is full. */
export async function makeParties(server: TestServer, landing: Landing): Promise<void> {
  for (const dialect of DIALECTS)
    for (const client_id of [clientOf(dialect), `${clientOf(dialect)}-2`])
      await make(server, '/api/v2/clients', {
        client_id,
        client_secret: SECRET,
        name: client_id,
        oauth_dialect: dialect,
        callbacks: [landing.callback],
        web_origins: [landing.origin],
        grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      });
  await make(server, '/api/v2/users', { user_id: ALICE, ...PROFILE, password: LOGIN.password });
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, string>>;
}
export type Userinfo = Readonly<Record<string, unknown>>;

const leftHalf = (text: string): string =>
  createHash('sha256').update(text, 'ascii').digest().subarray(0, 16).toString('base64url');

export class RelyingParty {
  readonly agent = new UserAgent();
  readonly clientId: string;

  constructor(
    readonly server: TestServer,
    readonly landing: Landing,
    readonly dialect: Dialect,
  ) {
    this.clientId = clientOf(dialect);
  }

  get issuer(): string {
    return `${this.server.baseUrl}/`;
  }

  authorizeUrl(parameters: Parameters = {}): string {
    return authorizeUrl(this.server, this.landing, {
      client_id: this.clientId,
      scope: 'openid',
      ...parameters,
    });
  }

  authorize(parameters: Parameters = {}): Promise<Page> {
    return this.agent.get(this.authorizeUrl(parameters));
  }

  /** What the redirect brought, with the `state` and the `iss` that belong to it. */
  answer(page: Page, state: string | undefined = 'a state'): Record<string, string> {
    const { state: echoed, iss, ...answer } = answerAt(page, this.landing);
    expect(echoed).toBe(state);
    expect(iss).toBe(this.dialect === 'strict' ? this.issuer : undefined);
    return answer;
  }

  /** Answered at once, no page between. */
  async silently(parameters: Parameters = {}): Promise<Record<string, string>> {
    return this.answer(await this.authorize(parameters));
  }

  /** By the login page, which must be there. */
  async logIn(parameters: Parameters = {}): Promise<Record<string, string>> {
    const page = await this.authorize(parameters);
    expect(isLoginPage(page)).toBe(true);
    return this.answer(await this.agent.submit(page, LOGIN));
  }

  /** By client_secret_basic, form-encoded as RFC 6749 2.3.1 has it. */
  token(fields: Parameters, clientId = this.clientId): Promise<TokenAnswer> {
    const pair = [clientId, SECRET].map((text) => encodeURIComponent(text)).join(':');
    return this.post('/oauth/token', fields, {
      authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
    });
  }

  async post(
    path: string,
    fields: Parameters,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TokenAnswer> {
    const response = await fetch(`${this.server.baseUrl}${path}`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(fields),
    });
    expect(response.headers.get('content-type')).toContain('application/json');
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, string>,
    };
  }

  codeFields(code: string | undefined): Parameters {
    return {
      grant_type: 'authorization_code',
      code: code ?? '',
      redirect_uri: this.landing.callback,
    };
  }

  /** The tokens of a code, judged. */
  async redeem(
    code: string | undefined,
    expected: { readonly nonce?: string; readonly more?: Parameters } = {},
  ): Promise<{ readonly body: TokenAnswer['body']; readonly idToken: JWTPayload }> {
    const answer = await this.token({ ...this.codeFields(code), ...expected.more });
    expectTokens(answer);
    const { body } = answer;
    return { body, idToken: await this.verified(body['id_token'], { ...expected, ...body }) };
  }

  /** OIDC Core 3.1.3.7, by the published keys. */
  async verified(
    idToken: string | undefined,
    expected: { readonly nonce?: string; readonly access_token?: string; readonly code?: string } = {},
  ): Promise<JWTPayload> {
    const jwks = await fetch(`${this.server.baseUrl}/.well-known/jwks.json`);
    const { keys } = (await jwks.json()) as JSONWebKeySet;
    const { payload, protectedHeader } = await jwtVerify(idToken ?? '', createLocalJWKSet({ keys }), {
      issuer: this.issuer,
      audience: this.clientId,
      requiredClaims: ['sub', 'iat', 'exp', 'auth_time'],
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(keys.filter(({ kid }) => kid === protectedHeader.kid)).toHaveLength(1);
    expect(payload['nonce']).toBe(expected.nonce);
    expect(payload.sub).toMatch(/^[\x20-\x7e]{1,255}$/);
    expect(payload.aud).toBe(this.clientId);
    expect(payload['azp'] ?? this.clientId).toBe(this.clientId);
    expect(payload['auth_time']).toBeTypeOf('number');
    if (expected.access_token !== undefined) expect(payload['at_hash']).toBe(leftHalf(expected.access_token));
    expect(payload['c_hash']).toBe(expected.code === undefined ? undefined : leftHalf(expected.code));
    return payload;
  }

  async userinfo(accessToken: string | undefined): Promise<Userinfo> {
    return userinfoOf(
      await fetch(`${this.server.baseUrl}/userinfo`, {
        headers: { authorization: `Bearer ${accessToken}` },
      }),
    );
  }

  /** From the login to the claims. */
  async flow(parameters: Parameters = {}): Promise<{
    readonly body: TokenAnswer['body'];
    readonly idToken: JWTPayload;
    readonly claims: Userinfo;
  }> {
    const { code } = await this.logIn(parameters);
    const { nonce } = parameters;
    const { body, idToken } = await this.redeem(code, nonce === undefined ? {} : { nonce });
    const claims = await this.userinfo(body['access_token']);
    expect(claims['sub']).toBe(idToken.sub);
    return { body, idToken, claims };
  }
}

export const isLoginPage = (page: Page): boolean =>
  page.status === 200 && page.text.includes('name="password"');

/** RFC 6749 5.1. */
export function expectTokens({ status, headers, body }: TokenAnswer): void {
  expect({ status, ...body }).toMatchObject({ status: 200 });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('pragma')).toBe('no-cache');
  expect(body['token_type']).toMatch(/^bearer$/i);
  expect(body['access_token']).toMatch(/^[\x20-\x7e]+$/);
  expect(body['expires_in']).toBeTypeOf('number');
}

export async function userinfoOf(response: Response): Promise<Userinfo> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  return (await response.json()) as Userinfo;
}

/** A module of a plan, for clients of both dialects unless told otherwise. */
export function moduleOf(
  parties: () => { readonly server: TestServer; readonly landing: Landing },
): (name: string, run: (party: RelyingParty) => Promise<void>, dialects?: readonly Dialect[]) => void {
  return (name, run, dialects = DIALECTS) => {
    for (const dialect of dialects)
      test(`oidcc-${name}, ${dialect}`, () => {
        const { server, landing } = parties();
        return run(new RelyingParty(server, landing, dialect));
      });
  };
}
