/**
 * A page for progressive profiling as people build it: a server of its own that shares a secret with the Action, verifies the session token
 * that the browser brings, asks for what is missing in the profile, and sends the browser back with a token of its own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jsonwebtoken } from './away-page.js';

export interface ConsentPage {
  readonly url: string;
  /** Claims of the tokens that browsers brought, in their order. */
  readonly asked: readonly Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
const hidden = (name: string, value: string): string =>
  `<input type="hidden" name="${name}" value="${escaped(value)}">`;
const page = (response: ServerResponse, title: string, body: string, status = 200): void =>
  void response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
    .end(
      `<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${body}</html>`,
    );

async function fieldsOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** `returns` is how the browser goes back to `continueUrl`. `host` is the name in its address. */
export async function startConsentPage(given: {
  readonly secret: string;
  readonly continueUrl: string;
  readonly returns: 'GET' | 'POST';
  readonly host: string;
}): Promise<ConsentPage> {
  const { secret, continueUrl, returns, host } = given;
  const asked: Record<string, unknown>[] = [];
  const verified = (token: string | null): Record<string, unknown> =>
    jsonwebtoken.verify(token ?? '', secret, { algorithms: ['HS256'] });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams, pathname } = new URL(request.url ?? '/', 'http://consent.test');
    if (request.method === 'GET' && pathname === '/') {
      const token = searchParams.get('session_token');
      const claims = verified(token);
      asked.push(claims);
      return page(
        response,
        `Welcome, ${String(claims['email'])}`,
        `<form method="post" action="/decide">${hidden('session_token', token!)}${hidden('state', searchParams.get('state')!)}
          <label>Department <input name="department"></label>
          <label><input type="checkbox" name="consent" value="yes"> I consent</label>
          <button>Save</button></form>`,
      );
    }
    const fields = await fieldsOf(request);
    const state = fields.get('state')!;
    const { sub, iss } = verified(fields.get('session_token'));
    const now = Math.floor(Date.now() / 1000);
    const session_token = jsonwebtoken.sign(
      {
        sub,
        iss,
        state,
        iat: now,
        exp: now + 60,
        department: fields.get('department'),
        consent: fields.get('consent') === 'yes',
      },
      secret,
      { algorithm: 'HS256' },
    );
    if (returns === 'GET') {
      const back = new URLSearchParams({ state, session_token }).toString();
      response.writeHead(302, { location: `${continueUrl}?${back}` }).end();
      return;
    }
    page(
      response,
      'Back to the login',
      `<form method="post" action="${escaped(continueUrl)}">${hidden('state', state)}${hidden('session_token', session_token)}
        <button>Go back</button></form><script>document.forms[0].submit()</script>`,
    );
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => page(response, 'Refused', String(error), 403));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
