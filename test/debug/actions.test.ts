/** What is seen of Actions: over HTTP as JSON and as a page, and in a real browser. */
import { chromium as browserType, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Inspection } from '../../src/login/inspection.js';
import type { OidcConfigurationView } from '../../src/login/oidc-configuration-view.js';
import type { SamlConfigurationView } from '../../src/login/saml-configuration-view.js';
import {
  bindHandlers,
  deployAction,
  exchange,
  makeParties,
  oidcLogin,
  samlLogin,
  unbindAll,
  type LoginView,
} from '../support/actions.js';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let browser: Browser | undefined;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
});
afterAll(async () => {
  await browser?.close();
  await server.close();
});
beforeEach(() => unbindAll(server));

const inspect = async ({ id }: { readonly id: string }): Promise<Inspection> =>
  (await server.api<Inspection>('GET', `/debug/transactions/${id}`)).body;
const samlOf = ({ configuration }: Inspection): SamlConfigurationView =>
  configuration as SamlConfigurationView;
const oidcOf = ({ configuration }: Inspection): OidcConfigurationView =>
  configuration as OidcConfigurationView;
const pageOf = async ({ id }: { readonly id: string }): Promise<string> =>
  (await fetch(`${server.baseUrl}/debug/transactions/${id}?format=html`)).text();
/** A page as a person reads it, and where its links lead. */
const textOf = (markup: string): string =>
  markup
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
const PREFIX = 'http://schema.auth0.com/';

/** The first line of `code` is line 1 of the file, which has the name of the Action. */
const grantRoles = (code: string, more: Partial<Parameters<typeof deployAction>[1]> = {}): Promise<string> =>
  deployAction(server, { name: 'grant-roles', code, ...more });

const SAML = `exports.onExecutePostLogin = async (event, api) => {
  api.samlResponse.setAttribute('role', ['admin']);
  api.samlResponse.setAttribute('role', ['admin', 'dev']);
  api.samlResponse.setAudience('urn:action');
  api.samlResponse.setMapUnknownClaimsAsIs(true);
  api.samlResponse.setAttribute('nickname', null);
};
`;
const at = (line: number, column: unknown = expect.any(Number)) => ({
  action: 'grant-roles',
  file: 'grant-roles.js',
  line,
  column,
});

test('each setting and attribute names the layer and the line that set it', async () => {
  await grantRoles(SAML);
  const login = await samlLogin(server, {
    user: { user_id: 'auth0|alice', email: 'alice@example.test', nickname: 'al', team: 'mint' },
    samlResponse: { audience: 'urn:rest', attributes: { floor: 3 } },
  });
  const { settings, attributes, leftOut, nameId } = samlOf(await inspect(login));
  expect(settings.audience).toMatchObject({
    value: 'urn:action',
    layer: 'action',
    from: 'api.samlResponse.setAudience in grant-roles.js:4',
    source: at(4, 20),
    overrides: [{ layer: 'transaction', value: 'urn:rest' }],
  });
  expect(settings.recipient).not.toHaveProperty('source');
  const told = Object.fromEntries(
    attributes.map(({ name, layer, from, source }) => [name, { layer, from, source }]),
  );
  expect(told).toMatchObject({
    role: { layer: 'action', from: 'api.samlResponse.setAttribute in grant-roles.js:3', source: at(3) },
    team: {
      layer: 'action',
      from: 'profile.team, by api.samlResponse.setMapUnknownClaimsAsIs in grant-roles.js:5',
      source: at(5),
    },
    floor: { layer: 'transaction', from: 'setAttribute', source: undefined },
    'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress': {
      layer: 'default',
      source: undefined,
    },
  });
  expect(leftOut).toEqual([{ name: 'nickname', layer: 'action', source: at(6) }]);
  expect(nameId).toMatchObject({ value: 'auth0|alice', layer: 'default' });
  expect(nameId).not.toHaveProperty('source');
});

test('a switch that lets profile fields in is the source of theirs', async () => {
  await grantRoles(`exports.onExecutePostLogin = async (event, api) => {
  api.samlResponse.setMapIdentities(true);
  api.samlResponse.setCreateUpnClaim(true);
};
`);
  const identities = [{ provider: 'auth0', connection: 'db', isSocial: false, user_id: 'alice' }];
  const login = await samlLogin(server, {
    user: { user_id: 'auth0|alice', email: 'alice@example.test', identities },
  });
  const told = Object.fromEntries(
    samlOf(await inspect(login)).attributes.map(({ name, source }) => [name, source?.line]),
  );
  expect(told[`${PREFIX}identities/default/provider`]).toBe(2);
  expect(told['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn']).toBe(3);
  expect(told['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress']).toBeUndefined();
});

test('the NameID names the call that gave it its value, or else its probes', async () => {
  await grantRoles(`exports.onExecutePostLogin = async (event, api) => {
  api.samlResponse.setNameIdentifierProbes(['employee', 'team']);
  if (event.user.employee) api.samlResponse.setAttribute('employee', event.user.employee);
};
`);
  const user = { user_id: 'auth0|alice', team: 'mint' };
  const valued = await samlLogin(server, { user: { ...user, employee: 7 } });
  expect(samlOf(await inspect(valued)).nameId).toMatchObject({
    value: '7',
    layer: 'action',
    from: 'api.samlResponse.setAttribute in grant-roles.js:3',
    source: at(3),
  });
  const probed = await samlLogin(server, { user });
  expect(samlOf(await inspect(probed)).nameId).toMatchObject({
    value: 'mint',
    layer: 'action',
    from: 'profile.team',
    source: at(2),
  });
  expect(textOf(await pageOf(probed))).toContain('of the probes that were set in grant-roles.js:2');
});

const TOKENS = `exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.test/roles', ['admin']);
  api.idToken.setCustomClaim('iss', 'forged');
  api.accessToken.setCustomClaim('https://example.test/plan', 'gold');
  api.accessToken.addScope('read:all');
  api.accessToken.removeScope('email');
};
`;

test('each claim and scope names the layer and the line that set it, the dropped ones too', async () => {
  await grantRoles(TOKENS);
  const login = await oidcLogin(server, {
    idToken: {
      customClaims: { 'https://example.test/roles': ['rest'], 'https://example.test/team': 'mint' },
    },
    accessToken: { scopes: { 'read:some': true } },
  });
  const inspection = await inspect(login);
  const { id_token: idToken, access_token: accessToken } = inspection.tokens;
  if (!idToken || !accessToken || accessToken.jwt === null) throw new Error('there are no two JWTs');
  const claim = (token: typeof idToken, wanted: string) => token.claims.find(({ name }) => name === wanted);
  expect(claim(idToken, 'https://example.test/roles')).toEqual({
    name: 'https://example.test/roles',
    value: ['admin'],
    layer: 'action',
    from: 'api.idToken.setCustomClaim in grant-roles.js:2',
    source: at(2),
  });
  expect(claim(idToken, 'https://example.test/team')).toMatchObject({
    layer: 'transaction',
    from: 'idToken.setCustomClaim',
  });
  expect(claim(accessToken, 'https://example.test/plan')).toMatchObject({ layer: 'action', source: at(4) });
  expect(claim(accessToken, 'scope')).toMatchObject({
    value: 'openid profile read:some read:all',
    layer: 'action',
    from: 'oidc.scope and accessToken.scopes, changed in grant-roles.js:5, grant-roles.js:6',
  });
  expect(claim(idToken, 'sub')).toMatchObject({ layer: 'default', from: 'user.user_id' });
  expect(inspection.droppedClaims).toEqual([
    { token: 'id_token', claim: 'iss', reason: expect.stringContaining('restricted'), source: at(3) },
  ]);
  const { customClaims, scopes } = oidcOf(inspection);
  expect(customClaims.map(({ name, layer, source }) => [name, layer, source?.line])).toEqual([
    ['https://example.test/roles', 'action', 2],
    ['https://example.test/team', 'transaction', undefined],
    ['iss', 'action', 3],
    ['https://example.test/plan', 'action', 4],
  ]);
  expect(scopes.map(({ scope, granted, from }) => [scope, granted, from])).toEqual([
    ['read:some', true, 'accessToken.scopes'],
    ['read:all', true, 'api.accessToken.addScope in grant-roles.js:5'],
    ['email', false, 'api.accessToken.removeScope in grant-roles.js:6'],
  ]);
});

test('of an exchange it is told who set the scopes, and that nobody logged in', async () => {
  await bindHandlers(
    server,
    [{ name: 'grant-roles', body: `api.transaction.removeTargetScope('b');` }],
    'credentials-exchange',
  );
  const login = await exchange(server, { oidc: { scope: 'a b', audience: 'https://api.example.test' } });
  const inspection = await inspect(login);
  expect(inspection.trigger).toBe('credentials-exchange');
  expect(oidcOf(inspection).settings['scope']).toMatchObject({
    value: 'a',
    layer: 'action',
    from: 'the target scopes, set in grant-roles.js:2',
    source: at(2),
  });
  const token = inspection.tokens.access_token;
  const claims = token && 'claims' in token ? token.claims : [];
  expect(claims.find(({ name }) => name === 'sub')?.from).toBe('client_id: nobody logged in');
  expect(claims.find(({ name }) => name === 'scope')).toMatchObject({
    value: 'a',
    layer: 'action',
    source: at(2),
  });
  const text = textOf(await pageOf(login));
  expect(text).toContain('the client itself → app');
  expect(text).toContain('Client credentials');
});

test('what a denied login would have been told has no line of an Action', async () => {
  await grantRoles(`${TOKENS.slice(0, -3)}  api.access.deny('Not you.');\n};\n`);
  const login = await oidcLogin(server, {
    idToken: { customClaims: { 'https://example.test/roles': 'rest' } },
  });
  expect(login.status).toBe('denied');
  expect(oidcOf(await inspect(login)).customClaims).toEqual([
    {
      token: 'id_token',
      name: 'https://example.test/roles',
      value: 'rest',
      layer: 'transaction',
      from: 'idToken.setCustomClaim',
    },
  ]);
});

test('a user who was made another one is told by sub, and by the page', async () => {
  const linked = { provider: 'auth0', user_id: 'linked', connection: 'db', isSocial: false };
  await server.api('POST', '/api/v2/users', {
    user_id: 'auth0|primary',
    email: 'primary@example.test',
    identities: [{ ...linked, user_id: 'primary' }, linked],
  });
  await grantRoles(`exports.onExecutePostLogin = async (event, api) => {
  api.authentication.setPrimaryUser('auth0|primary');
};
`);
  const login = await oidcLogin(server, {
    user: { user_id: 'auth0|linked', email: 'linked@example.test', identities: [linked] },
  });
  expect(login).toMatchObject({ status: 'completed', user_id: 'auth0|primary' });
  const sub = (await inspect(login)).tokens.id_token?.claims.find(({ name }) => name === 'sub');
  expect(sub).toEqual({
    name: 'sub',
    value: 'auth0|primary',
    layer: 'action',
    from: 'user.user_id, by api.authentication.setPrimaryUser in grant-roles.js:2',
    source: at(2),
  });
  const text = textOf(await pageOf(login));
  expect(text).toContain('from auth0|linked to auth0|primary , in grant-roles.js:2');
  expect(text).toContain('Another user logged in');
});

const TOLD = `exports.onExecutePostLogin = async (event, api) => {
  console.log('hello', { of: event.user.email });
  console.warn(event.secrets.API_KEY);
  api.samlResponse.setAttribute("role", ['admin', "dev"]);
  api.samlResponse.setAudience('urn:first');
  api.samlResponse.setAudience('urn:second');
  try { api.samlResponse.setAudience(42); } catch {}
  api.cache.get('nothing');
};
`;

test('each run is told with its console, its calls in order and what they changed', async () => {
  await grantRoles(TOLD, { secrets: { API_KEY: 'the-secret-of-the-action' } });
  await deployAction(server, {
    name: 'fails',
    code: `exports.onExecutePostLogin = async () => {\n  throw new TypeError('no department');\n};\n`,
  });
  const login = await samlLogin(server);
  const inspection = await inspect(login);
  expect(inspection).toMatchObject({ trigger: 'post-login', suspended: null });
  const [first, second, ...more] = inspection.actions;
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    action: 'grant-roles',
    version: 1,
    file: 'grant-roles.js',
    handler: 'onExecutePostLogin',
    duration: expect.any(Number),
    outcome: 'completed',
    console: [
      { level: 'log', text: expect.stringContaining('alice@example.test') },
      { level: 'warn', text: '(secret)' },
    ],
  });
  expect(
    first?.calls.map(({ call, line, args, changed }) => [call, line, args, changed?.from, changed?.to]),
  ).toEqual([
    ['api.samlResponse.setAttribute', 4, ['role', ['admin', 'dev']], null, ['admin', 'dev']],
    ['api.samlResponse.setAudience', 5, ['urn:first'], null, 'urn:first'],
    ['api.samlResponse.setAudience', 6, ['urn:second'], 'urn:first', 'urn:second'],
    ['api.samlResponse.setAudience', 7, [42], undefined, undefined],
    ['api.cache.get', 8, ['nothing'], undefined, undefined],
  ]);
  expect(first?.calls[3]?.threw).toContain('must be string');
  expect(second).toMatchObject({
    outcome: 'failed',
    error: {
      name: 'TypeError',
      message: 'no department',
      line: 2,
      stack: expect.stringContaining('fails.js:2'),
    },
  });

  const markup = await pageOf(login);
  const text = textOf(markup.slice(markup.indexOf('id="actions"'), markup.indexOf('id="timeline"')));
  for (const told of [
    /completed grant-roles v1 · onExecutePostLogin · [\d.]+ ms/,
    'warn (secret)',
    'grant-roles.js:4 api.samlResponse.setAttribute("role", ["admin", "dev"])',
    'samlResponse.audience "urn:first" → "urn:second"',
    /grant-roles\.js:7 api\.samlResponse\.setAudience\(42\) threw audience must be string/,
    'api.cache.get("nothing") returned undefined',
    /failed fails v1/,
    'TypeError at fails.js:2 no department Stack',
  ])
    expect(text).toMatch(
      typeof told === 'string' ? new RegExp(told.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : told,
    );
  const timeline = textOf(markup.slice(markup.indexOf('id="timeline"')));
  expect(timeline).toMatch(/action\.executed grant-roles completed after [\d.]+ ms/);
  expect(timeline).toMatch(/action\.executed fails failed after/);
  expect(timeline).not.toContain('setAudience');
});

test('a page without Actions has no section on them', async () => {
  const login = await samlLogin(server);
  expect((await inspect(login)).actions).toEqual([]);
  expect((await inspect(login)).trigger).toBeNull();
  expect(await pageOf(login)).not.toContain('id="actions"');
});

test('the source of a value leads to its call, and every link on the page to something', async () => {
  await grantRoles(SAML);
  await deployAction(server, { name: 'again', code: SAML.replace('urn:action', 'urn:again') });
  const markup = await pageOf(await samlLogin(server));
  const configuration = markup.slice(markup.indexOf('id="configuration"'), markup.indexOf('id="response"'));
  const [, target] = /href="#([^"]*)"><code>again\.js:4<\/code>/.exec(configuration) ?? [];
  const row = markup.slice(markup.indexOf(`id="${target}"`));
  expect(textOf(row.slice(0, row.indexOf('</tr>')))).toContain(
    'again.js:4 api.samlResponse.setAudience("urn:again")',
  );
  const links = [...markup.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  expect(links.length).toBeGreaterThan(15);
  for (const id of links) expect(markup.split(`id="${id}"`)).toHaveLength(2);
});

const LEAVE = `exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.test/asked', true);
  api.redirect.sendUserTo('https://consent.example.test/ask?a=1');
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.test/answered', true);
};
`;
const stateOf = ({ redirect }: LoginView): string =>
  new URL(redirect?.url ?? '').searchParams.get('state') ?? '';

test('a login that waits says for what, where to go on, and what would be issued; and later how it went on', async () => {
  await grantRoles(LEAVE);
  const login = await oidcLogin(server);
  expect(login.status).toBe('suspended');
  const inspection = await inspect(login);
  expect(inspection.suspended).toEqual({
    by: 'grant-roles',
    to: 'https://consent.example.test/ask?a=1',
    since: expect.stringMatching(/Z$/),
    expires_at: expect.stringMatching(/Z$/),
  });
  expect(oidcOf(inspection).customClaims).toEqual([
    {
      token: 'id_token',
      name: 'https://example.test/asked',
      value: true,
      layer: 'action',
      from: 'api.idToken.setCustomClaim in grant-roles.js:2',
      source: at(2),
    },
  ]);
  const markup = await pageOf(login);
  expect(markup).toContain(
    `href="${login.redirect?.url.replaceAll('&', '&amp;')}" rel="noreferrer">Go on there</a>`,
  );
  expect(textOf(markup)).toContain('grant-roles sent the browser to https://consent.example.test/ask?a=1');

  await fetch(`${server.baseUrl}/continue?state=${encodeURIComponent(stateOf(login))}`, {
    redirect: 'manual',
  });
  const done = await inspect(login);
  expect(done.suspended).toBeNull();
  expect(done.actions.map(({ handler, outcome }) => [handler, outcome])).toEqual([
    ['onExecutePostLogin', 'redirected'],
    ['onContinuePostLogin', 'completed'],
  ]);
  const later = await pageOf(login);
  expect(textOf(later)).toContain('user.returned to grant-roles , by GET');
  expect(later).not.toContain('Go on there');
});

test('no secret, no state’s digest and nothing of what is kept between two Actions is in any view', async () => {
  const key = KEYS.other.key;
  await grantRoles(
    `exports.onExecutePostLogin = async (event, api) => {
  console.log(event.secrets.API_KEY, ${JSON.stringify(key)});
  console.log({ [${JSON.stringify(key)}]: 1 });
  api.samlResponse.setKey(${JSON.stringify(key)});
  api.samlResponse.setCert(${JSON.stringify(KEYS.other.cert)});
  api.samlResponse.setAttribute('secret', event.secrets.API_KEY);
  api.samlResponse.setAttribute('key', ${JSON.stringify(key)});
  api.idToken.setCustomClaim('https://example.test/key', { [${JSON.stringify(key)}]: ${JSON.stringify(key)} });
  if (event.user.nickname === 'leaves') api.redirect.sendUserTo('https://consent.example.test/');
  const error = new Error(event.secrets.API_KEY);
  error.name = error.stack = ${JSON.stringify(key)};
  if (event.user.nickname === 'fails') throw error;
};
`,
    { secrets: { API_KEY: 'the-secret-of-the-action' } },
  );
  const lines = key.split('\n').filter((line) => line.length > 40 && !line.includes('-----'));
  expect(lines.length).toBeGreaterThan(10);
  for (const nickname of ['leaves', 'fails']) {
    const login = await samlLogin(server, { user: { user_id: 'auth0|alice', nickname } });
    const kept = await server.api('GET', `/api/transactions/${login.id}`);
    const views = {
      json: JSON.stringify(await inspect(login)),
      page: await pageOf(login),
      api: JSON.stringify(kept.body),
    };
    for (const [view, text] of Object.entries(views)) {
      for (const line of lines) expect([view, text.includes(line)]).toEqual([view, false]);
      expect([view, text.includes('PRIVATE KEY-----')]).toEqual([view, false]);
      if (nickname === 'fails')
        expect([view, text.includes('the-secret-of-the-action')]).toEqual([view, false]);
      for (const member of ['"effects"', '"continuation"', '"digest":"', 'runningUntil'])
        expect([view, text.includes(member)]).toEqual([view, false]);
    }
  }
});

/** A page that notes every complaint. */
async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser!.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.baseUrl) && !request.url().startsWith('data:'))
      complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(`${server.baseUrl}${path}`, { waitUntil: 'networkidle' });
  return { page, complaints };
}

const HOSTILE = [
  `<script>document.title='run'</script>`,
  `<img src=x onerror="document.title='run'">`,
  `" onload="document.title='run'" x="`,
  `' autofocus onfocus='document.title=1`,
  '</code></pre></details></section><iframe src="https://elsewhere.example.test/"></iframe>',
  '--><svg onload=alert(1)>',
  '\u202Eright to left\u001b[31m\u0000',
].join(' ');

judgedBy(chromium)('what an Action says, calls and throws stays text in a browser', async () => {
  const hostile = JSON.stringify(HOSTILE);
  await deployAction(server, {
    name: 'of its author',
    code: `exports.onExecutePostLogin = async (event, api) => {
  const hostile = ${hostile};
  for (const level of ['log', 'info', 'warn', 'error', 'debug']) console[level](hostile);
  console.log((hostile + '\\n').repeat(20));
  api.samlResponse.setAttribute(hostile.replace(/\\0|\\u001b/g, ''), [hostile.replace(/\\0|\\u001b/g, ''), 'x'.repeat(500)]);
  api.user.setUserMetadata('note', { [hostile]: hostile });
  try { api.samlResponse.setAudience({ [hostile]: hostile }); } catch {}
  const error = new Error(hostile);
  error.name = hostile;
  error.stack = hostile + '\\n' + error.stack;
  if (event.user.nickname === 'fails') throw error;
};
`,
  });
  for (const nickname of ['passes', 'fails']) {
    const { id } = await samlLogin(server, { user: { user_id: 'auth0|alice', nickname } });
    const { page, complaints } = await open(`/debug/transactions/${id}`);
    for (const fold of await page.locator('.run details > summary').all()) await fold.click();
    expect(await page.title()).toMatch(/^(completed|failed): .* · Mintmark$/);
    expect(await page.locator('script, img, iframe, svg, [onload], [onerror], [onfocus]').count()).toBe(0);
    const text = (await page.locator('section[aria-labelledby=actions]').textContent()) ?? '';
    for (const part of HOSTILE.split(' --> ')[0]!.split('\u202E')[0]!.split(' x="')[0]!.split('\n'))
      expect(text).toContain(part);
    expect(text).toContain('\\x1b[31m\\x00');
    expect(complaints).toEqual([]);
    await page.close();
  }
});

judgedBy(chromium)('the link of a value shows its call, also where its run was folded away', async () => {
  await grantRoles(SAML);
  const { id } = await samlLogin(server);
  const { page, complaints } = await open(`/debug/transactions/${id}`);
  const row = page.locator('tr', { hasText: 'setAudience("urn:action")' });
  await page.locator('.run > summary').click();
  expect(await row.isVisible()).toBe(false);
  await page
    .locator('section[aria-labelledby=configuration]')
    .getByRole('link', { name: 'grant-roles.js:4' })
    .click();
  await row.waitFor({ state: 'visible' });
  expect(await row.evaluate((element) => element.matches(':target'))).toBe(true);
  expect(complaints).toEqual([]);
  await page.close();
});

judgedBy(chromium)('runs do not stick out sideways on a phone', async () => {
  await grantRoles(TOLD.replace("'urn:first'", `'urn:${'long'.repeat(200)}'`), {
    secrets: { API_KEY: 'a-secret' },
  });
  const { id } = await samlLogin(server);
  const { page } = await open(`/debug/transactions/${id}`);
  await page.setViewportSize({ width: 360, height: 740 });
  for (const fold of await page.locator('.run details > summary').all()) await fold.click();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await page.close();
});
