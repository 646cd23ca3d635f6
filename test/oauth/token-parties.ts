/** Clients, APIs and users for the token endpoint, calls of it, and codes as a login at /authorize leaves them. */
import { createHash, randomBytes } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTVerifyResult } from 'jose';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { tokenDigest, type AuthorizationCode, type Grant } from '../../src/tenant/grant.js';
import { sessionIdOf } from '../../src/tenant/session.js';
import type { ApiAnswer, TestServer } from '../support/server.js';

export const API = 'https://api.example.test';
export const CALLBACK = 'https://app.example.test/callback';
export const PASSWORD = 'correct horse battery';
export const ALICE = 'auth0|alice';
export const DIALECTS = ['auth0', 'strict'] as const;

/** Of success and of refusal. */
export interface TokenBody {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
  readonly expires_in?: number;
  readonly token_type?: string;
  readonly error?: string;
  readonly error_description?: string;
  readonly error_detail?: string;
  readonly error_uri?: string;
}
export type Parameters = Readonly<Record<string, string | undefined>>;

const withoutAbsent = (parameters: Parameters): [string, string][] =>
  Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);

/** A form, as the RFC has it. */
export async function token(
  server: { readonly baseUrl: string },
  parameters: Parameters,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer<TokenBody>> {
  return post(server, new URLSearchParams(withoutAbsent(parameters)).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    ...headers,
  });
}

export async function post(
  server: { readonly baseUrl: string },
  body: string,
  headers: Readonly<Record<string, string>>,
  path = '/oauth/token',
): Promise<ApiAnswer<TokenBody>> {
  const response = await fetch(`${server.baseUrl}${path}`, { method: 'POST', body, headers });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as TokenBody,
  };
}

/** The answer without what is random, for tables. */
export const refusal = ({ status, body }: ApiAnswer<TokenBody>): readonly unknown[] => [
  status,
  body.error,
  body.error_description,
];

export async function made(
  server: TestServer,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { status, body: answer } = await server.api('POST', `/api/v2/${path}`, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
}

export const patched = async (
  server: TestServer,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const { status, body: answer } = await server.api('PATCH', `/api/v2/${path}`, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
};

const EVERY_GRANT = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  'http://auth0.com/oauth/grant-type/password-realm',
];

/** The secret of every client that `makeClient` makes. */
export const SECRET = 'a secret of the client, with % and + and :';

export const makeClient = (
  server: TestServer,
  id: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> =>
  made(server, 'clients', {
    client_id: id,
    client_secret: SECRET,
    name: id,
    callbacks: [CALLBACK],
    grant_types: EVERY_GRANT,
    ...more,
  });

/** Clients `app` (auth0) and `strict-app`, public `spa`, the API with two scopes, a grant of one of them to each, and alice. */
export async function makeParties(server: TestServer): Promise<void> {
  await makeClient(server, 'app');
  await makeClient(server, 'strict-app', { oauth_dialect: 'strict' });
  await makeClient(server, 'other');
  await makeClient(server, 'spa', { token_endpoint_auth_method: 'none', app_type: 'spa' });
  await made(server, 'resource-servers', {
    identifier: API,
    name: 'API',
    scopes: [{ value: 'read:mail' }, { value: 'write:mail' }],
    allow_offline_access: true,
  });
  for (const client_id of ['app', 'strict-app'])
    await made(server, 'client-grants', { client_id, audience: API, scope: ['read:mail'] });
  await made(server, 'users', {
    user_id: ALICE,
    email: 'alice@example.test',
    email_verified: true,
    username: 'alice',
    name: 'Alice',
    password: PASSWORD,
  });
}

export const clientOf = (dialect: (typeof DIALECTS)[number]): string =>
  dialect === 'strict' ? 'strict-app' : 'app';

export interface CodeWishes {
  readonly clientId?: string;
  readonly scope?: string;
  readonly audience?: string | null;
  readonly redirectUri?: string | null;
  readonly nonce?: string;
  readonly challenge?: AuthorizationCode['codeChallenge'];
  readonly lifetimeMs?: number;
  readonly sessionId?: string | null;
  readonly issuance?: Partial<AuthorizationCode['issuance']>;
}

/** A code as it comes to the redirect URI, with the grant that it stands for. */
export async function makeCode(
  server: TestServer,
  wishes: CodeWishes = {},
): Promise<{ code: string; grant: Grant }> {
  const code = randomBytes(24).toString('base64url');
  const now = new Date();
  const { clientId = 'app', audience = API, scope = 'openid profile offline_access read:mail' } = wishes;
  const grant: Grant = {
    id: `grant_${randomBytes(16).toString('hex')}`,
    transactionId: 'txn_of_the_login',
    clientId,
    userId: ALICE,
    sessionId: wishes.sessionId ?? null,
    audience,
    scope,
    createdAt: now.toISOString(),
    authenticatedAt: now.toISOString(),
  };
  await server.app.get(AuthorizationCodeStore).insert(
    {
      digest: tokenDigest(code),
      transactionId: 'txn_of_the_login',
      grantId: grant.id,
      clientId,
      expiresAt: new Date(now.getTime() + (wishes.lifetimeMs ?? 60_000)).toISOString(),
      redirectUri: wishes.redirectUri === undefined ? CALLBACK : wishes.redirectUri,
      ...(wishes.nonce !== undefined && { nonce: wishes.nonce }),
      ...(wishes.challenge && { codeChallenge: wishes.challenge }),
      issuance: {
        user: { user_id: ALICE, name: 'Alice', updated_at: '2026-01-02T03:04:05.000Z' },
        scope,
        now: null,
        tokenClient: { alg: 'RS256', idTokenLifetimeInSeconds: 36_000 },
        idToken: { customClaims: {} },
        accessToken: { customClaims: {}, scopes: {} },
        ...wishes.issuance,
      },
    },
    grant,
  );
  return { code, grant };
}

export const redeem = (
  server: { readonly baseUrl: string },
  code: string,
  more: Parameters = {},
): Promise<ApiAnswer<TokenBody>> =>
  token(server, {
    grant_type: 'authorization_code',
    client_id: 'app',
    client_secret: SECRET,
    redirect_uri: CALLBACK,
    code,
    ...more,
  });

export const refresh = (
  server: { readonly baseUrl: string },
  refreshToken: string | undefined,
  more: Parameters = {},
): Promise<ApiAnswer<TokenBody>> =>
  token(server, {
    grant_type: 'refresh_token',
    client_id: 'app',
    client_secret: SECRET,
    refresh_token: refreshToken,
    ...more,
  });

/** The refresh token of a login that has just been finished. */
export async function refreshTokenOf(server: TestServer, wishes: CodeWishes = {}): Promise<string> {
  const { code } = await makeCode(server, wishes);
  const { clientId = 'app' } = wishes;
  const { body } = await redeem(server, code, { client_id: clientId });
  if (body.refresh_token === undefined) throw new Error(`no refresh token: ${JSON.stringify(body)}`);
  return body.refresh_token;
}

export const s256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** A session of alice's; yields its id. */
export async function makeSession(server: TestServer): Promise<string> {
  const id = sessionIdOf(randomBytes(32).toString('base64url'));
  const at = new Date().toISOString();
  await server.app.get(SessionStore).insert({
    id,
    userId: ALICE,
    createdAt: at,
    authenticatedAt: at,
    lastSeenAt: at,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  return id;
}

/** By the keys that are published, as a resource server would. */
export async function verified(
  server: TestServer,
  jwt: string | undefined,
  audience: string = API,
): Promise<JWTVerifyResult> {
  const { body } = await server.api<JSONWebKeySet>('GET', '/.well-known/jwks.json');
  return jwtVerify(jwt ?? '', createLocalJWKSet(body), { issuer: `${server.baseUrl}/`, audience });
}

/** The transaction of the call that was answered last. */
export async function lastTransaction(server: TestServer): Promise<Record<string, unknown>> {
  const { body } = await server.api<{ items: Record<string, unknown>[] }>('GET', '/api/transactions?limit=1');
  return body.items[0]!;
}
