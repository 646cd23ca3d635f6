/** A single-page application: one static page that loads the SDK’s own bundle, once for each way to set the SDK up. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Auth0Client, Auth0ClientOptions } from '@auth0/auth0-spa-js';
import type { Page } from 'playwright-core';

const BUNDLE = readFileSync(
  createRequire(import.meta.url).resolve('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js'),
);

export interface SinglePageApp {
  readonly origin: string;
  /** Where the page is that is set up so, which is where it has the browser come back to. */
  readonly urlOf: (setup: string) => string;
  readonly close: () => Promise<void>;
}

/** `setups` by name; the page of each is at `/<name>`, with the SDK in `window.spa`. */
export async function startSinglePageApp(
  domain: string,
  setups: Readonly<Record<string, Partial<Auth0ClientOptions>>>,
  host = '127.0.0.1',
): Promise<SinglePageApp> {
  let origin = '';
  const pageOf = (name: string): string => {
    const { authorizationParams, ...more } = setups[name]!;
    const options = {
      domain,
      clientId: name,
      authorizationParams: { redirect_uri: `${origin}/${name}`, ...authorizationParams },
      ...more,
    };
    return `<!doctype html><html lang="en"><title>${name}</title><link rel="icon" href="data:,">
      <script src="/sdk.js"></script>
      <script>window.spa = new auth0.Auth0Client(${JSON.stringify(options)});</script></html>`;
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', origin);
    const name = pathname.slice(1);
    if (pathname === '/sdk.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(BUNDLE);
    else if (name in setups)
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(pageOf(name));
    else response.writeHead(404).end();
  }).listen(0, host);
  await once(server, 'listening');
  origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    urlOf: (setup) => `${origin}/${setup}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** In the page. */
declare const window: { readonly spa: Auth0Client };

/** What the SDK throws in the page, as far as it says it in words. */
export interface Refusal {
  readonly error: string;
  readonly error_description: string;
}
export type Outcome<Value> = { readonly value: Value } | { readonly refused: Refusal };

/** Errors lose their members on their way out of a page, so that each call is caught there. */
export const silently = (
  page: Page,
  options: Parameters<Auth0Client['getTokenSilently']>[0] = { cacheMode: 'off' },
): Promise<Outcome<string>> =>
  page.evaluate(
    (given) =>
      window.spa.getTokenSilently(given).then(
        (value) => ({ value: value ?? '' }),
        ({ error, error_description }: Refusal) => ({ refused: { error, error_description } }),
      ),
    options,
  );

export const comeBack = (page: Page): Promise<Outcome<unknown>> =>
  page.evaluate(() =>
    window.spa.handleRedirectCallback<unknown>().then(
      ({ appState }) => ({ value: appState }),
      ({ error, error_description }: Refusal) => ({ refused: { error, error_description } }),
    ),
  );

/** Leaves for the login page; the promise of the SDK ends with the page. */
export const leave = (page: Page, appState?: unknown): Promise<void> =>
  page.evaluate((state) => window.spa.loginWithRedirect({ appState: state }), appState);

export const userOf = (page: Page): Promise<Record<string, unknown> | undefined> =>
  page.evaluate(() => window.spa.getUser());

export const logOut = (page: Page, returnTo: string): Promise<void> =>
  page.evaluate((url) => window.spa.logout({ logoutParams: { returnTo: url } }), returnTo);

export const popUp = (page: Page): Promise<void> => page.evaluate(() => window.spa.loginWithPopup());

export const revoke = (page: Page): Promise<void> => page.evaluate(() => window.spa.revokeRefreshToken());
