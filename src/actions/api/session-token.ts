/** The token by which an Action and the page that it redirects to believe each other (actions-api.md 6): HS256 over a shared secret. */
import { signHs256, verifyHs256 } from '../../protocol/jwt/hs256.js';
import { objectOf, optionsOf, textOf, type Fields } from './arguments.js';
import type { ApiRun } from './member.js';
import { plainJson } from './plain-json.js';

const DEFAULT_LIFETIME_IN_SECONDS = 15 * 60;
const DEFAULT_PARAMETER = 'session_token';

/** A secret has to be said, and is never shown, not even by the message that misses it. */
const secretOf = (value: unknown): string => {
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(
    'secret must be a non-empty string, the one that is shared with the redirect target: is it in the secrets of this Action (event.secrets)?',
  );
};

const lifetimeOf = (value: unknown): number => {
  if (value === undefined || value === null) return DEFAULT_LIFETIME_IN_SECONDS;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError('expiresInSeconds must be number');
};

/** The payload comes last, and so may override every claim before it. `state` is not in it: nobody knows it yet. */
export function encodeToken({ event, now }: ApiRun, [given]: readonly unknown[]): string {
  const options = optionsOf('options', objectOf('options', given), ['secret', 'payload', 'expiresInSeconds']);
  const secret = secretOf(options['secret']);
  const payload = objectOf('payload', plainJson(objectOf('payload', options['payload'])));
  const iat = Math.floor(now / 1000);
  const ours = {
    iat,
    iss: event.request.hostname,
    sub: event.user?.user_id,
    exp: iat + lifetimeOf(options['expiresInSeconds']),
    ip: event.request.ip,
  };
  // fromEntries makes own members of every name, `__proto__` too.
  return signHs256(Object.fromEntries([...Object.entries(ours), ...Object.entries(payload)]), secret);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Why the claims of a token that is signed well are refused; `undefined` where they are not. */
function flawOf(claims: Fields, expected: { state: unknown; sub: unknown; now: number }): string | undefined {
  const { iat, exp, nbf, sub, iss, state } = claims;
  // Auth0 does not say whom `iss` must name (its pages and its code differ), so any will do.
  const wellFormed = Number.isFinite(iat) && Number.isFinite(exp) && [sub, iss, state].every(isText);
  if (!wellFormed || (nbf !== undefined && !Number.isFinite(nbf)))
    return 'Missing or invalid standard claims: iat and exp must be numbers (seconds since 1970), sub, iss and state non-empty strings';
  const seconds = expected.now / 1000;
  if ((exp as number) <= seconds) return 'The token has expired';
  if (nbf !== undefined && (nbf as number) > seconds) return 'The token is not active yet (nbf)';
  if (state !== expected.state)
    return 'State in the token does not match the /continue state: copy the state parameter that came with the redirect into the claim';
  if (sub !== expected.sub)
    return 'The sub claim does not match the user_id: copy the sub of the token that came with the redirect';
  return undefined;
}

function parameterNameOf(value: unknown): string {
  if (value === undefined || value === null || value === '') return DEFAULT_PARAMETER;
  return textOf('tokenParameterName', value);
}

/** The claims of the token that came back to `/continue`, verified; throws Auth0's messages. */
export function validateToken({ event, now }: ApiRun, [given]: readonly unknown[]): Fields {
  const options = optionsOf('options', objectOf('options', given), ['secret', 'tokenParameterName']);
  const name = parameterNameOf(options['tokenParameterName']);
  const secret = secretOf(options['secret']);
  const parameters = new Map([
    ...Object.entries(event.request.query ?? {}),
    ...Object.entries(event.request.body ?? {}),
  ]);
  const token = parameters.get(name);
  if (token === undefined || token === null || token === '')
    throw new Error(
      `There is no parameter called '${name}' available in either the POST body or query string.`,
    );
  const refuse = (reason: string): never => {
    throw new Error(`The session token is invalid: ${reason}`);
  };
  if (typeof token !== 'string')
    return refuse(`the parameter '${name}' was sent more than once, or is not a text`);
  const reading = verifyHs256(token, secret);
  if ('reason' in reading) return refuse(reading.reason);
  const flaw = flawOf(reading.claims, { state: parameters.get('state'), sub: event.user?.user_id, now });
  return flaw === undefined ? reading.claims : refuse(flaw);
}
