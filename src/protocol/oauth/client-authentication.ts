/** By which means a request says which client it comes from (RFC 6749 2.3, RFC 7521 4.2). Whether it is true is for the caller to find out. */
import { decodeJwt } from '../jwt/compact.js';
import { quoted } from './description.js';
import { OAuthError } from './oauth-error.js';
import { formDecoded, type Parameters } from './parameters.js';

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}
export type ClientAuthentication =
  | {
      readonly method: 'client_secret_basic';
      /** One or two readings of the header; whichever names a client and has its secret counts, in this order. */
      readonly candidates: readonly [ClientCredentials, ...ClientCredentials[]];
    }
  | ({ readonly method: 'client_secret_post' } & ClientCredentials)
  /** The client that the assertion says; client-assertion.ts verifies it. */
  | { readonly method: 'private_key_jwt'; readonly clientId: string; readonly assertion: string }
  | { readonly method: 'none'; readonly clientId: string };

export const JWT_BEARER_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const malformed = (detail: string): OAuthError =>
  new OAuthError('client_credentials_malformed', `the Authorization header cannot be read: ${detail}`);

/** The text in base64 (RFC 7617 2), which some write as base64url or without padding. */
function basicText(encoded: string): string {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) throw malformed('after Basic comes base64');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    throw malformed('what stands in base64 is not UTF-8');
  }
}

/**
 * The readings of a Basic header. RFC 6749 2.3.1 has id and secret form-encoded before base64, and some libraries encode even `-` and `_`;
 * others, Notion's among them, send the raw text. A secret with a percent sign may be either.
 */
function readBasic(encoded: string): readonly [ClientCredentials, ...ClientCredentials[]] {
  const text = basicText(encoded);
  const colon = text.indexOf(':');
  if (colon === -1) throw malformed('in base64 stand client_id, a colon and client_secret');
  const raw = { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
  const [clientId, clientSecret] = [formDecoded(raw.clientId), formDecoded(raw.clientSecret)];
  const isOther = clientId !== raw.clientId || clientSecret !== raw.clientSecret;
  return clientId === undefined || clientSecret === undefined || !isOther
    ? [raw]
    : [raw, { clientId, clientSecret }];
}

/** The client that an assertion says it is from, nothing verified: its key cannot be known before. */
function readAssertion(assertion: string, parameters: Parameters): ClientAuthentication {
  const type = parameters.get('client_assertion_type');
  if (type !== JWT_BEARER_ASSERTION)
    throw new OAuthError(
      'client_assertion_invalid',
      `the client_assertion_type is ${type === undefined ? 'missing' : quoted(type)}; send ${JWT_BEARER_ASSERTION}`,
    );
  const said = decodeJwt(assertion).payload?.['sub'];
  const clientId = parameters.get('client_id');
  if (typeof said !== 'string' || said === '')
    throw new OAuthError(
      'client_assertion_invalid',
      'the client_assertion is no JWT whose sub is the client_id',
    );
  if (clientId !== undefined && clientId !== said)
    throw new OAuthError(
      'client_assertion_invalid',
      `the sub of the client_assertion is ${quoted(said)}, the client_id ${quoted(clientId)}; they must be the same`,
    );
  return { method: 'private_key_jwt', clientId: said, assertion };
}

/** Whether the request authenticates by the Authorization header, which decides on a challenge in the answer. */
export const triedBasic = (authorization: string | undefined): boolean =>
  authorization !== undefined && /^basic(\s|$)/i.test(authorization);

/**
 * What the request offers. Errors: `client_methods_many`, `client_credentials_malformed`, `client_assertion_invalid`, and `client_unnamed` where it
 * offers nothing. A header with another scheme than Basic is none of this.
 */
export function readClientAuthentication(
  authorization: string | undefined,
  parameters: Parameters,
): ClientAuthentication {
  const clientId = parameters.get('client_id');
  const clientSecret = parameters.get('client_secret');
  const assertion = parameters.get('client_assertion');
  const isBasic = triedBasic(authorization);
  const offered = [
    ...(isBasic ? ['the Authorization header'] : []),
    ...(clientSecret === undefined ? [] : ['client_secret']),
    ...(assertion === undefined ? [] : ['client_assertion']),
  ];
  if (offered.length > 1)
    throw new OAuthError(
      'client_methods_many',
      `the request authenticates its client by ${offered.join(' and ')}; use one of them`,
    );
  if (isBasic) {
    const candidates = readBasic(authorization!.slice('basic'.length).trim());
    const [first, ...others] = candidates.filter(
      (each) => clientId === undefined || each.clientId === clientId,
    );
    if (!first)
      throw new OAuthError(
        'client_methods_many',
        `the client_id of the body is ${quoted(clientId!)}, that of the Authorization header ${quoted(candidates[0].clientId)}; send it once`,
      );
    return { method: 'client_secret_basic', candidates: [first, ...others] };
  }
  if (assertion !== undefined) return readAssertion(assertion, parameters);
  if (clientId === undefined)
    throw new OAuthError(
      'client_unnamed',
      'the request does not say which client it comes from; send client_id and, where the client has one, its secret',
    );
  return clientSecret === undefined
    ? { method: 'none', clientId }
    : { method: 'client_secret_post', clientId, clientSecret };
}
