/** What service providers read of us. */
import { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyFile } from '../support/jwt-keys.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { schemaErrors } from '../support/oasis.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Endpoint {
  getEntityID: () => string;
  getSingleSignOnService: (binding: string) => string;
  getSingleLogoutService: (binding: string) => string;
  getX509Certificate: (use: string) => string | string[];
  isWantAuthnRequestsSigned: () => boolean;
}
/** Its types bring those of a browser along, which would change what `Node` means everywhere. */
const samlify = createRequire(import.meta.url)('samlify') as {
  readonly IdPMetadata: (xml: string) => Endpoint;
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const { status } = await server.api('POST', '/api/v2/clients', {
    client_id: 'sp.one',
    name: 'SP',
    callbacks: ['https://sp.example.test/acs'],
    addons: { samlp: { entityId: 'https://sp.example.test/metadata' } },
  });
  expect(status).toBe(201);
});
afterAll(() => server.close());

const get = async (
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ answer: Response; text: string }> => {
  const answer = await fetch(`${server.baseUrl}${path}`, { headers });
  return { answer, text: await answer.text() };
};
const base64 = (pem: string): string => new X509Certificate(pem).raw.toString('base64');
const patch = async (samlp: unknown): Promise<void> => {
  const { status, body } = await server.api('PATCH', '/api/v2/clients/sp.one', { addons: { samlp } });
  expect(status, JSON.stringify(body)).toBe(200);
};

test('samlify imports entity ID, endpoints and certificate, of a client and of the tenant', async () => {
  for (const [path, sso] of [
    ['/samlp/metadata/sp.one', '/samlp/sp.one'],
    ['/samlp/metadata', '/samlp'],
  ] as const) {
    const idp = samlify.IdPMetadata((await get(path)).text);
    expect(idp.getEntityID()).toBe('urn:auth0:mintmark');
    for (const binding of ['redirect', 'post']) {
      expect(idp.getSingleSignOnService(binding)).toBe(`${server.baseUrl}${sso}`);
      expect(idp.getSingleLogoutService(binding)).toBe(`${server.baseUrl}${sso}/logout`);
    }
    expect([idp.getX509Certificate('signing')].flat()).toEqual([base64(keyFile('saml-idp.crt.pem'))]);
    expect(idp.isWantAuthnRequestsSigned()).toBe(false);
  }
});

judgedBy(xmllint)('it is valid against the OASIS schema', async () => {
  for (const path of ['/samlp/metadata/sp.one', '/samlp/metadata'])
    expect(schemaErrors((await get(path)).text, 'metadata')).toBe('');
});

test('a browser saves it by one click, and shows it when asked to', async () => {
  const { answer } = await get('/samlp/metadata/sp.one');
  expect(answer.headers.get('content-type')).toMatch(/^application\/samlmetadata\+xml/);
  expect(answer.headers.get('content-disposition')).toBe(
    'attachment; filename="mintmark-sp.one-metadata.xml"',
  );
  const shown = await get('/samlp/metadata/sp.one?view');
  expect(shown.answer.headers.get('content-type')).toMatch(/^application\/xml/);
  expect(shown.answer.headers.get('content-disposition')).toMatch(/^inline/);
  expect(shown.text).toBe((await get('/samlp/metadata/sp.one')).text);
  const head = await fetch(`${server.baseUrl}/samlp/metadata/sp.one`, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.headers.get('cache-control')).toBe('public, max-age=15');
});

/** `fetch` would not let Host be another. */
const withHeaders = (path: string, headers: Readonly<Record<string, string>>): Promise<[number, string]> =>
  new Promise((resolve, reject) => {
    request(`${server.baseUrl}${path}`, { headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve([answer.statusCode ?? 0, text]));
    })
      .on('error', reject)
      .end();
  });

test('no header of a request moves an endpoint', async () => {
  const { text } = await get('/samlp/metadata/sp.one');
  const forged = await withHeaders('/samlp/metadata/sp.one', {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '1',
    forwarded: 'host=evil.example;proto=https',
    'x-original-host': 'evil.example',
  });
  expect(forged).toEqual([200, text]);
  const { port } = new URL(server.baseUrl);
  expect(await withHeaders('/samlp/metadata/sp.one', { host: `localhost:${port}` })).toEqual([200, text]);
  const [status, refusal] = await withHeaders('/samlp/metadata/sp.one', { host: 'evil.example' });
  expect([status, refusal.includes('Location')]).toEqual([421, false]);
});

test('what the client signs with, and as whom, stands in its own metadata alone', async () => {
  await patch({
    issuer: 'urn:its-own',
    cert: keyFile('saml-other.crt.pem'),
    key: keyFile('saml-other.key.pem'),
    signingCert: keyFile('saml-sp.crt.pem'),
  });
  try {
    const own = samlify.IdPMetadata((await get('/samlp/metadata/sp.one')).text);
    expect(own.getEntityID()).toBe('urn:its-own');
    expect([own.getX509Certificate('signing')].flat()).toEqual([base64(keyFile('saml-other.crt.pem'))]);
    expect(own.isWantAuthnRequestsSigned()).toBe(true);
    const shared = samlify.IdPMetadata((await get('/samlp/metadata')).text);
    expect(shared.getEntityID()).toBe('urn:auth0:mintmark');
    expect(shared.isWantAuthnRequestsSigned()).toBe(false);
  } finally {
    await patch({ issuer: null, cert: null, key: null, signingCert: null });
  }
});

test('a client that is not there is a 404 that says so, to programs and to people', async () => {
  const { answer, text } = await get('/samlp/metadata/nobody');
  expect(answer.status).toBe(404);
  expect(JSON.parse(text)).toMatchObject({ code: 'client_not_found' });
  const page = await get('/samlp/metadata/nobody', { accept: 'text/html' });
  expect(page.answer.status).toBe(404);
  expect(page.text).toContain('There is no client nobody');
});

test('after a rotation the new certificate stands first, and the old one still', async () => {
  const before = base64(keyFile('saml-idp.crt.pem'));
  expect((await server.api('POST', '/api/keys/rotate', { alg: 'RS256' })).status).toBe(201);
  const [first, ...others] = [
    samlify.IdPMetadata((await get('/samlp/metadata/sp.one')).text).getX509Certificate('signing'),
  ].flat();
  expect(first).not.toBe(before);
  expect(others).toEqual([before]);
});
