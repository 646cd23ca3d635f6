/** A web application as people build it: express with express-openid-connect, on a port of its own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { auth, requiresAuth, type ConfigParams } from 'express-openid-connect';

export interface ExpressApp {
  readonly url: string;
  readonly callback: string;
  readonly backchannelLogout: string;
  readonly close: () => Promise<void>;
}

/** What the library throws where the server refuses. */
interface Refusal extends Error {
  readonly error?: string;
  readonly error_description?: string;
}

/** Keeps sessions where a back-channel logout can find them. */
class Sessions {
  readonly #kept = new Map<string, unknown>();
  get(sid: string, done: (error: unknown, session?: never) => void): void {
    done(null, this.#kept.get(sid) as never);
  }
  set(sid: string, session: unknown, done?: (error?: unknown) => void): void {
    this.#kept.set(sid, session);
    done?.();
  }
  destroy(sid: string, done?: (error?: unknown) => void): void {
    this.#kept.delete(sid);
    done?.();
  }
}

/**
 * `/` tells who is logged in here, `/private` is for them alone, `/userinfo` and `/refreshed` ask the server again. What the library throws
 * is told as JSON. Names of cookies are the application's own: a browser sends cookies to every port.
 */
export async function startExpressApp(
  issuerBaseURL: string,
  clientID: string,
  { host = 'localhost', ...more }: ConfigParams & { readonly host?: string } = {},
): Promise<ExpressApp> {
  const app = express();
  const server = createServer(app).listen(0, host);
  await once(server, 'listening');
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  app.use(
    auth({
      issuerBaseURL,
      baseURL: url,
      clientID,
      secret: 'what this application seals its cookies with',
      authRequired: false,
      session: { name: `${clientID}-session`, store: new Sessions() },
      transactionCookie: { name: `${clientID}-transaction` },
      ...more,
    }),
  );
  app.get('/', (request, response) => {
    response.json({ user: request.oidc.user ?? null, claims: request.oidc.idTokenClaims ?? null });
  });
  app.get('/private', requiresAuth(), (request, response) => {
    response.json({ private: true, user: request.oidc.user });
  });
  app.get('/userinfo', requiresAuth(), (request, response, next) => {
    request.oidc.fetchUserInfo().then((user) => response.json(user), next);
  });
  app.get('/refreshed', requiresAuth(), (request, response, next) => {
    const before = request.oidc.accessToken!;
    before
      .refresh()
      .then(({ access_token: token }) => response.json({ isAnother: token !== before.access_token }), next);
  });
  app.use((thrown: Refusal, _request: Request, response: Response, _next: NextFunction) => {
    const { message, error, error_description } = thrown;
    response.status(500).json({ message, error, error_description });
  });
  return {
    url,
    callback: `${url}/callback`,
    backchannelLogout: `${url}/backchannel-logout`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
