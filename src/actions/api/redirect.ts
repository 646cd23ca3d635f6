/** `api.redirect`: sends the browser to a page of the author's own, from where it comes back to `/continue` (actions-api.md 6). */
import { objectOf, optionsOf, shown } from './arguments.js';
import { getter, setter, type ApiRun, type Member } from './member.js';
import { PROMPT_AND_REDIRECT } from './prompt.js';
import { encodeToken, validateToken } from './session-token.js';

/** Protocols in which a client waits for tokens, and no browser is there. */
const WITHOUT_BROWSER: ReadonlySet<unknown> = new Set([
  'oauth2-resource-owner',
  'oauth2-refresh-token',
  'oauth2-password',
  'oauth2-webauthn',
]);

function targetOf(value: unknown): URL {
  if (typeof value !== 'string')
    throw new TypeError(`Invalid URL: url must be string, an absolute URL, not ${shown(value)}`);
  const target = new URL(value);
  // The browser is sent there in our name: a script or a file of its own must not be what it is sent to.
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    throw new TypeError(
      `Invalid URL: a browser is redirected to http: and https: URLs only, not ${target.protocol}`,
    );
  return target;
}

function parameterOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  throw new TypeError(
    `query parameter ${shown(name)} must be string, number or boolean, not ${shown(value)}`,
  );
}

/** The last call wins. A parameter of `query` takes the place of those of the same name in `url`. */
function sendUserTo({ wishes }: ApiRun, [url, given]: readonly unknown[]): void {
  if (wishes.interactions.some(({ kind }) => kind === 'prompt')) throw new Error(PROMPT_AND_REDIRECT);
  const target = targetOf(url);
  const { query } = optionsOf('options', given ?? {}, ['query']);
  for (const [name, value] of Object.entries(objectOf('query', query ?? {})))
    target.searchParams.set(name, parameterOf(name, value));
  wishes.redirect = target.href;
}

const canRedirect = ({ event }: ApiRun): boolean =>
  event.request.query?.['prompt'] !== 'none' && !WITHOUT_BROWSER.has(event.transaction?.protocol);

export const REDIRECT: readonly Member[] = [
  setter('redirect.sendUserTo', sendUserTo),
  getter('redirect.canRedirect', canRedirect),
  getter('redirect.encodeToken', encodeToken, { secretArguments: ['0.secret'] }),
  getter('redirect.validateToken', validateToken, { secretArguments: ['0.secret'] }),
];
