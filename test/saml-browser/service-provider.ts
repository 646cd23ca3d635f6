/** A service provider: @node-saml/node-saml, set up for a client of the server under test. */
import { inflateRawSync } from 'node:zlib';
import { SAML, ValidateInResponseTo, type Profile, type SamlConfig } from '@node-saml/node-saml';
import { KEYS } from '../support/login-context.js';
import type { TestServer } from '../support/server.js';
import type { Page } from '../support/user-agent.js';

export interface ServiceProvider {
  readonly clientId: string;
  readonly entityId: string;
  readonly acsUrl: string;
  readonly saml: SAML;
  /** The URL that its login button leads to. */
  readonly loginUrl: (relayState?: string) => Promise<string>;
  /** What it makes of the page that posts to its ACS; throws where it refuses. */
  readonly accept: (page: Page) => Promise<Profile>;
}

export interface ServiceProviderOptions {
  readonly clientId?: string;
  readonly addon?: Readonly<Record<string, unknown>>;
  readonly client?: Readonly<Record<string, unknown>>;
  readonly saml?: Partial<SamlConfig>;
}

/** Makes the client over REST. Host names differ from the server's, so that posts to the ACS are cross-site. */
export async function makeServiceProvider(
  server: TestServer,
  { clientId = 'sp', addon = {}, client = {}, saml = {} }: ServiceProviderOptions = {},
): Promise<ServiceProvider> {
  const entityId = `https://${clientId}.example.test/metadata`;
  const acsUrl = `https://${clientId}.example.test/acs`;
  const made = await server.api('POST', '/api/v2/clients', {
    client_id: clientId,
    name: `Service provider ${clientId}`,
    callbacks: [acsUrl],
    addons: { samlp: { entityId, ...addon } },
    ...client,
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const provider = new SAML({
    idpCert: KEYS.idp.cert,
    issuer: entityId,
    callbackUrl: acsUrl,
    audience: entityId,
    entryPoint: `${server.baseUrl}/samlp/${clientId}`,
    validateInResponseTo: ValidateInResponseTo.always,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false,
    acceptedClockSkewMs: 1000,
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    ...saml,
  });
  return {
    clientId,
    entityId,
    acsUrl,
    saml: provider,
    loginUrl: (relayState = '') => provider.getAuthorizeUrlAsync(relayState, undefined, {}),
    accept: async (page) => {
      const { profile } = await provider.validatePostResponseAsync(postedTo(page, acsUrl));
      if (!profile) throw new Error('no profile');
      return profile;
    },
  };
}

/** The fields that the page posts, once it is certain that they go to `acsUrl`. */
export function postedTo(page: Page, acsUrl: string): Record<string, string> {
  const [form] = page.forms;
  if (page.status !== 200 || form?.action !== acsUrl)
    throw new Error(`no form to ${acsUrl} but, with ${page.status}: ${page.text.slice(0, 2000)}`);
  return Object.fromEntries(form.fields);
}

export const PASSWORD = 'correct horse battery';

/** A stored user with a password. */
export async function makeUser(server: TestServer, name: string, more: object = {}): Promise<string> {
  const made = await server.api('POST', '/api/v2/users', {
    user_id: `auth0|${name}`,
    email: `${name}@example.test`,
    name,
    password: PASSWORD,
    ...more,
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return `auth0|${name}`;
}
export const logsInAs = (name: string): Record<string, string> => ({
  username: `${name}@example.test`,
  password: PASSWORD,
});

/** The XML of the Response that the page posts. */
export const responseXml = (page: Page, acsUrl: string): string =>
  Buffer.from(postedTo(page, acsUrl)['SAMLResponse']!, 'base64').toString('utf8');
/** Top-level and second-level status codes, without their URN. */
export const statusIn = (xml: string): string[] =>
  [...xml.matchAll(/StatusCode Value="urn:oasis:names:tc:SAML:2\.0:status:(\w+)"/g)].map(([, code]) => code!);

/** The AuthnRequest that the SP would post, as text. */
export async function requestXmlOf({ saml }: ServiceProvider): Promise<string> {
  const { SAMLRequest } = (await saml.getAuthorizeMessageAsync('', undefined, {})) as { SAMLRequest: string };
  const bytes = Buffer.from(SAMLRequest, 'base64');
  return (bytes[0] === 0x3c ? bytes : inflateRawSync(bytes)).toString('utf8');
}
