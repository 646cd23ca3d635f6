/** The page of others that an Action sends a browser to: a real server on another port and host name, that remembers who came. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Page } from '../support/user-agent.js';

interface JsonWebToken {
  readonly sign: (payload: object, secret: string, options: { algorithm: 'HS256' }) => string;
  readonly verify: (
    token: string,
    secret: string,
    options: { algorithms: ['HS256']; clockTimestamp?: number },
  ) => Record<string, unknown>;
}
export const jsonwebtoken = createRequire(import.meta.url)('jsonwebtoken') as JsonWebToken;

export const SHARED = 'the secret that the page and the Action share';

export interface AwayPage {
  readonly url: string;
  /** Addresses that browsers came to, in their order. */
  readonly arrivals: readonly URL[];
  readonly close: () => Promise<void>;
}

/** `form` is what it shows, made from the address that the browser came to. Its name is of another site than 127.0.0.1. */
export async function startAwayPage(
  form: (arrival: URL) => string = () => 'You are away',
  host = 'localhost',
): Promise<AwayPage> {
  const arrivals: URL[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const arrival = new URL(request.url ?? '/', `http://${request.headers.host ?? host}`);
    if (arrival.pathname !== '/favicon.ico') arrivals.push(arrival);
    let [status, text] = [200, ''];
    try {
      text = form(arrival);
    } catch (error) {
      [status, text] = [403, String(error)];
    }
    response
      .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
      .end(`<!doctype html><html lang="en"><title>away</title><link rel="icon" href="data:,">${text}</html>`);
  });
  server.listen(0);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    arrivals,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the address that a browser was sent to says. */
export const stateOf = ({ url }: { readonly url: string }): string => {
  const state = new URL(url).searchParams.get('state');
  if (state === null) throw new Error(`nobody was sent there with a state: ${url}`);
  return state;
};

/** A session token that goes back: all claims of the one that came (`sub`, …), with the state and `more`. */
export function signedReturn(
  page: Pick<Page, 'url'>,
  more: Readonly<Record<string, unknown>> = {},
  clockTimestamp = Math.floor(Date.now() / 1000),
): string {
  const came = jsonwebtoken.verify(new URL(page.url).searchParams.get('session_token') ?? '', SHARED, {
    algorithms: ['HS256'],
    clockTimestamp,
  });
  return jsonwebtoken.sign({ ...came, state: stateOf(page), ...more }, SHARED, { algorithm: 'HS256' });
}
