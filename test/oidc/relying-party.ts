/** A relying party of another site than the server's (`localhost`, not 127.0.0.1): what it asks for, and what it is answered. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AuthorizationCodeStore, type FoundCode } from '../../src/storage/authorization-code-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import type { TestServer } from '../support/server.js';
import type { Page, UserAgent } from '../support/user-agent.js';

export const API = 'https://api.example.test';

export interface Landing {
  /** Serves whatever comes to it. */
  readonly origin: string;
  readonly callback: string;
  /** Forms that were posted to it, newest last. */
  readonly posted: readonly URLSearchParams[];
  readonly close: () => Promise<void>;
}

/** Where browsers are sent back to. `page` is served at `/page`. */
export async function startLanding(page = '', host = 'localhost'): Promise<Landing> {
  const posted: URLSearchParams[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      if (request.method === 'POST') posted.push(new URLSearchParams(body));
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(request.url === '/page' ? page : '<title>Landed</title>');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    callback: `${origin}/callback`,
    posted,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

export type Parameters = Readonly<Record<string, string>>;

/** The address that a login button leads to; a code with openid unless told otherwise. An empty text takes a parameter away. */
export const authorizeUrl = (server: TestServer, landing: Landing, parameters: Parameters = {}): string => {
  const all = {
    client_id: 'app',
    response_type: 'code',
    redirect_uri: landing.callback,
    scope: 'openid profile email',
    state: 'a state',
    ...parameters,
  };
  const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  return `${server.baseUrl}/authorize?${query.toString()}`;
};

export const LOGIN = { username: 'alice@example.test', password: 'correct horse battery' } as const;

/** What a redirect brought to the callback, from query and fragment; a page that was shown instead is an error. */
export function answerAt(page: Page, { callback }: Landing): Record<string, string> {
  if (!page.url.startsWith(callback))
    throw new Error(
      `at ${page.url} with ${page.status}: ${page.text.replace(/<style[^]*?<\/style>/g, '').slice(0, 1500)}`,
    );
  const { search, hash } = new URL(page.url);
  return Object.fromEntries([...new URLSearchParams(search), ...new URLSearchParams(hash.slice(1))]);
}

/** Logs in by the page that a request leads to, and yields what the client is answered. */
export async function logIn(
  agent: UserAgent,
  server: TestServer,
  landing: Landing,
  parameters: Parameters = {},
  credentials: Readonly<Record<string, string>> = LOGIN,
): Promise<Record<string, string>> {
  const page = await agent.get(authorizeUrl(server, landing, parameters));
  return answerAt(await agent.submit(page, credentials), landing);
}

/** What the server keeps of a code; throws where there is none. */
export async function keptCode(server: TestServer, code: string | undefined): Promise<FoundCode> {
  const found = await server.app.get(AuthorizationCodeStore).find(tokenDigest(code ?? ''));
  if (!found) throw new Error(`no such code: ${code}`);
  return found;
}

export const claimsOf = (jwt: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt!.split('.')[1]!, 'base64url').toString('utf8')) as Record<string, unknown>;

/** Throws unless it was made. */
export async function make(server: TestServer, path: string, body: object): Promise<Record<string, unknown>> {
  const made = await server.api('POST', path, body);
  if (made.status !== 201 && made.status !== 204) throw new Error(`${path}: ${JSON.stringify(made.body)}`);
  return made.body;
}

/** The client `app`, the API with two scopes, and alice. */
export async function makeParties(server: TestServer, landing: Landing): Promise<void> {
  await make(server, '/api/v2/clients', {
    client_id: 'app',
    name: 'The app',
    app_type: 'regular_web',
    callbacks: [landing.callback],
    web_origins: [landing.origin],
  });
  await make(server, '/api/v2/resource-servers', {
    identifier: API,
    name: 'API',
    scopes: [{ value: 'read:things' }, { value: 'write:things' }],
    allow_offline_access: true,
    token_lifetime_for_web: 600,
  });
  await make(server, '/api/v2/users', {
    user_id: 'auth0|alice',
    email: 'alice@example.test',
    email_verified: true,
    name: 'Alice',
    password: LOGIN.password,
  });
}

/** The newest transaction, as the API shows it. */
export async function newest(server: TestServer): Promise<{
  readonly id: string;
  readonly status: string;
  readonly client_id: string | null;
  readonly error?: string;
  readonly reason: string | null;
  readonly warnings: readonly { readonly code: string; readonly detail: string }[];
  readonly result: { readonly parameters?: Readonly<Record<string, unknown>> } | null;
}> {
  const { body } = await server.api<{ items: Awaited<ReturnType<typeof newest>>[] }>(
    'GET',
    '/api/transactions?limit=1',
  );
  return body.items[0]!;
}
