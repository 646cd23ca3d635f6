/** express-openid-connect, Auth0's own middleware, as the relying party of a login, both ways of logout, and the back channel. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import openid from 'express-openid-connect';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import { LOGIN, make, makeParties, startLanding, type Landing } from './relying-party.js';

const SOON = { timeout: 20_000, interval: 50 } as const;
const SECRET = 'a secret of the relying party';

let server: TestServer;
let landing: Landing;
let agent: UserAgent;
let listening: Server;
let rp: string;

/** Whom it was told of, by `iss|sid` and `iss|sub`. */
function memory(): object {
  const kept = new Map<string, unknown>();
  return {
    get: (id: string, done: (error: unknown, data?: unknown) => void) => done(null, kept.get(id)),
    set: (id: string, data: unknown, done: (error?: unknown) => void) => {
      kept.set(id, data);
      done();
    },
    destroy: (id: string, done: (error?: unknown) => void) => {
      kept.delete(id);
      done();
    },
  };
}

beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  const app = express();
  listening = app.listen(0, 'localhost');
  await once(listening, 'listening');
  rp = `http://localhost:${(listening.address() as AddressInfo).port}`;
  await make(server, '/api/v2/clients', {
    client_id: 'express',
    client_secret: SECRET,
    name: 'An application on express',
    app_type: 'regular_web',
    callbacks: [`${rp}/callback`],
    allowed_logout_urls: [`${rp}/bye`],
    oidc_logout: {
      backchannel_logout_urls: [`${rp}/backchannel-logout`],
      backchannel_logout_initiators: { mode: 'all' },
    },
  });
  app.use(
    openid.auth({
      issuerBaseURL: server.baseUrl,
      baseURL: rp,
      clientID: 'express',
      clientSecret: SECRET,
      secret: 'what it encrypts its own cookie with',
      authRequired: false,
      idpLogout: true,
      routes: { postLogoutRedirect: '/bye' },
      authorizationParams: { response_type: 'code', scope: 'openid profile email' },
      backchannelLogout: { store: memory() as never },
    }),
  );
  app.get('/bye', (_request: Request, response: Response) => void response.send('Bye'));
  app.get(
    '/',
    (request: Request, response: Response) =>
      void response.send(`user: ${request.oidc.user?.['sub'] ?? 'nobody'}`),
  );
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).send(`failed: ${error.message}`);
  });
});
afterAll(async () => {
  listening.closeAllConnections();
  listening.close();
  await Promise.all([server.close(), landing.close()]);
});
beforeEach(() => {
  agent = new UserAgent();
});

const user = async (): Promise<string> => (await agent.get(`${rp}/`)).text;
const newestDelivery = async (): Promise<unknown> =>
  (await server.api<{ deliveries: unknown[] }>('GET', '/debug/logouts')).body.deliveries[0];
async function logIn(): Promise<void> {
  const page = await agent.submit(await agent.get(`${rp}/login`), LOGIN);
  expect([page.url, page.text]).toEqual([`${rp}/`, 'user: auth0|alice']);
}

test('it logs in, and ends the session here when its user logs out there', async () => {
  await logIn();
  const bye = await agent.get(`${rp}/logout`);
  expect([bye.url, bye.text]).toEqual([`${rp}/bye`, 'Bye']);
  expect(await user()).toBe('user: nobody');
  expect((await agent.get(`${rp}/login`)).text).toContain('name="password"');
  // it keeps that the user is logged out, and a late token would end the next login too
  await vi.waitFor(async () => expect(await newestDelivery()).toMatchObject({ outcome: 'delivered' }), SOON);
});

test('its back-channel route believes the logout token, and its session is over', async () => {
  await logIn();
  const token = agent.cookie(server.baseUrl, 'mintmark_session');
  expect(token).toBeDefined();
  await server.api('DELETE', '/api/v2/users/auth0|alice/sessions');
  await vi.waitFor(async () => expect(await user()).toBe('user: nobody'), SOON);
  await vi.waitFor(
    async () =>
      expect(await newestDelivery()).toMatchObject({
        clientId: 'express',
        initiator: 'session-revoked',
        outcome: 'delivered',
        log: [{ status: 204, reason: null }],
      }),
    SOON,
  );
});
