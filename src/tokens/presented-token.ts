/** How a request shows the access token that it comes with (RFC 6750 2, RFC 9449 7.1). */
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';

export interface PresentedToken {
  readonly token: string;
  readonly scheme: 'Bearer' | 'DPoP';
  /** It came in the query, where logs and other sites see it. */
  readonly inQuery?: true;
}

/** Of the header; other schemes show no access token. Errors: `parameter_invalid`. */
function fromHeader(authorization: string | undefined): PresentedToken | undefined {
  const [, name, rest = ''] = /^(bearer|dpop)(?:\s+(.*))?$/is.exec(authorization ?? '') ?? [];
  if (name === undefined) return undefined;
  const scheme = name.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer';
  const token = rest.trim();
  if (/^[^\s,]+$/.test(token)) return { token, scheme };
  throw new OAuthError(
    'parameter_invalid',
    `the Authorization header says ${scheme}, and after it comes ${token === '' ? 'no access token' : 'more than an access token'}`,
  );
}

/**
 * The token; `undefined` where there is none. Errors: `parameter_invalid`; `parameter_twice` where it comes by more than one way, even if it
 * is the same each time.
 */
export function presentedToken(sent: {
  readonly authorization: string | undefined;
  readonly form: Parameters;
  readonly query: Parameters;
}): PresentedToken | undefined {
  const inForm = sent.form.get('access_token');
  const inQuery = sent.query.get('access_token');
  const ways = [
    fromHeader(sent.authorization),
    inForm === undefined ? undefined : ({ token: inForm, scheme: 'Bearer' } as const),
    inQuery === undefined ? undefined : ({ token: inQuery, scheme: 'Bearer', inQuery: true } as const),
  ].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new OAuthError(
      'parameter_twice',
      'the access token comes by more than one way (RFC 6750 2); keep the Authorization header',
    );
  return ways[0];
}
