/** express-openid-connect, unmodified, in real applications: logins, one session for all of them, and logouts by either channel. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { API, LOGIN, make, makeParties, startLanding, type Landing } from '../oidc/relying-party.js';
import { makeServiceProvider, type ServiceProvider } from '../saml-browser/service-provider.js';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import { startExpressApp, type ExpressApp } from './express-app.js';
import { rsaKeys, SECRET } from './parties.js';

let server: TestServer;
let landing: Landing;
/** By codes, on another site than the server. */
let web: ExpressApp;
/** The library’s defaults: an ID token that is posted. */
let plain: ExpressApp;
/** Pushes its requests, and lets its sessions be ended behind the browser’s back. */
let pushing: ExpressApp;
/** Proves itself by a key, and looks for a session of its own accord. */
let silent: ExpressApp;
let sp: ServiceProvider;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  web = await startExpressApp(server.baseUrl, 'web', {
    clientSecret: SECRET,
    idpLogout: true,
    authorizationParams: {
      response_type: 'code',
      scope: 'openid profile email offline_access',
      audience: API,
    },
  });
  // a form that another site posts brings no cookies over http
  plain = await startExpressApp(`${server.baseUrl}/`, 'plain', { host: '127.0.0.1', idpLogout: true });
  pushing = await startExpressApp(server.baseUrl, 'pushing', {
    clientSecret: SECRET,
    pushedAuthorizationRequests: true,
    backchannelLogout: true,
    authorizationParams: { response_type: 'code', response_mode: 'query' },
  });
  const keys = rsaKeys();
  silent = await startExpressApp(server.baseUrl, 'silent', {
    attemptSilentLogin: true,
    clientAssertionSigningKey: keys.privateKey,
    clientAssertionSigningAlg: 'RS256',
    authorizationParams: { response_type: 'code' },
  });
  const made = { web, plain, pushing, silent };
  for (const [client_id, app] of Object.entries(made))
    await make(server, '/api/v2/clients', {
      client_id,
      name: client_id,
      app_type: 'regular_web',
      ...(app === silent
        ? {
            client_authentication_methods: {
              private_key_jwt: { credentials: [{ pem: keys.publicKey, alg: 'RS256' }] },
            },
          }
        : { client_secret: SECRET }),
      callbacks: [app.callback],
      allowed_logout_urls: [app.url],
      ...(app === pushing && {
        require_pushed_authorization_requests: true,
        oidc_logout: { backchannel_logout_urls: [app.backchannelLogout] },
      }),
    });
  sp = await makeServiceProvider(server);
});
afterAll(async () => {
  await Promise.all([web.close(), plain.close(), pushing.close(), silent.close(), landing.close()]);
  await server.close();
});
afterEach(() => unbindAll(server));

const told = ({ text, url }: Page): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error(`at ${url}: ${text.replace(/<style[^]*?<\/style>/g, '').slice(0, 1500)}`);
  }
};
const at = async (agent: UserAgent, url: string): Promise<Record<string, unknown>> =>
  told(await agent.get(url));
const userAt = async (agent: UserAgent, { url }: ExpressApp): Promise<unknown> =>
  (await at(agent, `${url}/`))['user'];

/** From the application’s own login route through the login page, where there is one. */
async function logIn(agent: UserAgent, app: ExpressApp): Promise<Page> {
  const page = await agent.get(`${app.url}/login`);
  return page.forms.length === 0
    ? page
    : agent.submit(page, page.forms[0]!.fields.some(([name]) => name === 'password') ? LOGIN : {});
}
/** The form that the answer is posted by. */
const posts = (agent: UserAgent, page: Page): Promise<Page> => agent.submit(page);

const ALICE = { sub: 'auth0|alice', name: 'Alice', email: 'alice@example.test' };

test('a user logs in by code, and the application asks on with the tokens', async () => {
  const agent = new UserAgent();
  const page = await logIn(agent, web);
  expect(page.url).toBe(`${web.url}/`);
  expect(told(page)).toMatchObject({
    user: ALICE,
    claims: { aud: 'web', sid: expect.any(String) as string },
  });
  expect(await at(agent, `${web.url}/userinfo`)).toMatchObject({ ...ALICE, email_verified: true });
  expect(await at(agent, `${web.url}/refreshed`)).toEqual({ isAnother: true });
});

test('a page that asks for a login comes back to where it was', async () => {
  const agent = new UserAgent();
  const page = await agent.submit(await agent.get(`${web.url}/private`), LOGIN);
  expect(page.url).toBe(`${web.url}/private`);
  expect(told(page)).toMatchObject({ private: true, user: ALICE });
});

test('by default the library has an ID token posted to it, and believes that', async () => {
  const agent = new UserAgent();
  const page = await posts(agent, await logIn(agent, plain));
  expect(told(page)).toMatchObject({ user: ALICE, claims: { aud: 'plain' } });
});

test('an application that pushes its requests logs in as well', async () => {
  const agent = new UserAgent();
  expect(told(await logIn(agent, pushing))).toMatchObject({ user: ALICE });
});

test('an application that looks for a session finds none, and then finds one', async () => {
  const [stranger, known] = [new UserAgent(), new UserAgent()];
  const page = await stranger.get(`${silent.url}/`);
  expect({ url: page.url, ...told(page) }).toMatchObject({ url: `${silent.url}/`, user: null });
  await logIn(known, web);
  expect(await userAt(known, silent)).toMatchObject(ALICE);
});

test('one session serves all applications, and the service provider beside them', async () => {
  const agent = new UserAgent();
  const first = told(await logIn(agent, web));
  const second = told(await agent.get(`${pushing.url}/login`));
  const third = told(await posts(agent, await agent.get(`${plain.url}/login`)));
  const sids = [first, second, third].map(({ claims }) => (claims as Record<string, unknown>)['sid']);
  expect(new Set(sids).size).toBe(1);
  const profile = await sp.accept(await agent.get(await sp.loginUrl()));
  expect(profile).toMatchObject({ nameID: 'auth0|alice' });
});

test('who logged in at a service provider is logged in at the application', async () => {
  const agent = new UserAgent();
  await sp.accept(await agent.submit(await agent.get(await sp.loginUrl()), LOGIN));
  expect(told(await agent.get(`${web.url}/login`))).toMatchObject({ user: ALICE });
});

test('a claim of an Action is there for the application', async () => {
  await bindHandlers(server, [`api.idToken.setCustomClaim('https://example.test/plan', 'gold');`]);
  expect(told(await logIn(new UserAgent(), web))).toMatchObject({
    user: { 'https://example.test/plan': 'gold' },
  });
});

test('a denial by an Action is the error that the application sees', async () => {
  await bindHandlers(server, [`api.access.deny('Not with this device.');`]);
  const denied = {
    error: 'access_denied',
    error_description: 'Not with this device.',
  };
  expect(told(await logIn(new UserAgent(), web))).toMatchObject(denied);
  const agent = new UserAgent();
  expect(told(await posts(agent, await logIn(agent, plain)))).toMatchObject(denied);
});

test('logging out of the application logs out of the session, and comes back', async () => {
  for (const app of [web, plain]) {
    const agent = new UserAgent();
    const page = await logIn(agent, app);
    if (app === plain) await posts(agent, page);
    const left = await agent.get(`${app.url}/logout`);
    expect(left.url.replace(/\/$/, '')).toBe(app.url);
    expect(await userAt(agent, app)).toBeNull();
    const again = await agent.get(`${app.url}/login`);
    expect(again.text).toContain('name="password"');
  }
});

test('an application that lets itself be told is logged out behind the browser’s back', async () => {
  const agent = new UserAgent();
  await logIn(agent, web);
  await agent.get(`${pushing.url}/login`);
  expect(await userAt(agent, pushing)).toMatchObject(ALICE);
  await agent.get(`${web.url}/logout`);
  await expect.poll(() => userAt(agent, pushing), { timeout: 10_000 }).toBeNull();
});
