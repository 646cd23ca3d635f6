/**
 * Which of an AuthnRequest's wishes are granted (saml-output.md 9.3), as far as the request itself tells; what it wishes the assertion
 * to say is judged in request-wishes.ts. Rules only: nothing is decoded here, nothing looked up.
 */
import type { AuthnRequest } from './authn-request.js';
import { BINDINGS } from './names.js';
import { quote } from './quote.js';
import { SamlError } from './saml-error.js';
import type { AssertionConsumer } from './sp-metadata.js';

export interface RequestRules {
  /** ACS URLs of the client, the first the default. */
  readonly callbacks: readonly string[];
  /** What an AssertionConsumerServiceIndex means, by the metadata of the SP. */
  readonly assertionConsumers?: readonly AssertionConsumer[];
  /** Our own SSO URLs that may have received it; left out where the transport is not HTTP. */
  readonly endpoints?: readonly string[];
  /** It came signed, so it must say where it was meant to go (SAML Bindings 3.4.5.2, 3.5.5.2). */
  readonly requestSigned?: boolean;
}

/**
 * Where the response to `request` goes. Throws SamlError, `saml_acs_not_allowed` before anything else: then nobody may be answered.
 * `saml_request_version`, `saml_request_invalid` and `saml_request_binding` come once the address is known, and are to be answered to
 * `acsUrlOf(request, callbacks, assertionConsumers)`.
 */
export function checkRequest(request: AuthnRequest, rules: RequestRules): { acsUrl: string } {
  const acsUrl = acsUrlOf(request, rules.callbacks, rules.assertionConsumers);
  checkVersion(request);
  checkIndex(request, rules);
  checkBinding(request);
  checkDestination(request, rules);
  return { acsUrl };
}

type AcsWish = Pick<AuthnRequest, 'assertionConsumerServiceURL' | 'assertionConsumerServiceIndex'>;

/**
 * Where any answer to the request goes, a refusal included: its AssertionConsumerServiceURL, else what its AssertionConsumerServiceIndex
 * means, else the first callback, also where nobody knows that index. Throws SamlError `saml_acs_not_allowed` unless the client lists
 * that very string: nothing is normalised, no prefix, no wildcard, since whoever controls the ACS gets the assertion (SAML Core 3.4.1).
 */
export function acsUrlOf(
  request: AcsWish | undefined,
  callbacks: readonly string[],
  assertionConsumers: readonly AssertionConsumer[] = [],
): string {
  // a response is posted by a form, which reaches no app
  const web = callbacks.filter((callback) => /^https?:/i.test(callback));
  const [first] = web;
  if (first === undefined)
    throw notAllowed(
      'the client has no callbacks of the web: add the SP’s assertion consumer service URL to its callbacks',
    );
  const url = request?.assertionConsumerServiceURL;
  if (url !== undefined) return listed(url, `AssertionConsumerServiceURL ${quote(url)}`, web);
  const index = request?.assertionConsumerServiceIndex;
  const consumer = assertionConsumers.find((one) => one.index === index);
  return consumer
    ? listed(
        consumer.location,
        `AssertionConsumerServiceIndex ${index}, which the client’s assertionConsumers say is ${quote(consumer.location)},`,
        web,
      )
    : first;
}

function listed(wanted: string, what: string, callbacks: readonly string[]): string {
  if (callbacks.includes(wanted)) return wanted;
  const near = callbacks.find((callback) => loosely(callback) === loosely(wanted));
  throw notAllowed(
    `${what} is none of the client’s callbacks (${callbacks.slice(0, 5).map(quote).join(', ')}${callbacks.length > 5 ? ', …' : ''}); ` +
      (near
        ? `${quote(near)} differs from it only in letter case, a slash, white space or the scheme, but URLs are compared character for character: `
        : '') +
      `add it to the client’s callbacks, or have the SP send one that is listed`,
  );
}

/** Only for guessing what was mistyped. */
const loosely = (url: string): string =>
  url
    .trim()
    .toLowerCase()
    .replace(/^https?:/, '')
    .replace(/:(?:80|443)(?=\/|$)/, '')
    .replace(/\/+$/, '');

/** SAML Core 4.1.3.2. */
function checkVersion({ version }: AuthnRequest): void {
  if (version === '2.0') return;
  throw new SamlError(
    'saml_request_version',
    `the AuthnRequest has Version ${quote(version)}, which is ${directionOf(version)}: only "2.0" is spoken here`,
  );
}
/** SAML Core 4.1.1: a major and a minor number. */
function directionOf(version: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? [];
  if (major === undefined) return 'unreadable';
  if (Number(major) < 2) return 'too low';
  return Number(major) > 2 || Number(minor) > 0 ? 'too high' : 'unreadable';
}

/** SAML Core 3.4.1: the index is exclusive with URL and binding; it needs the SP's metadata to mean anything. */
function checkIndex(request: AuthnRequest, { assertionConsumers = [] }: RequestRules): void {
  const index = request.assertionConsumerServiceIndex;
  if (index === undefined) return;
  if (request.assertionConsumerServiceURL !== undefined || request.protocolBinding !== undefined)
    throw invalid(
      'AssertionConsumerServiceIndex stands beside AssertionConsumerServiceURL or ProtocolBinding; send the one or the other',
    );
  if (assertionConsumers.some((one) => one.index === index)) return;
  throw invalid(
    assertionConsumers.length === 0
      ? `AssertionConsumerServiceIndex ${index} points into metadata of the SP, and none is imported for this client; import it, or have the SP send AssertionConsumerServiceURL instead`
      : `AssertionConsumerServiceIndex ${index} is none that the metadata of the SP has for HTTP-POST (${assertionConsumers
          .slice(0, 5)
          .map((one) => one.index)
          .join(
            ', ',
          )}${assertionConsumers.length > 5 ? ', …' : ''}); import the metadata anew, or have the SP send AssertionConsumerServiceURL instead`,
  );
}

function checkBinding({ protocolBinding }: AuthnRequest): void {
  if (protocolBinding === undefined || protocolBinding === BINDINGS.httpPost) return;
  throw new SamlError(
    'saml_request_binding',
    `ProtocolBinding ${quote(protocolBinding)} is not supported: responses go by ${BINDINGS.httpPost}; send that, or leave the attribute out`,
  );
}

/** Of a signed request (SAML Bindings 3.4.5.2, 3.5.5.2). Throws SamlError `saml_request_invalid`. */
export function requireDestination({ destination }: { readonly destination?: string | undefined }): void {
  if (destination === undefined)
    throw invalid('it is signed and has no Destination, without which it could be replayed at another IdP');
}

function checkDestination({ destination }: AuthnRequest, { endpoints, requestSigned }: RequestRules): void {
  if (requestSigned) requireDestination({ destination });
  if (destination === undefined) return;
  if (endpoints === undefined || endpoints.includes(destination)) return;
  throw invalid(
    `Destination ${quote(destination)} is not where it arrived: set the SP’s single sign-on URL to ${endpoints.map(quote).join(' or ')}`,
  );
}

const notAllowed = (description: string): SamlError => new SamlError('saml_acs_not_allowed', description);
const invalid = (what: string): SamlError =>
  new SamlError('saml_request_invalid', `the AuthnRequest cannot be answered: ${what}`);
