/** The same addresses as pages: who gets one, and that nothing a stranger wrote becomes markup. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoginServer, type LoginServer } from './demo-login.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

let server: LoginServer;
beforeAll(async () => {
  server = await startLoginServer();
});
afterAll(() => server.close());

const get = async (path: string, accept?: string): Promise<{ answer: Response; text: string }> => {
  const answer = await fetch(`${server.baseUrl}${path}`, accept === undefined ? {} : { headers: { accept } });
  return { answer, text: await answer.text() };
};
const page = async (path: string): Promise<string> => {
  const { answer, text } = await get(path, BROWSER);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  return text;
};

test('a browser gets a page and a program JSON, from the same address', async () => {
  const { id } = await server.login();
  for (const path of ['/', '/debug/transactions', `/debug/transactions/${id}`]) {
    const asked = await get(path, BROWSER);
    expect(asked.answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(asked.answer.headers.get('vary')).toContain('accept');
    expect(asked.text).toMatch(/^<!doctype html>/);
    for (const accept of [undefined, '*/*', 'application/json']) {
      const { answer, text } = await get(path, accept);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('vary')).toContain('accept');
      expect(JSON.parse(text)).toBeTypeOf('object');
    }
  }
});

test('?format= decides over the header', async () => {
  const { id } = await server.login();
  for (const path of ['/debug/transactions', `/debug/transactions/${id}`]) {
    const json = await get(`${path}?format=json`, BROWSER);
    expect(json.answer.headers.get('content-type')).toMatch(/^application\/json/);
    const html = await get(`${path}?format=html`, 'application/json');
    expect(html.answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect((await get(`${path}?format=xml`)).answer.status).toBe(400);
  }
});

test('a page allows its own stylesheet and nothing else', async () => {
  const { answer, text } = await get('/debug/transactions', BROWSER);
  const style = /<style>([\s\S]*?)<\/style>/.exec(text)![1]!;
  const hash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
  const policy = answer.headers.get('content-security-policy')!;
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `style-src ${hash}`,
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

const HOSTILE = [
  '<script>alert(1)</script>',
  `" onload="alert(1)`,
  `' onfocus='alert(1)`,
  '</pre></code><img src=x onerror=alert(1)>',
  '--><svg onload=alert(1)>',
  ']]></textarea><iframe src="javascript:alert(1)">',
  '${7*7} &lt;b&gt; &amp;quot;',
];
/** Every tag of a page with its attributes' names; whatever is not one of ours is a breach. */
function tagsOf(markup: string): { readonly names: Set<string>; readonly attributes: Set<string> } {
  const names = new Set<string>();
  const attributes = new Set<string>();
  const body = markup.replace(/<style>[\s\S]*?<\/style>/, '').replace('<!doctype html>', '');
  for (const [tag, name] of body.matchAll(/<\/?([^\s<>/]*)(?:[^<>"]|"[^"]*")*>/g)) {
    names.add(name!);
    for (const [, attribute] of tag.replace(/"[^"]*"/g, '""').matchAll(/\s([^\s=<>/]+)(?:=|(?=[\s>]))/g))
      attributes.add(attribute!);
  }
  // what is left of the page without its tags opens none
  expect(body.replace(/<\/?[a-z][a-z0-9]*(?:[^<>"]|"[^"]*")*>/g, '')).not.toMatch(/[<>]/);
  return { names, attributes };
}

test('whatever strangers write stays text: names, values, XML, claims, reasons, requests, queries', async () => {
  const hostile = HOSTILE.join(' ');
  const each = Object.fromEntries(HOSTILE.map((text, index) => [`${text} ${index}`, text]));
  const request = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_q1" Version="2.0" IssueInstant="2026-06-01T11:59:00Z"><!-- <script>alert(1)</script> --><saml:Issuer>urn:&lt;script>alert(1)&lt;/script>&quot;onload='</saml:Issuer><samlp:Extensions><x xmlns="urn:x" a="&lt;script>" b='" onload="'><![CDATA[<script>alert(1)</script>]]></x></samlp:Extensions></samlp:AuthnRequest>`;
  const saml = await server.login({
    user: { user_id: hostile, email: `${hostile}@example.test`, name: hostile, ...each },
    saml: { SAMLRequest: Buffer.from(request).toString('base64'), RelayState: hostile },
    samlResponse: { issuer: hostile, attributes: { ...each, list: HOSTILE } },
    seed: hostile.slice(0, 200),
    event: each,
  });
  const oidc = await server.login({
    protocol: 'oidc',
    user: { user_id: hostile, name: hostile, email: hostile },
    oidc: { nonce: hostile, audience: hostile },
    idToken: { customClaims: { ...each, nested: { each, list: HOSTILE }, iss: hostile } },
    accessToken: { customClaims: each },
  });
  const denied = await server.login({ complete: false });
  expect((await server.api('POST', `/api/transactions/${denied.id}/deny`, { reason: hostile })).status).toBe(
    200,
  );
  const failed = await server.login({
    user: { nickname: hostile },
    samlResponse: { nameIdentifierProbes: HOSTILE.slice(0, 3) },
  });
  expect([saml, oidc, failed].map(({ status }) => status)).toEqual(['completed', 'completed', 'failed']);
  const query = encodeURIComponent(hostile);
  const paths = [
    ...[saml, oidc, denied, failed].map(({ id }) => `/debug/transactions/${id}`),
    '/debug/transactions',
    `/debug/transactions?client_id=${query}&user_id=${query}`,
    `/debug/transactions/${query}`,
    '/',
  ];
  const names = new Set<string>();
  const attributes = new Set<string>();
  for (const path of paths) {
    const markup = await page(path);
    const tags = tagsOf(markup);
    for (const name of tags.names) names.add(name);
    for (const attribute of tags.attributes) attributes.add(attribute);
    if (path !== '/') expect(markup).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  }
  expect([...names].toSorted()).toEqual(
    'a body br button code dd details div dl dt form h1 h2 h3 head header html input label li link main meta nav ol option p pre section select small span strong b summary table tbody td th thead time title tr ul wbr'
      .split(' ')
      .filter((name) => names.has(name))
      .toSorted(),
  );
  expect([...attributes].toSorted()).toEqual(
    'action aria-label aria-labelledby autocomplete charset class content data-label datetime href id lang method name rel role selected tabindex value'
      .split(' ')
      .filter((name) => attributes.has(name))
      .toSorted(),
  );
});

test('no link of a page leads anywhere but here', async () => {
  const { id } = await server.login({ saml: { RelayState: 'javascript:alert(1)' } });
  for (const path of ['/', '/debug/transactions', `/debug/transactions/${id}`]) {
    const markup = await page(path);
    const links = [...markup.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href]) => href!);
    expect(links.length).toBeGreaterThan(3);
    for (const href of links) {
      expect(href).toMatch(/^[/#?]/);
      if (href.startsWith('#')) expect(markup).toContain(`id="${href.slice(1)}"`);
    }
  }
});

test('the page of a transaction says how it ended before anything else', async () => {
  const outcomeOf = async (body: Readonly<Record<string, unknown>>): Promise<string> => {
    const markup = await page(`/debug/transactions/${(await server.login(body)).id}`);
    return markup.slice(markup.indexOf('<h1>'), markup.indexOf('<nav class="contents"')).replace(/\s+/g, ' ');
  };
  expect(await outcomeOf({})).toContain('The response verifies.');
  expect(await outcomeOf({ samlResponse: { lifetimeInSeconds: -1 } })).toMatch(
    /The response does not verify.*<code>conditions<\/code>/,
  );
  expect(await outcomeOf({ user: { nickname: 'x' } })).toMatch(/Failed.*saml_no_name_id/);
  expect(await outcomeOf({ complete: false })).toContain('Nothing has been issued yet.');
  expect(await outcomeOf({ protocol: 'oidc' })).toContain('The ID token verifies.');
  expect(await outcomeOf({ protocol: 'oidc', idToken: { customClaims: { iss: 'x' } } })).toMatch(
    /did not reach their token.*iss/,
  );
});

test('the page says that its XML is indented, and leads to the exact bytes', async () => {
  const { id } = await server.login();
  const markup = await page(`/debug/transactions/${id}`);
  expect(markup).toContain('Indented for reading');
  expect(markup).toContain(`href="/debug/transactions/${id}/response.xml"`);
});

test('what is not there is a page too, with the status of the problem', async () => {
  const { answer, text } = await get('/debug/transactions/txn_nope', BROWSER);
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(text).toContain('transaction_not_found');
});

test('the list filters by its form, and leads on with what was chosen', async () => {
  const user = { user_id: 'auth0|of-the-pages', email: 'pages@example.test' };
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) ids.unshift((await server.login({ user })).id);
  const by = `user_id=${encodeURIComponent(user.user_id)}`;
  // a browser sends the fields that were left empty, too
  const first = await page(`/debug/transactions?status=&protocol=samlp&client_id=&${by}&limit=2`);
  const linked = (markup: string): string[] =>
    [...markup.matchAll(/href="\/debug\/transactions\/(txn_\w+)"/g)].map(([, id]) => id!);
  expect(linked(first)).toEqual(ids.slice(0, 2));
  expect(first).toContain('value="auth0|of-the-pages"');
  expect(first).toMatch(/<option value="samlp" selected>/);
  const older = /href="(\/debug\/transactions\?[^"]*cursor=[^"]*)"/.exec(first)![1]!.replaceAll('&amp;', '&');
  expect(linked(await page(older))).toEqual([ids[2]]);
  expect(await page('/debug/transactions?status=suspended')).toContain('No transaction fits.');
});

test('the first page has a line that issues something, and leads on', async () => {
  const markup = await page('/');
  expect(markup).toContain(`curl ${server.baseUrl}/api/transactions`);
  const { text } = await get('/');
  const { links } = JSON.parse(text) as { links: Record<string, string> };
  expect(Object.keys(links)).toEqual([
    'transactions',
    'demo',
    'clients',
    'docs',
    'openid_configuration',
    'jwks',
    'health',
  ]);
  for (const link of Object.values(links)) expect((await fetch(link)).status).toBe(200);
});
