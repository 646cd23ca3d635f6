/** Service providers that log out: node-saml makes and judges their messages; a web server of the test stands for all of them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPrivateKey, createSign, createVerify } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { SAML, ValidateInResponseTo, type Profile, type SamlConfig } from '@node-saml/node-saml';
import { LogoutStore } from '../../src/storage/logout-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import type { Logout } from '../../src/tenant/logout.js';
import { sessionIdOf } from '../../src/tenant/session.js';
import {
  logsInAs,
  makeServiceProvider,
  type ServiceProvider,
  type ServiceProviderOptions,
} from '../saml-browser/service-provider.js';
import { KEYS } from '../support/login-context.js';
import type { TestServer } from '../support/server.js';
import { base64, pem, signed } from '../support/sp-messages.js';
import type { Page, UserAgent } from '../support/user-agent.js';

export const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
export const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
export type MessageName = 'SAMLRequest' | 'SAMLResponse';

/** Answers 200 to everything, on `localhost`, which is another site than the server's 127.0.0.1. */
export interface Landing {
  readonly url: string;
  readonly close: () => Promise<void>;
}
export async function startLanding(): Promise<Landing> {
  const server = createServer((request, response) => {
    request.resume();
    response.end('an SP');
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface LogoutSp extends ServiceProvider {
  /** Where its logout messages go. */
  readonly sloUrl: string;
  readonly binding: string;
  /** Of the server, for its messages. */
  readonly target: string;
}

export interface LogoutSpOptions extends Omit<ServiceProviderOptions, 'clientId'> {
  readonly binding?: string;
  /** More of `addons.samlp.logout`. */
  readonly logout?: Readonly<Record<string, unknown>>;
  readonly saml?: Partial<SamlConfig>;
}

/** Its client, with the certificate of `sp.key`. */
export async function makeLogoutSp(
  server: TestServer,
  landing: Landing,
  clientId: string,
  { binding = POST, logout = {}, addon = {}, saml = {}, ...more }: LogoutSpOptions = {},
): Promise<LogoutSp> {
  const sloUrl = `${landing.url}/${clientId}/slo`;
  const target = `${server.baseUrl}/samlp/${clientId}/logout`;
  const sp = await makeServiceProvider(server, {
    ...more,
    clientId,
    addon: {
      binding,
      spCertificates: [KEYS.sp.cert],
      logout: { callback: sloUrl, ...logout },
      ...addon,
    },
    saml: {
      privateKey: KEYS.sp.key,
      signatureAlgorithm: 'sha256',
      digestAlgorithm: 'sha256',
      logoutUrl: target,
      ...saml,
    },
  });
  return { ...sp, sloUrl, binding, target };
}

/** The user in the browser logs in at the SP, on the login page where nobody is logged in yet. */
export async function logIn(agent: UserAgent, sp: LogoutSp, name = 'alice'): Promise<Profile> {
  const page = await agent.get(await sp.loginUrl());
  const atSp = page.text.includes('name="password"') ? await agent.submit(page, logsInAs(name)) : page;
  return sp.accept(atSp);
}

export interface SentMessage {
  readonly binding: string;
  readonly name: MessageName;
  /** Without the query that carries it. */
  readonly location: string;
  readonly xml: string;
  readonly relayState: string | undefined;
  /** As it stands in the URL. */
  readonly query?: string;
  readonly members: Readonly<Record<string, string>>;
}

function inUrl(text: string): SentMessage | null {
  const query = text.slice(text.indexOf('?') + 1);
  const members = Object.fromEntries(new URLSearchParams(query));
  const name = (['SAMLRequest', 'SAMLResponse'] as const).find((each) => each in members);
  if (!name) return null;
  return {
    binding: REDIRECT,
    name,
    location: text.slice(0, text.indexOf('?')),
    xml: inflateRawSync(Buffer.from(members[name]!, 'base64')).toString('utf8'),
    relayState: members['RelayState'],
    query,
    members,
  };
}

/** The message of ours that a page carries, or that the browser carried to where it is now; throws where there is none. */
export function messageOn(page: Page): SentMessage {
  const arrived = new URL(page.url).hostname === 'localhost' && inUrl(page.url);
  if (arrived) return arrived;
  const href = /id="go" href="([^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&');
  const linked = href === undefined ? null : inUrl(href);
  if (linked) return linked;
  const [form] = page.forms;
  const members = Object.fromEntries(form?.fields ?? []);
  const name = (['SAMLRequest', 'SAMLResponse'] as const).find((each) => each in members);
  if (!form || !name)
    throw new Error(`no message on ${page.url}, ${page.status}: ${page.text.slice(0, 3000)}`);
  return {
    binding: POST,
    name,
    location: form.action,
    xml: Buffer.from(members[name]!, 'base64').toString('utf8'),
    relayState: members['RelayState'],
    members,
  };
}

/** What node-saml makes of a message of ours; throws where it refuses. */
export async function judge(
  sp: LogoutSp,
  { name, xml, members, query }: SentMessage,
): Promise<Profile | null> {
  if (query !== undefined) {
    // its own requests are in its cache, those of the test are not
    await sp.saml.cacheProvider.saveAsync(attributeOf(xml, 'InResponseTo'), new Date().toISOString());
    return (await sp.saml.validateRedirectAsync(members, query)).profile;
  }
  if (name === 'SAMLRequest') return (await sp.saml.validatePostRequestAsync(members)).profile;
  // it looks for InResponseTo in a Response only, and misses it in a posted LogoutResponse
  const lenient = new SAML({ ...sp.saml.options, validateInResponseTo: ValidateInResponseTo.never });
  return (await lenient.validatePostResponseAsync(members)).profile;
}

/** Whether the key of `certificate` signed a query; node-saml looks at the status first. */
export const isQuerySigned = ({ query = '' }: SentMessage, certificate: string): boolean => {
  const [octets = '', signature = ''] = query.split('&Signature=');
  return createVerify('sha256')
    .update(octets)
    .verify(certificate, Buffer.from(decodeURIComponent(signature), 'base64'));
};

export const attributeOf = (xml: string, name: string): string =>
  new RegExp(` ${name}="([^"]*)"`).exec(xml)?.[1] ?? '';

/** node-saml's LogoutRequest, by the SP's binding. */
export async function requestLogout(
  agent: UserAgent,
  sp: LogoutSp,
  profile: Profile,
  relayState = '',
): Promise<Page> {
  const url = await sp.saml.getLogoutUrlAsync(profile, relayState, {});
  if (sp.binding === REDIRECT) return agent.get(url, sp.sloUrl);
  // node-saml posts no logout messages
  const { xml } = inUrl(url)!;
  return agent.post(
    sp.target,
    [
      ['SAMLRequest', base64(signed(xml))],
      ...(relayState === '' ? [] : ([['RelayState', relayState]] as const)),
    ],
    sp.sloUrl,
  );
}

/** The SP on whose step the page is judges the LogoutRequest and answers it with node-saml's LogoutResponse, by its binding. */
export async function answerStep(
  agent: UserAgent,
  sp: LogoutSp,
  page: Page,
  success = true,
): Promise<{ readonly request: SentMessage; readonly page: Page }> {
  const request = messageOn(page);
  const profile = (await judge(sp, request))!;
  return { request, page: await respond(agent, sp, profile, success, request.relayState) };
}

async function respond(
  agent: UserAgent,
  sp: LogoutSp,
  request: Profile,
  success: boolean,
  relayState = '',
): Promise<Page> {
  const url = await sp.saml.getLogoutResponseUrlAsync(request, relayState, {}, success);
  if (sp.binding === REDIRECT) return agent.get(url, sp.sloUrl);
  const { xml } = inUrl(url)!;
  return agent.post(
    sp.target,
    [
      ['SAMLResponse', base64(signed(xml))],
      ['RelayState', relayState],
    ],
    sp.sloUrl,
  );
}

const escaped = (text: string): string =>
  text.replace(/[&<"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '"': '&quot;' })[character]!);

export interface RequestParts {
  readonly id?: string;
  readonly version?: string;
  readonly issuer: string;
  /** `null` to leave it out. */
  readonly destination: string | null;
  readonly notOnOrAfter?: string;
  readonly nameId: string;
  readonly nameAttributes?: Readonly<Record<string, string>>;
  readonly sessionIndexes?: readonly string[];
}

let made = 0;
const attributes = (values: Readonly<Record<string, string | null | undefined>>): string =>
  Object.entries(values)
    .map(([name, value]) => (value === null || value === undefined ? '' : ` ${name}="${escaped(value)}"`))
    .join('');
/** An unsigned LogoutRequest with any member wrong. */
export function logoutRequestXml(parts: RequestParts): string {
  const { id = `_made${(made += 1)}`, version = '2.0', sessionIndexes = [] } = parts;
  return `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"${attributes(
    {
      ID: id,
      Version: version,
      IssueInstant: '2026-01-01T00:00:00Z',
      Destination: parts.destination,
      NotOnOrAfter: parts.notOnOrAfter,
    },
  )}><saml:Issuer>${escaped(parts.issuer)}</saml:Issuer><saml:NameID${attributes(
    parts.nameAttributes ?? {},
  )}>${escaped(parts.nameId)}</saml:NameID>${sessionIndexes
    .map((index) => `<samlp:SessionIndex>${escaped(index)}</samlp:SessionIndex>`)
    .join('')}</samlp:LogoutRequest>`;
}

/** An unsigned LogoutResponse. */
export const logoutResponseXml = (parts: {
  readonly issuer: string;
  readonly destination: string | null;
  readonly inResponseTo: string;
  readonly version?: string;
  /** StatusCode elements. */
  readonly status?: string;
}): string =>
  `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"${attributes(
    {
      ID: `_made${(made += 1)}`,
      Version: parts.version ?? '2.0',
      IssueInstant: '2026-01-01T00:00:00Z',
      Destination: parts.destination,
      InResponseTo: parts.inResponseTo,
    },
  )}><saml:Issuer>${escaped(parts.issuer)}</saml:Issuer><samlp:Status>${
    parts.status ?? '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
  }</samlp:Status></samlp:LogoutResponse>`;

/** The message in a query, signed over it where a key is given. */
export function redirectUrl(
  target: string,
  name: MessageName,
  xml: string,
  more: { readonly relayState?: string; readonly key?: string; readonly hash?: 'sha1' | 'sha256' } = {},
): string {
  const { relayState, key, hash = 'sha256' } = more;
  const algorithm =
    hash === 'sha1'
      ? 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'
      : 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
  const query = [
    [name, deflateRawSync(xml).toString('base64')],
    ...(relayState === undefined ? [] : [['RelayState', relayState]]),
    ...(key === undefined ? [] : [['SigAlg', algorithm]]),
  ]
    .map(([member, value]) => `${member}=${encodeURIComponent(value!)}`)
    .join('&');
  if (key === undefined) return `${target}?${query}`;
  const signature = createSign(hash)
    .update(query)
    .sign(createPrivateKey(pem(key)), 'base64');
  return `${target}?${query}&Signature=${encodeURIComponent(signature)}`;
}

/** What the store has of the logouts, newest first. */
export const logoutsOf = (server: TestServer): Promise<Logout[]> => server.app.get(LogoutStore).list(1000);

/** Whether the session that the browser has a cookie of, or had, lives in the store. */
export const isAlive = async (server: TestServer, token: string | undefined): Promise<boolean> =>
  token !== undefined && (await server.app.get(SessionStore).get(sessionIdOf(token))) !== null;
export const sessionToken = (server: TestServer, agent: UserAgent): string | undefined =>
  agent.cookie(server.baseUrl, 'mintmark_session');
