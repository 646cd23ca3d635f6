/** Which of an AuthnRequest's wishes are granted (saml-output.md 9.3). Rules only: nothing is decoded here, nothing looked up. */
import type { AuthnRequest } from './authn-request.js';
import { BINDINGS } from './names.js';
import { SamlError } from './saml-error.js';

export interface RequestRules {
  /** ACS URLs of the client, the first the default. */
  readonly callbacks: readonly string[];
  /** Our own SSO URLs that may have received it; left out where the transport is not HTTP. */
  readonly endpoints?: readonly string[];
  /** It came signed, so it must say where it was meant to go (SAML Bindings 3.4.5.2, 3.5.5.2). */
  readonly requestSigned?: boolean;
}

/**
 * Where the response to `request` goes. Throws SamlError `saml_acs_not_allowed` before anything else, so whoever catches
 * `saml_request_binding` or `saml_request_invalid` may answer to `acsUrlOf(request, callbacks)`.
 */
export function checkRequest(request: AuthnRequest, rules: RequestRules): { acsUrl: string } {
  const acsUrl = acsUrlOf(request, rules.callbacks);
  checkIndex(request);
  checkBinding(request);
  checkDestination(request, rules);
  return { acsUrl };
}

/**
 * The request's AssertionConsumerServiceURL where the client lists that very string, the first callback where it names none.
 * Nothing is normalised, no prefix, no wildcard: whoever controls the ACS gets the assertion (SAML Core 3.4.1).
 */
export function acsUrlOf(
  request: Pick<AuthnRequest, 'assertionConsumerServiceURL'> | undefined,
  callbacks: readonly string[],
): string {
  const [first] = callbacks;
  if (first === undefined)
    throw notAllowed(
      'the client has no callbacks: add the SP’s assertion consumer service URL to its callbacks',
    );
  const wanted = request?.assertionConsumerServiceURL;
  if (wanted === undefined || callbacks.includes(wanted)) return wanted ?? first;
  const near = callbacks.find((callback) => loosely(callback) === loosely(wanted));
  throw notAllowed(
    `AssertionConsumerServiceURL ${quote(wanted)} is none of the client’s callbacks (${callbacks.slice(0, 5).map(quote).join(', ')}${callbacks.length > 5 ? ', …' : ''}); ` +
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

/** SAML Core 3.4.1: the index is exclusive with URL and binding; it needs the SP's metadata to mean anything. */
function checkIndex(request: AuthnRequest): void {
  if (request.assertionConsumerServiceIndex === undefined) return;
  if (request.assertionConsumerServiceURL !== undefined || request.protocolBinding !== undefined)
    throw invalid(
      'AssertionConsumerServiceIndex stands beside AssertionConsumerServiceURL or ProtocolBinding; send the one or the other',
    );
  throw invalid(
    `AssertionConsumerServiceIndex ${request.assertionConsumerServiceIndex} points into metadata of the SP, and none is imported for this client; send AssertionConsumerServiceURL instead`,
  );
}

function checkBinding({ protocolBinding }: AuthnRequest): void {
  if (protocolBinding === undefined || protocolBinding === BINDINGS.httpPost) return;
  throw new SamlError(
    'saml_request_binding',
    `ProtocolBinding ${quote(protocolBinding)} is not supported: responses go by ${BINDINGS.httpPost}; send that, or leave the attribute out`,
  );
}

function checkDestination({ destination }: AuthnRequest, { endpoints, requestSigned }: RequestRules): void {
  if (destination === undefined) {
    if (requestSigned)
      throw invalid('it is signed and has no Destination, without which it could be replayed at another IdP');
    return;
  }
  if (endpoints === undefined || endpoints.includes(destination)) return;
  throw invalid(
    `Destination ${quote(destination)} is not where it arrived: set the SP’s single sign-on URL to ${endpoints.map(quote).join(' or ')}`,
  );
}

const quote = (value: string): string =>
  JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
const notAllowed = (description: string): SamlError => new SamlError('saml_acs_not_allowed', description);
const invalid = (what: string): SamlError =>
  new SamlError('saml_request_invalid', `the AuthnRequest cannot be answered: ${what}`);
