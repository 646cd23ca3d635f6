/** The page of a client: what it tells to paste must work. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import * as nodeSaml from '@node-saml/node-saml';
import * as passportSaml from '@node-saml/passport-saml';
import { DOMParser } from '@xmldom/xmldom';
import passport from 'passport';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyFile } from '../support/jwt-keys.js';
import { judgedBy, python3 } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const ACS = 'https://sp.example.test/saml/acs';
const ENTITY = 'https://sp.example.test/saml/metadata';
/** What strangers would write: text that ends its literal in one language or another, and goes on. */
const HOSTILE = [
  `urn:a'b"c\\`,
  '`${1+1}`',
  `#{1+1}`,
  `<?php echo 1; ?>`,
  `'; system('id'); '`,
  `\\'; x = 1 #`,
  `</pre><script>alert(1)</script>`,
  ` -->]]>&amp;`,
  `\nRequire all granted\n"`,
  `"\n</Location>`,
  `"""\n'''`,
  `%{HTTP_HOST} ä \u2028 😀`,
].join(' ');

/** The same as far as a URI may hold it. */
const HOSTILE_URI = ['urn:', `a'b"c\\`, '`${1+1}`', '<?php', `\\';system('id');'`, '</script>-->&amp;'].join(
  '',
);

let server: TestServer;
const make = async (client: Readonly<Record<string, unknown>>): Promise<void> => {
  const { status, body } = await server.api('POST', '/api/v2/clients', client);
  expect(status, JSON.stringify(body)).toBe(201);
};
beforeAll(async () => {
  server = await startTestServer();
  const samlp = { entityId: ENTITY, audience: ENTITY };
  await make({ client_id: 'plain', name: 'Plain', callbacks: [ACS], addons: { samlp } });
  await make({
    client_id: 'everything',
    name: 'Everything',
    callbacks: [ACS],
    addons: {
      samlp: {
        ...samlp,
        audience: 'urn:another-audience',
        issuer: 'urn:its-own-idp',
        signBoth: true,
        signingCert: keyFile('saml-sp.crt.pem'),
        spCertificates: [keyFile('saml-sp.crt.pem')],
        encryptionCert: keyFile('saml-sp.crt.pem'),
        encryptionPublicKey: keyFile('saml-sp.pub.pem'),
        encryptionAlgorithm: 'aes256-gcm',
        cert: keyFile('saml-other.crt.pem'),
        key: keyFile('saml-other.key.pem'),
        logout: { callback: 'https://sp.example.test/saml/slo' },
        nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        nameIdentifierProbes: ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress'],
      },
    },
  });
  await make({
    client_id: 'logout-by-redirect',
    name: 'Logout by redirect',
    callbacks: [ACS],
    addons: {
      samlp: {
        ...samlp,
        logout: { callback: 'https://sp.example.test/saml/slo' },
        binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
      },
    },
  });
  await make({
    client_id: 'response-signed',
    name: 'Response signed',
    callbacks: [ACS],
    addons: { samlp: { ...samlp, signResponse: true } },
  });
  await make({
    client_id: 'hostile',
    name: HOSTILE.slice(0, 256),
    callbacks: [`https://sp.example.test/a'b//c;$(id)?x='"&y=%3C`],
    addons: {
      samlp: { entityId: HOSTILE, audience: HOSTILE_URI, logout: { callback: `https://x.test/?'"\\` } },
    },
  });
  await make({ client_id: 'empty', name: 'Without callbacks', addons: { samlp: {} } });
  await make({ client_id: 'app', name: 'OIDC', callbacks: ['https://app.example.test/callback'] });
});
afterAll(() => server.close());

interface Description {
  readonly client: { readonly client_secret: string };
  readonly identity_provider: {
    readonly entity_id: string;
    readonly sso_url: string;
    readonly slo_url: string;
    readonly metadata_url: string;
    readonly certificates: readonly {
      readonly pem: string;
      readonly fingerprint_sha256: string;
      readonly fingerprint_sha1: string;
      readonly not_after: string;
    }[];
  } | null;
  readonly settings: readonly { readonly id: string; readonly files: Readonly<Record<string, string>> }[];
  readonly obstacles: readonly string[];
}
const describeClient = async (clientId: string): Promise<Description> => {
  const { status, body } = await server.api<Description>('GET', `/debug/clients/${clientId}`);
  expect(status).toBe(200);
  return body;
};
const fileOf = async (clientId: string, product: string, file?: string): Promise<string> => {
  const { settings } = await describeClient(clientId);
  const { files } = settings.find(({ id }) => id === product)!;
  return file === undefined ? Object.values(files)[0]! : files[file]!;
};

/** The export of a printed module, its imports being the real libraries; a key file that it reads is the SP's. */
function evaluated(module: string, name: string): unknown {
  const body = module.replace(/^import .*;$/gm, '').replace(/^export const/gm, 'const');
  expect(body).not.toMatch(/^\s*(?:import|export)\b/m);
  const names = {
    ...nodeSaml,
    Strategy: passportSaml.Strategy,
    passport,
    readFileSync: (file: string): string => {
      expect(file).toBe('sp.key.pem');
      return keyFile('saml-sp.key.pem');
    },
  };
  // oxlint-disable-next-line no-implied-eval -- what is printed for people to run is run
  const run = new Function(...Object.keys(names), `'use strict';\n${body}\nreturn ${name};`) as (
    ...given: unknown[]
  ) => unknown;
  return run(...Object.values(names));
}

const loggedIn = async (
  clientId: string,
  saml: Readonly<Record<string, unknown>> = {},
): Promise<{ SAMLResponse: string }> => {
  const { status, body } = await server.api<{
    status: string;
    reason: string;
    result: { SAMLResponse: string };
  }>('POST', '/api/transactions', {
    protocol: 'samlp',
    client_id: clientId,
    user: { user_id: 'auth0|alice', email: 'alice@example.test' },
    saml,
    complete: true,
  });
  expect([status, body.status], body.reason).toEqual([201, 'completed']);
  return body.result;
};

test.each(['plain', 'response-signed', 'everything', 'hostile'])(
  'the real node-saml, with the settings that are printed for the client %s, accepts its response',
  async (clientId) => {
    const saml = evaluated(await fileOf(clientId, 'node-saml'), 'saml') as nodeSaml.SAML;
    const { profile } = await saml.validatePostResponseAsync(await loggedIn(clientId));
    expect(profile?.nameID).toBe(clientId === 'everything' ? 'alice@example.test' : 'auth0|alice');
    const other = clientId === 'plain' ? 'response-signed' : 'plain';
    await expect(saml.validatePostResponseAsync(await loggedIn(other))).rejects.toThrow();
  },
);

test('passport-saml takes the settings that are printed for it', async () => {
  for (const clientId of ['plain', 'everything', 'hostile']) {
    const strategy = evaluated(await fileOf(clientId, 'passport-saml'), 'strategy') as passportSaml.Strategy;
    const sentTo = await new Promise<string>((resolve, reject) => {
      Object.assign(strategy, { redirect: resolve, error: reject, fail: reject });
      strategy.authenticate({ query: {} } as never, {});
    });
    expect(sentTo.startsWith(`${server.baseUrl}/samlp/${clientId}?SAMLRequest=`)).toBe(true);
  }
});

test('the requests that node-saml makes of the settings are the ones that the client asks for', async () => {
  for (const clientId of ['plain', 'everything']) {
    const saml = evaluated(await fileOf(clientId, 'node-saml'), 'saml') as nodeSaml.SAML;
    const url = new URL(await saml.getAuthorizeUrlAsync('', undefined, {}));
    expect(`${url.origin}${url.pathname}`).toBe(`${server.baseUrl}/samlp/${clientId}`);
    expect(url.searchParams.has('Signature')).toBe(clientId === 'everything');
    // /samlp itself judges it: nobody is logged in, so what is fine leads to the login page
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toMatch(/^\/login\?state=/);
  }
});

test('the LogoutResponse that the client gets is one that node-saml takes with the settings', async () => {
  for (const clientId of ['everything', 'logout-by-redirect']) {
    const saml = evaluated(await fileOf(clientId, 'node-saml'), 'saml') as nodeSaml.SAML;
    const profile = {
      issuer: '',
      nameID: 'auth0|alice',
      nameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
      sessionIndex: '_none',
    };
    const asked = await fetch(await saml.getLogoutUrlAsync(profile, '', {}), { redirect: 'manual' });
    const next = asked.headers.get('location');
    const answer = next?.startsWith('/')
      ? await fetch(`${server.baseUrl}${next}`, { redirect: 'manual' })
      : asked;
    const location = answer.headers.get('location');
    if (location === null) {
      const SAMLResponse = /name="SAMLResponse" value="([^"]+)"/.exec(await answer.text())?.[1] ?? '';
      await expect(saml.validatePostResponseAsync({ SAMLResponse })).resolves.toMatchObject({
        loggedOut: true,
      });
    } else {
      const { search, searchParams } = new URL(location);
      await expect(
        saml.validateRedirectAsync(Object.fromEntries(searchParams), search.slice(1)),
      ).resolves.toMatchObject({ loggedOut: true });
    }
    expect(location === null, answer.statusText).toBe(clientId === 'everything');
  }
});

test('logout comes by the binding that the settings name', async () => {
  for (const [clientId, binding] of [
    ['everything', 'HTTP-POST'],
    ['logout-by-redirect', 'HTTP-Redirect'],
  ] as const) {
    expect(await fileOf(clientId, 'pysaml2')).toContain(
      `("https://sp.example.test/saml/slo", BINDING_${binding.toUpperCase().replace('-', '_')}),`,
    );
    expect(await fileOf(clientId, 'ruby-saml')).toContain(
      `single_logout_service_binding = 'urn:oasis:names:tc:SAML:2.0:bindings:${binding}'`,
    );
  }
});

test('what pysaml2 signs, it signs with what the client takes', async () => {
  expect(await fileOf('everything', 'pysaml2')).toContain('xmldsig-more#rsa-sha256"');
});

test('XML settings are well-formed, and say the entity IDs to the letter', async () => {
  for (const clientId of ['plain', 'everything', 'hostile'])
    for (const file of ['shibboleth2.xml', 'attribute-map.xml']) {
      const xml = await fileOf(clientId, 'shibboleth', file);
      const { documentElement } = new DOMParser({
        onError: (level, message) => {
          throw new Error(`${level}: ${message}`);
        },
      }).parseFromString(xml, 'text/xml');
      if (file === 'attribute-map.xml') continue;
      const defaults = documentElement!.getElementsByTagName('ApplicationDefaults')[0]!;
      expect(defaults.getAttribute('entityID')).toBe(clientId === 'hostile' ? HOSTILE : ENTITY);
      expect(defaults.getElementsByTagName('SSO')[0]!.getAttribute('entityID')).toBe(
        clientId === 'everything' ? 'urn:its-own-idp' : 'urn:auth0:mintmark',
      );
      expect(defaults.getElementsByTagName('MetadataProvider')[0]!.getAttribute('url')).toBe(
        `${server.baseUrl}/samlp/metadata/${clientId}`,
      );
    }
});

judgedBy(python3)('Python reads the settings of pysaml2 as what they mean', async () => {
  for (const clientId of ['plain', 'everything', 'hostile']) {
    const source = (await fileOf(clientId, 'pysaml2')).replace(/^from saml2 import .*$/m, '');
    const read = execFileSync(
      'python3',
      [
        '-c',
        'import sys, json\nBINDING_HTTP_POST = "P"; BINDING_HTTP_REDIRECT = "R"\nexec(sys.stdin.read())\nprint(json.dumps(CONFIG))',
      ],
      { input: source, encoding: 'utf8' },
    );
    const config = JSON.parse(read) as {
      entityid: string;
      service: { sp: { want_assertions_signed: boolean; authn_requests_signed: boolean } };
      key_file?: string;
    };
    expect(config.entityid).toBe(clientId === 'hostile' ? HOSTILE : ENTITY);
    expect(config.service.sp).toMatchObject({
      want_assertions_signed: true,
      authn_requests_signed: clientId === 'everything',
    });
    expect(config.key_file !== undefined).toBe(clientId === 'everything');
  }
});

/** Where the interpreter is there; else the literals are read by hand. */
const hasProgram = (name: string): boolean => spawnSync(name, ['--version']).status === 0;
const parsed = { php: ['-l'], ruby: ['-c'] } as const;

test.each(['php', 'ruby'] as const)('%s literals end where they should', async (language) => {
  for (const clientId of ['plain', 'everything', 'hostile']) {
    const { settings } = await describeClient(clientId);
    const files = settings.flatMap(({ files: all }) => Object.entries(all));
    const sources = files.filter(([name]) => name.endsWith(language === 'php' ? '.php' : '.rb'));
    expect(sources.length).toBe(language === 'php' ? 2 : 1);
    for (const [, source] of sources) {
      if (hasProgram(language))
        expect(spawnSync(language, parsed[language], { input: source, encoding: 'utf8' }).status).toBe(0);
      // what is left without comments and single-quoted literals is code of ours
      const code = source.replace(/^\s*(?:\/\/|#).*$/gm, '').replace(/'(?:[^'\\]|\\[\s\S])*'/g, 'LITERAL');
      expect(code).toMatch(/^[\w\s<?$[\]{}()=>,:;.-]*$/);
      expect(code).not.toMatch(/system|echo|granted/);
    }
  }
});

test('Apache directives keep to their lines', async () => {
  const lines = (await fileOf('hostile', 'mod_auth_mellon')).split('\n').filter((line) => line.trim() !== '');
  for (const line of lines)
    expect(line).toMatch(
      /^(?:#.*|<\/?Location.*>|\s+(?:Mellon\w+|AuthType|Require) (?:"(?:[^"\\]|\\.)*"|[\w-]+))$/u,
    );
  expect(lines.filter((line) => line.includes('Require'))).toHaveLength(2);
  expect(lines.find((line) => line.includes('MellonSPentityId'))).toContain(String.raw`urn:a'b\"c\\`);
});

test('the page has what to paste, with the fingerprints that other tools show', async () => {
  const { identity_provider: idp } = await describeClient('plain');
  const { raw, validTo } = new X509Certificate(keyFile('saml-idp.crt.pem'));
  const hex = (hash: string): string => createHash(hash).update(raw).digest('hex');
  expect(idp).toMatchObject({
    entity_id: 'urn:auth0:mintmark',
    sso_url: `${server.baseUrl}/samlp/plain`,
    slo_url: `${server.baseUrl}/samlp/plain/logout`,
    metadata_url: `${server.baseUrl}/samlp/metadata/plain`,
    certificates: [
      {
        fingerprint_sha256: hex('sha256'),
        fingerprint_sha1: hex('sha1'),
        not_after: new Date(validTo).toISOString(),
      },
    ],
  });
  const answer = await fetch(`${server.baseUrl}/debug/clients/plain`, { headers: { accept: BROWSER } });
  const markup = await answer.text();
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const text of [
    idp!.sso_url,
    idp!.slo_url,
    idp!.metadata_url,
    hex('sha1').toUpperCase().match(/../g)!.join(':'),
    'href="/samlp/metadata/plain"',
    'href="/samlp/plain"',
    ACS,
  ])
    expect(markup).toContain(text);
});

test('no secret stands on the page: neither the client’s, nor its key', async () => {
  const { body } = await server.api<{ client_secret: string }>('GET', '/api/v2/clients/everything');
  for (const accept of [BROWSER, 'application/json']) {
    const answer = await fetch(`${server.baseUrl}/debug/clients/everything`, { headers: { accept } });
    const text = await answer.text();
    expect(text).not.toContain(body.client_secret);
    expect(text).not.toMatch(/BEGIN (?:RSA )?PRIVATE KEY/);
  }
});

test('what strangers wrote opens no tag on the pages', async () => {
  for (const path of ['/debug/clients', '/debug/clients/hostile']) {
    const markup = await (await fetch(`${server.baseUrl}${path}`, { headers: { accept: BROWSER } })).text();
    expect(markup).not.toContain('<script');
    expect(markup).not.toContain('<?php');
  }
});

test('what keeps a login from working is said', async () => {
  expect((await describeClient('empty')).obstacles.join(' ')).toContain('has no callbacks');
  expect((await describeClient('empty')).settings).toEqual([]);
  expect((await describeClient('app')).identity_provider).toBeNull();
  expect((await describeClient('everything')).obstacles.join(' ')).toContain('urn:another-audience');
  expect((await describeClient('plain')).obstacles).toEqual([]);
  for (const clientId of ['empty', 'app']) {
    const answer = await fetch(`${server.baseUrl}/debug/clients/${clientId}`, {
      headers: { accept: BROWSER },
    });
    expect(answer.status).toBe(200);
  }
});

test('the list leads to every client; one that is not there is a 404', async () => {
  const { body } = await server.api<{
    items: { client_id: string; entity_id: string | null }[];
    total: number;
  }>('GET', '/debug/clients');
  expect(body.items.map(({ client_id }) => client_id)).toEqual(
    expect.arrayContaining(['plain', 'everything', 'app']),
  );
  expect(body.total).toBe(body.items.length);
  const markup = await (
    await fetch(`${server.baseUrl}/debug/clients`, { headers: { accept: BROWSER } })
  ).text();
  expect(markup).toContain('href="/debug/clients/plain"');
  const { status } = await server.api('GET', '/debug/clients/nobody');
  expect(status).toBe(404);
  expect((await server.api('GET', '/debug/clients?page=-1')).status).toBe(400);
});
