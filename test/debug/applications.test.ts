/** The page of an application: what it tells to paste must work. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import * as notionhq from '@notionhq/client';
import express from 'express';
import * as expressOpenidConnect from 'express-openid-connect';
import * as jose from 'jose';
import * as openid from 'openid-client';
import { chromium as browserType, type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { LOGIN, make, startLanding, type Landing } from '../oidc/relying-party.js';
import { landed, makeLibraryClients, SECRET } from '../relying-parties/parties.js';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
/** What ends a literal in one language or another, as far as a URL may hold it. */
const HOSTILE = `https://app.example.test/a'b/\`\${1}/$(id);c?x='"&y=\${SECRET}&</script>`;

const SPA_BUNDLE = readFileSync(
  createRequire(import.meta.url).resolve('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js'),
  'utf8',
);
const launched = (): Promise<Browser> =>
  browserType.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });

let server: TestServer;
let landing: Landing;
let privateKey: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  const keys = await makeLibraryClients(server, landing);
  privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const client = (client_id: string, more: object): Promise<unknown> =>
    make(server, '/api/v2/clients', { client_id, name: client_id, client_secret: SECRET, ...more });
  await client('notes', { callbacks: [landing.callback], oauth_dialect: 'notion' });
  await client('empty', {});
  await client('machine', { app_type: 'non_interactive' });
  await client('no-code', { callbacks: [landing.callback], grant_types: ['implicit'] });
  await client('page', {
    app_type: 'spa',
    callbacks: ['http://localhost:39999/page'],
    allowed_logout_urls: ['http://localhost:39999'],
  });
  await client('native', { app_type: 'native', callbacks: ['com.example.app:/callback'] });
  await client('hostile', { name: '</pre><script>x</script>', callbacks: [HOSTILE] });
  await client('elliptic', { callbacks: [landing.callback], jwt_configuration: { alg: 'ES256' } });
  await client('sp', { callbacks: ['https://sp.example.test/acs'], addons: { samlp: {} } });
  await client('both', { callbacks: [landing.callback], addons: { samlp: {} }, app_type: 'regular_web' });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

interface Description {
  readonly openid_provider: Readonly<Record<string, unknown>> | null;
  readonly settings: readonly { readonly id: string; readonly files: Readonly<Record<string, string>> }[];
  readonly obstacles: readonly string[];
}
const describeClient = async (clientId: string): Promise<Description> =>
  (await server.api<Description>('GET', `/debug/clients/${clientId}`)).body;
const productsOf = async (clientId: string): Promise<string[]> =>
  (await describeClient(clientId)).settings.map(({ id }) => id);
async function fileOf(clientId: string, product: string, file?: string): Promise<string> {
  const { settings } = await describeClient(clientId);
  const { files } = settings.find(({ id }) => id === product)!;
  return file === undefined ? Object.values(files)[0]! : files[file]!;
}

const NAMES = {
  process: { env: { CLIENT_SECRET: SECRET, SESSION_SECRET: 'what this application seals its cookies with' } },
  readFileSync: (file: string): string => {
    expect(file).toBe('client.key.pem');
    return privateKey;
  },
  importPKCS8: jose.importPKCS8,
  client: openid,
  auth: expressOpenidConnect.auth,
  Client: notionhq.Client,
};
/** The exports of a printed module, its imports being the real libraries, or what `more` puts in their place. */
async function evaluated<Value>(module: string, exported: string, more: object = {}): Promise<Value> {
  const body = module
    .replace(/^import .*;$/gm, '')
    .replace(/^export const \{ .* \} =/gm, 'const all =')
    .replace(/^export const/gm, 'const');
  expect(body).not.toMatch(/^\s*(?:import|export)\b/m);
  const names = { ...NAMES, ...more };
  // oxlint-disable-next-line no-implied-eval -- what is printed for people to run is run
  const run = new Function(
    ...Object.keys(names),
    `'use strict';\nreturn (async () => {${body}\nreturn ${exported};})();`,
  ) as (...given: unknown[]) => Promise<Value>;
  return run(...Object.values(names));
}

test.each(['poster', 'basic', 'strict', 'signer', 'public', 'elliptic', 'both'])(
  'the real openid-client, with the settings that are printed for the client %s, logs a user in',
  async (clientId) => {
    const { config, parameters } = await evaluated<{
      config: openid.Configuration;
      parameters: Record<string, string>;
    }>(await fileOf(clientId, 'openid-client'), '{ config, parameters }');
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(config, {
      ...parameters,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'a state',
    });
    const back = await landed(new UserAgent(), url, landing);
    const tokens = await openid.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: 'a state',
    });
    expect(tokens.claims()).toMatchObject({ sub: 'auth0|alice', aud: clientId });
    expect(tokens.refresh_token !== undefined).toBe(parameters['scope']!.includes('offline_access'));
  },
);

test.each([
  ['a secret', { client_secret: SECRET }],
  ['another algorithm', { client_secret: SECRET, jwt_configuration: { alg: 'ES256' } }],
])(
  'the real express-openid-connect logs a user in with the settings of a client with %s',
  async (name, more) => {
    const app = express();
    const listening: Server = createServer(app).listen(0, 'localhost');
    await once(listening, 'listening');
    try {
      const origin = `http://localhost:${(listening.address() as AddressInfo).port}`;
      const clientId = name.replaceAll(' ', '-');
      await make(server, '/api/v2/clients', {
        client_id: clientId,
        name,
        callbacks: [`${origin}/back/here`],
        ...more,
      });
      app.use(
        await evaluated<express.RequestHandler>(
          await fileOf(clientId, 'express-openid-connect'),
          'middleware',
        ),
      );
      app.get('/', (request, response) => void response.json(request.oidc.user ?? null));
      const agent = new UserAgent();
      const page = await agent.submit(await agent.get(`${origin}/login`), LOGIN);
      expect(page.url).toBe(`${origin}/`);
      expect(JSON.parse(page.text)).toMatchObject({ sub: 'auth0|alice', email: 'alice@example.test' });
    } finally {
      listening.closeAllConnections();
      listening.close();
    }
  },
);

test('the real SDK of Notion exchanges a code with the settings that are printed, and no others are', async () => {
  expect(await productsOf('notes')).toEqual(['notionhq-client']);
  const { authorizationUrl, tokensOf } = await evaluated<{
    authorizationUrl: string;
    tokensOf: (code: string) => Promise<{ owner: unknown }>;
  }>(await fileOf('notes', 'notionhq-client'), '{ authorizationUrl, tokensOf }');
  const back = await landed(new UserAgent(), new URL(authorizationUrl), landing);
  const tokens = await tokensOf(back.searchParams.get('code')!);
  expect(tokens.owner).toMatchObject({ user: { id: 'auth0|alice' } });
});

judgedBy(chromium)('the real auth0-spa-js logs a user in with the settings of a public client', async () => {
  let body = '';
  const pages = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(body),
  ).listen(0, 'localhost');
  await once(pages, 'listening');
  const origin = `http://localhost:${(pages.address() as AddressInfo).port}`;
  await make(server, '/api/v2/clients', {
    client_id: 'in-a-page',
    name: 'In a page',
    app_type: 'spa',
    callbacks: [`${origin}/page`],
    web_origins: [origin],
  });
  const script = (await fileOf('in-a-page', 'auth0-spa-js'))
    .replace(/^import .*;$/gm, 'const { Auth0Client } = sdk;')
    .replace('export const auth0', 'window.spa');
  body = `<!doctype html><title>App</title><script>${SPA_BUNDLE};const sdk = auth0;</script><script>{${script}}</script>`;
  const browser = await launched();
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/page`);
    await page.evaluate('spa.loginWithRedirect()');
    await page.locator('input[name=username]').fill(LOGIN.username);
    await page.locator('input[name=password]').fill(LOGIN.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/page?**`);
    await page.evaluate('spa.handleRedirectCallback()');
    expect(await page.evaluate('spa.getUser()')).toMatchObject({ sub: 'auth0|alice' });
  } finally {
    await browser.close();
    pages.closeAllConnections();
    pages.close();
  }
});

test('settings of libraries that are not here say what those take', async () => {
  const made: object[] = [];
  class Auth0Strategy {
    constructor(options: object) {
      made.push(options);
    }
  }
  const passport = { use: (strategy: object): number => made.push(strategy) };
  await evaluated(await fileOf('poster', 'passport-auth0'), 'strategy', { Auth0Strategy, passport });
  const NextAuth = (options: { providers: object[] }): number => made.push(...options.providers);
  await evaluated(await fileOf('poster', 'next-auth'), 'all', { NextAuth });
  const { host } = new URL(server.baseUrl);
  expect(made).toEqual([
    {
      domain: host,
      clientID: 'poster',
      clientSecret: SECRET,
      callbackURL: landing.callback,
      scope: 'openid profile email offline_access',
    },
    expect.any(Auth0Strategy),
    expect.objectContaining({
      type: 'oidc',
      issuer: `${server.baseUrl}/`,
      clientId: 'poster',
      clientSecret: SECRET,
    }),
  ]);
  expect(await fileOf('poster', 'nextjs-auth0', '.env.local')).toContain(
    `\nAUTH0_DOMAIN=${host}\nAUTH0_CLIENT_ID=poster\n`,
  );
  expect(await fileOf('poster', 'nextjs-auth0', '.env.local')).toContain('the client must list that URL');
});

test('YAML and Apache literals say the callback of strangers, and end where they should', async () => {
  const yaml = parse(await fileOf('hostile', 'spring-security')) as {
    spring: { security: { oauth2: { client: { registration: { mintmark: Record<string, string> } } } } };
  };
  const { registration } = yaml.spring.security.oauth2.client;
  expect(registration.mintmark['redirect-uri']).toBe(HOSTILE.replaceAll('{', '%7B').replaceAll('}', '%7D'));
  expect(registration.mintmark['client-secret']).toBe('${CLIENT_SECRET}');
  for (const line of (await fileOf('hostile', 'mod_auth_openidc')).trimEnd().split('\n'))
    expect(line).toMatch(
      /^(?:#.*|<\/?Location.*>|\s*(?:OIDC\w+|AuthType|Require) (?:"(?:[^"\\]|\\.)*"|[\w-]+))$/u,
    );
  const { parameters } = await evaluated<{ parameters: { redirect_uri: string } }>(
    await fileOf('hostile', 'openid-client'),
    '{ parameters }',
  );
  expect(parameters.redirect_uri).toBe(HOSTILE);
  const { authMethod: _, ...expressSettings } = await evaluated<Record<string, unknown>>(
    await fileOf('hostile', 'express-openid-connect'),
    'middleware',
    { auth: (options: object) => options },
  );
  expect(expressSettings['baseURL']).toBe('https://app.example.test');
});

test('each client is told of the products that serve it', async () => {
  expect(await productsOf('page')).toContain('auth0-spa-js');
  expect(await productsOf('poster')).not.toContain('auth0-spa-js');
  // which refuse an application without a secret
  for (const product of ['next-auth', 'express-openid-connect'])
    expect(await productsOf('public')).not.toContain(product);
  expect(await productsOf('native')).toEqual(['openid-client']);
  expect(await productsOf('signer')).toEqual([
    'openid-client',
    'express-openid-connect',
    'auth0-auth-js',
    'nextjs-auth0',
  ]);
  expect(await productsOf('elliptic')).not.toContain('auth0-auth-js');
  expect(await productsOf('sp')).not.toContain('openid-client');
  expect(await productsOf('both')).toEqual(expect.arrayContaining(['node-saml', 'openid-client']));
  for (const clientId of ['empty', 'machine', 'no-code']) expect(await productsOf(clientId)).toEqual([]);
});

test('what would fail is said, and nothing else', async () => {
  const told = async (clientId: string): Promise<string> =>
    (await describeClient(clientId)).obstacles.join('\n');
  expect(await told('empty')).toContain('It has no callbacks');
  expect(await told('no-code')).toContain('lack `authorization_code`');
  expect(await told('page')).toContain('no `web_origins`');
  const localhost = server.baseUrl.replace('127.0.0.1', 'localhost');
  expect((await describeClient('poster')).obstacles).toEqual([
    expect.stringMatching(/^The issuer http:\S+ is http, .*`MINTMARK_TLS=self` for them\.$/),
    expect.stringMatching(
      new RegExp(`^It is on localhost, and the issuer on 127\\.0\\.0\\.1: .*\`BASE_URL=${localhost}\`\\.$`),
    ),
  ]);
  expect(await told('hostile')).not.toContain('BASE_URL');
  expect(await told('both')).toContain('no `allowed_logout_urls`');
  for (const clientId of ['machine', 'notes']) expect(await told(clientId)).toBe('');
  expect(await told('sp')).not.toContain('MINTMARK_TLS');
});

test('the page has endpoints and callbacks, and neither secret nor markup of strangers', async () => {
  for (const clientId of ['poster', 'hostile', 'notes', 'empty', 'both']) {
    const answer = await fetch(`${server.baseUrl}/debug/clients/${clientId}`, {
      headers: { accept: BROWSER },
    });
    const markup = await answer.text();
    expect(answer.status).toBe(200);
    for (const path of [
      '/',
      '/.well-known/openid-configuration',
      '/authorize',
      '/oauth/token',
      '/userinfo',
      '/oidc/logout',
    ])
      expect(markup).toContain(`${server.baseUrl}${path}<`);
    expect(markup).not.toContain(SECRET);
    expect(markup).not.toContain('<script');
  }
});

judgedBy(chromium)('the page is read in the browser by keyboard, in the dark and on a phone', async () => {
  const browser = await launched();
  try {
    const page = await browser.newPage({ colorScheme: 'dark', viewport: { width: 360, height: 740 } });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (!/^data:|^http:\/\/127\.0\.0\.1/.test(request.url())) complaints.push(request.url());
    });
    await page.goto(`${server.baseUrl}/debug/clients/poster`, { waitUntil: 'networkidle' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).not.toBe(
      'rgb(255, 255, 255)',
    );
    const regions = await page.getByRole('region', { name: /: / }).count();
    expect(regions).toBeGreaterThan(6);
    const reached = new Set<string>();
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      reached.add(String(await page.evaluate('document.activeElement.getAttribute("aria-label")')));
    }
    expect([...reached].filter((label) => label.includes(': '))).toHaveLength(regions);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
