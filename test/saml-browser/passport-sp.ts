/** A service provider as people build it: passport with its SAML strategy, on an HTTP server of its own, with a session cookie of its own. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SAML } from '@node-saml/node-saml';
import {
  Strategy,
  type PassportSamlConfig,
  type Profile,
  type VerifyWithoutRequest,
} from '@node-saml/passport-saml';
import { KEYS } from '../support/login-context.js';

export interface PassportSp {
  readonly url: string;
  readonly entityId: string;
  readonly acsUrl: string;
  readonly logoutUrl: string;
  /** Signs AuthnRequests and logout messages. */
  readonly certificate: string;
  readonly metadata: () => string;
  /** By session cookie. */
  readonly sessions: ReadonlyMap<string, Profile>;
  readonly close: () => Promise<void>;
}

/** What passport's strategies call on themselves to end a request. */
interface Ended {
  success: (user: Profile | undefined) => void;
  fail: (challenge: unknown) => void;
  redirect: (url: string) => void;
  pass: () => void;
  error: (error: Error) => void;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
}

/** Serves `/`, `/login`, `/acs`, `/logout` and `/slo`. `host` is the name in its URLs: another one than the IdP's makes it another site. */
export async function startPassportSp(
  idp: { readonly ssoUrl: string; readonly logoutUrl: string; readonly certificate: string },
  { host = 'localhost', ...options }: Partial<PassportSamlConfig> & { readonly host?: string } = {},
): Promise<PassportSp> {
  const sessions = new Map<string, Profile>();
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  const config: PassportSamlConfig = {
    idpCert: idp.certificate,
    entryPoint: idp.ssoUrl,
    logoutUrl: idp.logoutUrl,
    logoutCallbackUrl: `${url}/slo`,
    issuer: `${url}/metadata`,
    audience: `${url}/metadata`,
    callbackUrl: `${url}/acs`,
    privateKey: KEYS.sp.key,
    signatureAlgorithm: 'sha256',
    wantAuthnResponseSigned: false,
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    ...options,
  };
  const verify: VerifyWithoutRequest = (profile, done) =>
    done(null, profile as unknown as Record<string, unknown>);
  /** A LogoutRequest is of the user who is signed in under its name. */
  const verifyLogout: VerifyWithoutRequest = (profile, done) =>
    done(
      null,
      [...sessions.values()].find(({ nameID }) => nameID === profile?.nameID),
    );
  const strategy = new Strategy(config, verify, verifyLogout);

  const cookieOf = (request: IncomingMessage): string =>
    new RegExp(`sp${new URL(url).port}=(\\w+)`).exec(request.headers.cookie ?? '')?.[1] ?? '';

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? '/', url);
    const session = cookieOf(request);
    const page = (text: string, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'text/html' }).end(`<!doctype html><h1>${text}</h1>`);
    const redirect = (to: string): void => void response.writeHead(302, { location: to }).end();
    if (asked.pathname === '/') {
      const profile = sessions.get(session);
      return page(profile ? `Signed in as ${profile.nameID}` : 'Signed out');
    }
    if (asked.pathname === '/logout') {
      const user = sessions.get(session);
      sessions.delete(session);
      const logout = await new SAML(config).getLogoutUrlAsync(
        user!,
        asked.searchParams.get('RelayState') ?? '',
        {},
      );
      return redirect(logout);
    }
    const passportRequest = Object.assign(request, {
      query: Object.fromEntries(asked.searchParams),
      body: request.method === 'POST' ? await bodyOf(request) : undefined,
      user: sessions.get(session),
      // where it posts its request, it answers as express does
      res: Object.assign(response, { send: (text: string) => response.end(text) }),
      // passport ends its own session so
      logout: (done: (error?: Error) => void) => {
        sessions.delete(session);
        done();
      },
    });
    const ended: Ended = {
      success: (profile) => {
        if (!profile) return page('Refused: nobody', 401);
        const token = randomBytes(16).toString('hex');
        sessions.set(token, profile);
        response.setHeader('set-cookie', `sp${new URL(url).port}=${token}; Path=/; HttpOnly`);
        return redirect('/');
      },
      fail: (challenge) => page(`Refused: ${String(challenge)}`, 401),
      redirect,
      // a LogoutResponse has come: the logout is over
      pass: () => redirect('/'),
      error: (error) => page(`Refused: ${error.message}`, 500),
    };
    const acting = Object.assign(Object.create(strategy) as Strategy, ended);
    acting.authenticate(passportRequest as never, { additionalParams: {} });
  }

  return {
    url,
    entityId: config.issuer,
    acsUrl: config.callbackUrl,
    logoutUrl: `${url}/slo`,
    certificate: KEYS.sp.cert,
    metadata: () => strategy.generateServiceProviderMetadata(null, KEYS.sp.cert),
    sessions,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
