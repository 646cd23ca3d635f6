/** Clients made of what service providers publish of themselves. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SAML } from '@node-saml/node-saml';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { keyFile } from '../support/jwt-keys.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { schemaErrors } from '../support/oasis.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const PRODUCTS = ['simplesamlphp', 'shibboleth', 'mellon', 'pysaml2', 'node-saml'] as const;
const metadataOf = (product: (typeof PRODUCTS)[number]): string =>
  readFileSync(new URL(`./sp-metadata/${product}.xml`, import.meta.url), 'utf8');

interface Imported {
  readonly client: {
    readonly client_id: string;
    readonly client_secret: string;
    readonly name: string;
    readonly callbacks: readonly string[];
    readonly addons: { readonly samlp: Readonly<Record<string, unknown>> };
  };
  readonly taken: readonly string[];
  readonly ignored: readonly string[];
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}
const importing = async (body: unknown): Promise<{ status: number; body: Imported }> =>
  server.api<Imported>('POST', '/api/clients/import-metadata', body);
const imported = async (body: unknown, wanted = 201): Promise<Imported> => {
  const { status, body: answer } = await importing(body);
  expect(status, JSON.stringify(answer)).toBe(wanted);
  return answer;
};
const clientsWith = async (entityId: string): Promise<number> => {
  const { body } = await server.api<{ addons: { samlp?: { entityId?: string } } }[]>(
    'GET',
    '/api/v2/clients?per_page=100',
  );
  return body.filter(({ addons }) => addons.samlp?.entityId === entityId).length;
};
/** Metadata of little. */
const small = (id: string, inside = '', attributes = ''): string =>
  `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${id}"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}>${inside}<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${id}/acs" index="0"/></md:SPSSODescriptor></md:EntityDescriptor>`;
const keyDescriptor = (use: string, certificate: string): string =>
  `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificate.replace(/-----[^-]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;

judgedBy(xmllint)('the samples of other products’ metadata are valid', () => {
  for (const product of PRODUCTS) expect(schemaErrors(metadataOf(product), 'metadata'), product).toBe('');
});

test('SimpleSAMLphp: signs when it likes, decrypts, and logs out by redirect', async () => {
  const { client, taken, ignored } = await imported({ xml: metadataOf('simplesamlphp'), name: 'PHP' });
  const acs = 'https://php.sp.example.test/module.php/saml/sp/saml2-acs.php/default-sp';
  expect(client).toMatchObject({
    name: 'PHP',
    callbacks: [acs],
    addons: {
      samlp: {
        entityId: 'https://php.sp.example.test/module.php/saml/sp/metadata.php/default-sp',
        assertionConsumers: [{ index: 0, location: acs }],
        logout: { callback: acs.replace('acs', 'logout') },
        binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
        encryptionCert: keyFile('saml-sp.crt.pem'),
        encryptionPublicKey: keyFile('saml-sp.pub.pem'),
        spCertificates: [keyFile('saml-sp.crt.pem')],
      },
    },
  });
  const { samlp } = client.addons;
  // it does not say that it signs AuthnRequests, and no NameID of ours is transient
  for (const name of ['signingCert', 'nameIdentifierFormat', 'nameIdentifierProbes'])
    expect(samlp).not.toHaveProperty(name);
  expect(taken.join('\n')).toMatch(/AssertionConsumerService .*→ callbacks/);
  for (const part of ['HTTP-Artifact', 'SOAP', 'nameid-format:transient', 'ContactPerson'])
    expect(ignored.filter((line) => line.includes(part))).toHaveLength(1);
});

test('Shibboleth: of many endpoints the usable ones, a key for each use, the name in English', async () => {
  const { client, ignored } = await imported({ xml: metadataOf('shibboleth') });
  const sso = 'https://shib.sp.example.test/Shibboleth.sso';
  expect(client).toMatchObject({
    name: 'The Library',
    callbacks: [`${sso}/SAML2/POST`],
    addons: {
      samlp: {
        assertionConsumers: [{ index: 1, location: `${sso}/SAML2/POST` }],
        signingCert: keyFile('saml-other.crt.pem'),
        spCertificates: [keyFile('saml-other.crt.pem')],
        encryptionCert: keyFile('saml-sp.crt.pem'),
        encryptionAlgorithm: 'aes256-gcm',
        logout: { callback: `${sso}/SLO/Redirect` },
        binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
      },
    },
  });
  for (const part of [
    'POST-SimpleSign',
    'PAOS',
    'SLO/POST',
    'ArtifactResolutionService',
    'EncryptionMethods',
  ])
    expect(ignored.filter((line) => line.includes(part))).toHaveLength(1);
});

test('mellon: one key for everything, the default ACS first', async () => {
  const { client } = await imported({ xml: metadataOf('mellon') });
  expect(client.callbacks).toEqual(['https://mellon.sp.example.test/mellon/postResponse']);
  expect(client.addons.samlp).toMatchObject({
    signingCert: keyFile('saml-sp.crt.pem'),
    encryptionCert: keyFile('saml-sp.crt.pem'),
  });
});

test('pysaml2: of its NameID formats the one that can be kept, with what answers it', async () => {
  const { client, ignored } = await imported({ xml: metadataOf('pysaml2') });
  expect(client.name).toBe('Pythonistas');
  expect(client.addons.samlp).toMatchObject({
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    nameIdentifierProbes: ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress'],
    logout: { callback: 'https://py.sp.example.test/saml2/ls/' },
  });
  expect(ignored.join('\n')).toContain('nameid-format:persistent');
  expect(ignored.join('\n')).toContain('validUntil 2037-01-01T00:00:00Z');
});

test('the real node-saml takes what the client of its metadata is sent, asked for and unasked', async () => {
  const { client } = await imported({ xml: metadataOf('node-saml') });
  const { samlp } = client.addons;
  expect(samlp).toMatchObject({ binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST' });
  const sp = new SAML({
    issuer: 'https://node.sp.example.test/saml',
    callbackUrl: 'https://node.sp.example.test/saml/acs',
    entryPoint: `${server.baseUrl}/samlp/${client.client_id}`,
    idpCert: keyFile('saml-idp.crt.pem'),
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false,
  });
  const asked = new URL(await sp.getAuthorizeUrlAsync('', undefined, {}));
  for (const saml of [{}, { SAMLRequest: asked.searchParams.get('SAMLRequest') }]) {
    const { status, body } = await server.api<{ result: { SAMLResponse: string; acsUrl: string } }>(
      'POST',
      '/api/transactions',
      {
        protocol: 'samlp',
        client_id: client.client_id,
        user: { user_id: 'auth0|alice', email: 'alice@example.test' },
        saml,
        complete: true,
      },
    );
    expect(status).toBe(201);
    expect(body.result.acsUrl).toBe('https://node.sp.example.test/saml/acs');
    const { profile } = await sp.validatePostResponseAsync(body.result);
    expect(profile).toMatchObject({ nameID: 'alice@example.test' });
  }
});

test('a second import updates: what the metadata says is new, what was set by hand stays', async () => {
  const id = 'https://twice.sp.example.test';
  const first = await imported({
    xml: small(id, keyDescriptor('signing', keyFile('saml-sp.crt.pem')), 'AuthnRequestsSigned="true"'),
    name: 'By hand',
  });
  const { client_id: clientId } = first.client;
  const byHand = await server.api('PATCH', `/api/v2/clients/${clientId}`, {
    callbacks: [`${id}/acs`, `${id}/by-hand`],
    addons: {
      samlp: {
        mappings: { email: 'mail' },
        logout: { slo_enabled: false },
        lifetimeInSeconds: 60,
        audience: 'urn:for-a-test',
        cert: keyFile('saml-other.crt.pem'),
        key: keyFile('saml-other.key.pem'),
      },
    },
  });
  expect(byHand.status).toBe(200);
  const moved = small(
    id,
    `${keyDescriptor('signing', keyFile('saml-other.crt.pem'))}<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${id}/slo"/>`,
  ).replaceAll(`${id}/acs`, `${id}/moved`);
  const second = await imported({ xml: moved }, 200);
  expect(second.client).toMatchObject({
    client_id: clientId,
    client_secret: first.client.client_secret,
    name: 'By hand',
    callbacks: [`${id}/moved`, `${id}/by-hand`],
    addons: {
      samlp: {
        entityId: id,
        audience: 'urn:for-a-test',
        mappings: { email: 'mail' },
        lifetimeInSeconds: 60,
        logout: { callback: `${id}/slo`, slo_enabled: false },
        spCertificates: [keyFile('saml-other.crt.pem')],
        assertionConsumers: [{ index: 0, location: `${id}/moved` }],
        key: '(secret)',
      },
    },
  });
  // the earlier metadata had asked for signatures, and this one does not
  expect(second.client.addons.samlp).not.toHaveProperty('signingCert');
  expect(await clientsWith(id)).toBe(1);
  const third = await imported({ xml: moved, name: 'Renamed' }, 200);
  expect(third.client.name).toBe('Renamed');
});

test('a signing certificate that was set by hand stays, and so does a format with probes of one’s own', async () => {
  const id = 'https://by-hand.sp.example.test';
  const xml = small(
    id,
    '<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>',
  );
  const { client } = await imported({ xml });
  await server.api('PATCH', `/api/v2/clients/${client.client_id}`, {
    addons: { samlp: { signingCert: keyFile('saml-other.crt.pem'), nameIdentifierProbes: ['work_mail'] } },
  });
  expect((await imported({ xml }, 200)).client.addons.samlp).toMatchObject({
    signingCert: keyFile('saml-other.crt.pem'),
    nameIdentifierProbes: ['work_mail'],
  });
});

test('a client that was made by hand is found by its audience', async () => {
  const id = 'https://audience.sp.example.test';
  await server.api('POST', '/api/v2/clients', {
    client_id: 'hand-made',
    name: 'Hand-made',
    callbacks: [`${id}/acs`],
    addons: { samlp: { audience: id } },
  });
  expect((await imported({ xml: small(id) }, 200)).client).toMatchObject({
    client_id: 'hand-made',
    name: 'Hand-made',
    callbacks: [`${id}/acs`],
  });
});

test('imports at the same time make one client', async () => {
  const id = 'https://race.sp.example.test';
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => importing({ xml: small(id), name: `N${index}` })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(11);
  expect(new Set(answers.map(({ body }) => body.client.client_id)).size).toBe(1);
  expect(await clientsWith(id)).toBe(1);
});

test('client_id names a new client, or the one that is there; another with the entity ID is in the way', async () => {
  const id = 'https://named.sp.example.test';
  expect((await imported({ xml: small(id), client_id: 'named' })).client.client_id).toBe('named');
  expect((await imported({ xml: small(id), client_id: 'named' }, 200)).client.client_id).toBe('named');
  const { status, body } = await importing({ xml: small(id), client_id: 'another' });
  expect([status, body.code, body.errors?.[0]?.pointer]).toEqual([409, 'client_exists', '/client_id']);
  // the same client under another name: its base URL was changed
  const renamed = await imported({ xml: small(`${id}.new`), client_id: 'named' }, 200);
  expect(renamed.client).toMatchObject({
    callbacks: [`${id}.new/acs`],
    addons: { samlp: { entityId: `${id}.new`, audience: `${id}.new` } },
  });
});

test('an entity ID that is no URI names the service provider all the same, but no audience', async () => {
  const { client, ignored } = await imported({
    xml: small('https://sp.example.test').replace('entityID="https://sp.example.test"', 'entityID="My SP"'),
  });
  expect(client).toMatchObject({ name: 'My SP', addons: { samlp: { entityId: 'My SP' } } });
  expect(client.addons.samlp).not.toHaveProperty('audience');
  expect(ignored.join()).toContain('"My SP" is no URI');
});

test('a key that is no RSA key is passed over in words, and no assertion is encrypted for it', async () => {
  const ec = keyFile('saml-ec.crt.pem');
  const { client, ignored } = await imported({
    xml: small(
      'https://ec.sp.example.test',
      keyDescriptor('signing', ec) + keyDescriptor('encryption', ec),
      'AuthnRequestsSigned="true"',
    ),
  });
  for (const name of ['signingCert', 'spCertificates', 'encryptionCert', 'encryptionPublicKey'])
    expect(client.addons.samlp).not.toHaveProperty(name);
  expect(ignored.filter((line) => line.includes('only RSA'))).toHaveLength(2);
  expect(ignored.filter((line) => line.startsWith('AuthnRequestsSigned'))).toHaveLength(1);
});

test.each([
  ['neither xml nor url', {}, 'invalid_body', '/xml'],
  ['both', { xml: '<x/>', url: 'https://sp.example.test/' }, 'invalid_body', '/url'],
  ['another member', { xml: '<x/>', color: 'red' }, 'invalid_body', '/color'],
  ['a URL of another scheme', { url: 'file:///etc/passwd' }, 'invalid_body', '/url'],
  ['no XML', { xml: 'hello' }, 'saml_xml_malformed', '/xml'],
  ['a web page', { xml: '<html><body/></html>' }, 'saml_metadata_invalid', '/xml'],
  ['a DOCTYPE', { xml: `<!DOCTYPE a>${small('https://a.test')}` }, 'saml_xml_forbidden', '/xml'],
  [
    'a certificate that is none',
    { xml: small('https://a.test', keyDescriptor('encryption', 'AAAA')) },
    'saml_pem_invalid',
    '/xml',
  ],
  [
    'a client_id of other characters',
    { xml: small('https://a.test'), client_id: 'a b' },
    'invalid_body',
    '/client_id',
  ],
])('%s is refused, and makes no client', async (_, sent, code, pointer) => {
  const { status, body } = await importing(sent);
  expect([status, body.code]).toEqual([400, code]);
  expect(body.errors?.map((error) => error.pointer)).toContain(pointer);
  expect(await clientsWith('https://a.test')).toBe(0);
});

async function served(listener: RequestListener): Promise<string> {
  const http: Server = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

test('a URL is fetched: with a byte order mark, through three redirects', async () => {
  const id = 'https://fetched.sp.example.test';
  const base = await served((request, reply) => {
    const hop = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 0);
    if (hop > 0) reply.writeHead(302, { location: `/${hop - 1}` }).end();
    else
      reply.writeHead(200, { 'content-type': 'text/xml' }).end(`\uFEFF<?xml version="1.0"?>\n${small(id)}`);
  });
  expect((await imported({ url: `${base}/3` })).client.callbacks).toEqual([`${id}/acs`]);
  const { status, body } = await importing({ url: `${base}/4` });
  expect([status, body.code]).toEqual([400, 'metadata_unreachable']);
  expect(body.detail).toContain('redirects more than 3 times');
});

test('what cannot be fetched says why, and points at the URL', async () => {
  const base = await served((request, reply) => {
    if (request.url === '/missing') reply.writeHead(404).end('no');
    else if (request.url === '/elsewhere') reply.writeHead(302, { location: 'ftp://sp.example.test/' }).end();
    else if (request.url === '/login')
      reply.writeHead(200).end('\n<!DOCTYPE html><title>Log in</title><p>Log in');
    else if (request.url === '/latin1')
      reply.writeHead(200).end(Buffer.from(small('https://caf\u00e9.test'), 'latin1'));
    else if (request.url === '/endless') {
      reply.writeHead(200);
      const more = (): void => {
        while (reply.write('x'.repeat(65_536)));
        reply.once('drain', more);
      };
      more();
    } else request.socket.destroy();
  });
  for (const [url, words] of [
    [`${base}/missing`, 'status 404'],
    [`${base}/elsewhere`, 'only http and https'],
    [`${base}/latin1`, 'UTF-8'],
    [`${base}/endless`, '1 MB'],
    [`${base}/reset`, 'connection failed'],
    [`http://a-user:a-password@${new URL(base).host}/`, 'a user name or a password'],
    [`${base}/login`, 'an HTML page'],
    ['http://127.0.0.1:1/', 'its port'],
  ] as const) {
    const { status, body } = await importing({ url });
    expect([status, body.code], url).toEqual([400, 'metadata_unreachable']);
    expect(body.detail).toContain(words);
    expect(body.detail).not.toContain('a-password');
    expect(body.errors?.[0]?.pointer).toBe('/url');
  }
});

test('metadata of an identity provider is refused by what it is, wherever it came from', async () => {
  const base = await served((_, reply) => {
    reply
      .writeHead(200)
      .end(
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>',
      );
  });
  const { status, body } = await importing({ url: base });
  expect([status, body.code, body.errors?.[0]?.pointer]).toEqual([400, 'saml_metadata_invalid', '/url']);
  expect(body.detail).toContain('identity provider');
});
