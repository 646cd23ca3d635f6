/** What tests of logouts at the relying party share: its client, a login in a session, and answers that are not followed. */
import type { Logout } from '../../src/tenant/logout.js';
import { LogoutStore } from '../../src/storage/logout-store.js';
import type { TestServer } from '../support/server.js';
import type { UserAgent } from '../support/user-agent.js';
import { authorizeUrl, claimsOf, logIn, make, type Landing } from './relying-party.js';

/** Answered with an ID token; with a session it asks nobody. */
const ID = { response_type: 'id_token', nonce: 'n' } as const;

export interface LoggedIn {
  readonly idToken: string;
  readonly claims: Record<string, unknown>;
  /** As a browser sends them. */
  readonly cookies: string;
}

/** Alice logs in at the client in a browser of her own. */
export async function loggedIn(
  agent: UserAgent,
  server: TestServer,
  landing: Landing,
  parameters: Readonly<Record<string, string>> = {},
): Promise<LoggedIn> {
  const { id_token: idToken = '' } = await logIn(agent, server, landing, { ...ID, ...parameters });
  return { idToken, claims: claimsOf(idToken), cookies: cookiesOf(agent, server) };
}

const cookiesOf = (agent: UserAgent, server: TestServer): string =>
  ['mintmark_session', 'mintmark_browser']
    .flatMap((name) => {
      const value = agent.cookie(server.baseUrl, name);
      return value === undefined ? [] : `${name}=${value}`;
    })
    .join('; ');

export interface RawAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly text: string;
  readonly cookies: readonly string[];
}

/** One request, no redirect followed. */
export async function request(url: string, cookies = '', form?: URLSearchParams): Promise<RawAnswer> {
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { accept: 'text/html', cookie: cookies },
    ...(form && { method: 'POST', body: form }),
  });
  return {
    status: response.status,
    location: response.headers.get('location'),
    text: await response.text(),
    cookies: response.headers.getSetCookie(),
  };
}

/** Whether the browser need not log in any more. */
export async function isLoggedIn(agent: UserAgent, server: TestServer, landing: Landing): Promise<boolean> {
  const page = await agent.get(authorizeUrl(server, landing, { ...ID, prompt: 'none' }));
  return page.url.includes('id_token=');
}

export const makeClient = (
  server: TestServer,
  landing: Landing,
  client: Readonly<Record<string, unknown>> & { readonly client_id: string },
): Promise<Record<string, unknown>> =>
  make(server, '/api/v2/clients', {
    name: `Client ${client.client_id}`,
    app_type: 'regular_web',
    callbacks: [landing.callback],
    ...client,
  });

export const newestLogout = async (server: TestServer): Promise<Logout | undefined> =>
  (await server.app.get(LogoutStore).list(1))[0];
