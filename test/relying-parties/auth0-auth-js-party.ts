/** What an application does with @auth0/auth0-auth-js; run in a process that trusts the server (see trusting-process.ts). */
import { AuthClient, type AuthClientOptions, type TokenResponse } from '@auth0/auth0-auth-js';
import { LOGIN } from '../oidc/relying-party.js';
import { UserAgent, type Page } from '../support/user-agent.js';

export type Options = Pick<
  AuthClientOptions,
  'domain' | 'clientId' | 'clientSecret' | 'clientAssertionSigningKey' | 'authorizationParams'
>;

let client: AuthClient;
let agent: UserAgent;
let tokens: TokenResponse;

/** A new application, and a browser that nobody has used. */
export function begin(options: Options): void {
  client = new AuthClient({ ...options });
  agent = new UserAgent();
}

/** As `begin`, with a module that was printed for people to run; `secret` is in its environment. */
export function beginAs(module: string, secret: string): void {
  const body = module.replace(/^import .*;$/gm, '').replace(/^export const/gm, 'const');
  // oxlint-disable-next-line no-implied-eval -- what is printed for people to run is run
  const run = new Function('AuthClient', 'process', `'use strict';\n${body}\nreturn authClient;`) as (
    ...given: readonly unknown[]
  ) => AuthClient;
  client = run(AuthClient, { env: { CLIENT_SECRET: secret } });
  agent = new UserAgent();
}

const told = (response: TokenResponse): object => Object.fromEntries(Object.entries(response));
const landed = (page: Page, redirectUri: string): URL => {
  if (!page.url.startsWith(redirectUri)) throw new Error(`at ${page.url}: ${page.text.slice(-1000)}`);
  return new URL(page.url);
};

/** By the login page, or without one where there is a session or a user whom logins are answered for. */
export async function logIn(
  redirectUri: string,
  { pushed = false, ...authorizationParams }: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly url: string; readonly tokens: object }> {
  const { authorizationUrl, codeVerifier } = await client.buildAuthorizationUrl({
    pushedAuthorizationRequests: pushed === true,
    authorizationParams: { redirect_uri: redirectUri, ...authorizationParams },
  });
  const page = await agent.get(authorizationUrl.href);
  const back = page.forms.length === 0 ? page : await agent.submit(page, LOGIN);
  tokens = await client.getTokenByCode(landed(back, redirectUri), { codeVerifier });
  return { url: authorizationUrl.href, tokens: told(tokens) };
}

export async function refresh(): Promise<object> {
  const renewed = await client.getTokenByRefreshToken({ refreshToken: tokens.refreshToken! });
  const isAnother = renewed.accessToken !== tokens.accessToken;
  tokens = Object.assign(renewed, { refreshToken: renewed.refreshToken ?? tokens.refreshToken });
  return { ...told(renewed), isAnother };
}
export const userInfo = (): Promise<object> => client.getUserInfo({ accessToken: tokens.accessToken });
export const revoke = (): Promise<void> => client.revokeToken({ token: tokens.refreshToken! });

export const clientCredentials = async (audience: string): Promise<object> =>
  told(await client.getTokenByClientCredentials({ audience }));
export const password = async (given: Parameters<AuthClient['getTokenByPassword']>[0]): Promise<object> =>
  told((tokens = await client.getTokenByPassword(given)));
export const exchange = async (audience: string): Promise<object> =>
  told(
    await client.exchangeToken({
      subjectToken: tokens.accessToken,
      subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      audience,
    }),
  );

/** Where the browser is in the end. The address names no ID token, so somebody is asked. */
export async function logOut(returnTo: string): Promise<string> {
  const page = await agent.get((await client.buildLogoutUrl({ returnTo })).href);
  return (await agent.submit(page)).url;
}
export const verifyLogoutToken = (logoutToken: string): Promise<object> =>
  client.verifyLogoutToken({ logoutToken });
export const metadata = async (): Promise<object> => ({ ...(await client.getServerMetadata()) });
