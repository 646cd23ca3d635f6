/** Signed requests over HTTP (saml-output.md 20, item 8): what verifies is answered, and every other case has an error of its own. */
import { createPrivateKey, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  logsInAs,
  makeServiceProvider,
  makeUser,
  postedTo,
  requestXmlOf,
  responseXml,
  statusIn,
  type ServiceProvider,
} from './service-provider.js';

let server: TestServer;
let sp: ServiceProvider;
/** Somebody who is logged in, so that each request is answered at once. */
const agent = new UserAgent();

beforeAll(async () => {
  server = await startTestServer();
  await makeUser(server, 'alice');
  sp = await makeServiceProvider(server, {
    clientId: 'signing',
    addon: { signingCert: KEYS.sp.cert },
    saml: { privateKey: KEYS.sp.key, signatureAlgorithm: 'sha256' },
  });
  const plain = await makeServiceProvider(server, { clientId: 'plain' });
  await agent.submit(await agent.get(await plain.loginUrl()), logsInAs('alice'));
});
afterAll(() => server.close());

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const ssoUrl = (): string => `${server.baseUrl}/samlp/signing`;
const escapedHex = (text: string): string => encodeURIComponent(text);
const lowerCaseEscapes = (text: string): string =>
  encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
const formEscapes = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');

interface Signed {
  readonly xml?: string;
  readonly relayState?: string;
  readonly sigAlg?: string;
  readonly key?: string;
  readonly encode?: (text: string) => string;
}

const requestXml = (more = ''): string =>
  `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_q${Math.random().toString(16).slice(2)}" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${ssoUrl()}"${more}><saml:Issuer>${sp.entityId}</saml:Issuer></samlp:AuthnRequest>`;

/** A signed query as an SP makes it, its values written as `encode` does. */
function signedQuery(options: Signed = {}): string {
  const {
    xml = requestXml(),
    relayState,
    sigAlg = RSA_SHA256,
    key = KEYS.sp.key,
    encode = escapedHex,
  } = options;
  const members = [
    ['SAMLRequest', deflateRawSync(xml).toString('base64')],
    ...(relayState === undefined ? [] : [['RelayState', relayState]]),
    ['SigAlg', sigAlg],
  ];
  const query = members.map(([name, value]) => `${name}=${encode(value!)}`).join('&');
  const hash = sigAlg.endsWith('sha1') ? 'sha1' : 'sha256';
  return `${query}&Signature=${encode(sign(hash, Buffer.from(query), createPrivateKey(key)).toString('base64'))}`;
}
const send = (query: string): Promise<Page> => agent.get(`${ssoUrl()}?${query}`);

interface Failure {
  readonly failure: { readonly code: string } | null;
}
/** The code that the inspector has for the last login. */
async function lastFailure(clientId = 'signing'): Promise<string | undefined> {
  const { body } = await server.api<{ items: { id: string }[] }>(
    'GET',
    `/api/transactions?client_id=${clientId}`,
  );
  const inspected = await server.api<Failure>('GET', `/debug/transactions/${body.items[0]!.id}`);
  return inspected.body.failure?.code;
}
const isAnswered = (page: Page): void => expect(statusIn(responseXml(page, sp.acsUrl))).toEqual(['Success']);
async function isRefusedAs(page: Page, code: string): Promise<void> {
  const xml = responseXml(page, sp.acsUrl);
  expect(statusIn(xml)).toEqual(['Requester', 'RequestDenied']);
  expect(xml).not.toContain('<saml:Assertion');
  expect(await lastFailure()).toBe(code);
}

test('a request that node-saml signs is answered, by either binding', async () => {
  isAnswered(await agent.get(await sp.loginUrl('a b+c%20d')));
  const posting = await makeServiceProvider(server, {
    clientId: 'signing-post',
    addon: { signingCert: KEYS.sp.cert },
    saml: {
      privateKey: KEYS.sp.key,
      signatureAlgorithm: 'sha256',
      digestAlgorithm: 'sha256',
      authnRequestBinding: 'HTTP-POST',
    },
  });
  const message = await posting.saml.getAuthorizeMessageAsync('kept', undefined, {});
  const fields = Object.entries(message as Record<string, string>);
  const page = await agent.post(`${server.baseUrl}/samlp/signing-post`, fields, 'https://sp.example.test/');
  expect(statusIn(responseXml(page, posting.acsUrl))).toEqual(['Success']);
});

test('however the SP escapes its query, the signature counts over the octets as they came', async () => {
  for (const encode of [escapedHex, lowerCaseEscapes, formEscapes])
    isAnswered(await send(signedQuery({ encode, relayState: 'https://sp.example.test/a b?c=d&e=ü' })));
});

test('an empty RelayState is part of what was signed', async () => {
  const page = await send(signedQuery({ relayState: '' }));
  isAnswered(page);
  expect(postedTo(page, sp.acsUrl)['RelayState']).toBe('');
});

test('an unsigned request is refused as unsigned', async () => {
  const query = `SAMLRequest=${encodeURIComponent(deflateRawSync(requestXml()).toString('base64'))}`;
  await isRefusedAs(await send(query), 'saml_request_unsigned');
});

test('while an SP changes its key either certificate verifies', async () => {
  const change = (spCertificates: string[] | null) =>
    server.api('PATCH', '/api/v2/clients/signing', { addons: { samlp: { spCertificates } } });
  await change([KEYS.other.cert]);
  isAnswered(await send(signedQuery({ key: KEYS.other.key })));
  isAnswered(await send(signedQuery()));
  await change(null);
});

test('a signature by another key is refused', async () => {
  await isRefusedAs(await send(signedQuery({ key: KEYS.other.key })), 'saml_request_signature');
});

test('a RelayState that was changed, added or taken away is refused', async () => {
  const query = signedQuery({ relayState: 'mine' });
  await isRefusedAs(
    await send(query.replace('RelayState=mine', 'RelayState=yours')),
    'saml_request_signature',
  );
  await isRefusedAs(await send(query.replace('&RelayState=mine', '')), 'saml_request_signature');
  await isRefusedAs(await send(`RelayState=x&${signedQuery()}`), 'saml_request_signature');
});

test('a Signature without SigAlg, and a SigAlg that is not taken, are told apart', async () => {
  await isRefusedAs(await send(signedQuery().replace(/&SigAlg=[^&]*/, '')), 'saml_sigalg_missing');
  const sha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
  await isRefusedAs(await send(signedQuery({ sigAlg: sha1 })), 'saml_sigalg_unsupported');
});

test('SHA-1 verifies where the client says that it may', async () => {
  await server.api('PATCH', '/api/v2/clients/signing', { addons: { samlp: { acceptSha1Requests: true } } });
  isAnswered(await send(signedQuery({ sigAlg: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' })));
  await server.api('PATCH', '/api/v2/clients/signing', { addons: { samlp: { acceptSha1Requests: null } } });
});

test('a signed request wrapped into another is refused, whatever the outer one asks for', async () => {
  const posting = await makeServiceProvider(server, {
    clientId: 'wrapping',
    addon: { signingCert: KEYS.sp.cert },
    saml: {
      privateKey: KEYS.sp.key,
      signatureAlgorithm: 'sha256',
      digestAlgorithm: 'sha256',
      authnRequestBinding: 'HTTP-POST',
    },
  });
  const signed = (await requestXmlOf(posting)).replace(/<\?xml[^>]*\?>/, '');
  expect(signed).toContain('SignatureValue');
  const wrapped = (more: string): string =>
    requestXml(more).replace(
      '</samlp:AuthnRequest>',
      `<samlp:Extensions>${signed}</samlp:Extensions></samlp:AuthnRequest>`,
    );
  const post = (xml: string): Promise<Page> =>
    agent.post(`${server.baseUrl}/samlp/wrapping`, [['SAMLRequest', Buffer.from(xml).toString('base64')]]);
  const failure = async (): Promise<string | undefined> => lastFailure('wrapping');

  expect(statusIn(responseXml(await post(signed), posting.acsUrl))).toEqual(['Success']);
  const elsewhere = await post(wrapped(' AssertionConsumerServiceURL="https://attacker.example.test/acs"'));
  expect(elsewhere.status).toBe(400);
  expect(elsewhere.forms).toHaveLength(0);
  expect(await failure()).toBe('saml_acs_not_allowed');
  const here = await post(wrapped(' ForceAuthn="true"'));
  expect(statusIn(responseXml(here, posting.acsUrl))).toEqual(['Requester', 'RequestDenied']);
  expect(await failure()).toBe('saml_request_signature');
});

test('a comment inside Issuer is refused before anything is believed', async () => {
  const xml = requestXml().replace(sp.entityId, sp.entityId.replace('example', 'exam<!-- -->ple'));
  const page = await send(signedQuery({ xml }));
  expect(page.status).toBe(400);
  expect(await lastFailure()).toBe('saml_request_invalid');
});

test('a DOCTYPE is refused on sight', async () => {
  const page = await send(signedQuery({ xml: `<!DOCTYPE x [<!ENTITY a "b">]>${requestXml()}` }));
  expect(page.status).toBe(400);
  expect(await lastFailure()).toBe('saml_xml_forbidden');
});

test('what inflates to megabytes is not inflated', async () => {
  const bomb = `${requestXml()}${' '.repeat(20_000_000)}`;
  const page = await send(`SAMLRequest=${encodeURIComponent(deflateRawSync(bomb).toString('base64'))}`);
  expect(page.status).toBe(400);
  expect(await lastFailure()).toBe('saml_message_too_large');
});

test('a parameter that stands twice is refused', async () => {
  const query = signedQuery();
  const page = await send(
    `${query}&SAMLRequest=${encodeURIComponent(deflateRawSync(requestXml()).toString('base64'))}`,
  );
  expect(page.status).toBe(400);
  expect(await lastFailure()).toBe('saml_request_binding');
});

test('a signed request must say where it was meant to go, and that must be here', async () => {
  const nowhere = await send(signedQuery({ xml: requestXml().replace(/ Destination="[^"]*"/, '') }));
  expect(statusIn(responseXml(nowhere, sp.acsUrl))).toEqual(['Requester']);
  expect(await lastFailure()).toBe('saml_request_invalid');
  const elsewhere = requestXml().replace(ssoUrl(), 'https://other-idp.example.test/sso');
  const page = await send(signedQuery({ xml: elsewhere }));
  expect(statusIn(responseXml(page, sp.acsUrl))).toEqual(['Requester']);
});

test('another Version is answered by VersionMismatch, another ProtocolBinding by UnsupportedBinding', async () => {
  const future = await send(signedQuery({ xml: requestXml().replace('Version="2.0"', 'Version="3.0"') }));
  expect(statusIn(responseXml(future, sp.acsUrl))).toEqual(['VersionMismatch', 'RequestVersionTooHigh']);
  const artifact = ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"';
  const page = await send(signedQuery({ xml: requestXml(artifact) }));
  expect(statusIn(responseXml(page, sp.acsUrl))).toEqual(['Requester', 'UnsupportedBinding']);
});

test('a certificate that is set at assembly has the request verified then, over the query that was kept', async () => {
  const late = await makeServiceProvider(server, {
    clientId: 'late',
    saml: { privateKey: KEYS.sp.key, signatureAlgorithm: 'sha256' },
  });
  for (const [cert, expected] of [
    [KEYS.sp.cert, ['Success']],
    [KEYS.other.cert, ['Requester', 'RequestDenied']],
  ] as const) {
    const browser = new UserAgent();
    const page = await browser.get(await late.loginUrl('odd %2f state'));
    const { body } = await server.api<{ items: { id: string }[] }>('GET', '/api/transactions?client_id=late');
    await server.api('PATCH', `/api/transactions/${body.items[0]!.id}/saml-response`, { signingCert: cert });
    const delivered = await browser.submit(page, logsInAs('alice'));
    expect(statusIn(responseXml(delivered, late.acsUrl))).toEqual(expected);
  }
});
