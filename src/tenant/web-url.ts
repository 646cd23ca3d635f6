import { z } from 'zod';
import { registrationFlaw } from '../protocol/oauth/redirect-uri.js';

const text = z.string('must be string').max(2048, 'must NOT have more than 2048 characters');

function isWebUrl(url: string): boolean {
  // a parser mends white space and control characters, an SP compares the text as it is
  if (/[\s\p{Cc}]/u.test(url) || !URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === 'https:' || protocol === 'http:';
}

/** http(s) only: `javascript:` or `data:` as a form action would be script on our own origin (saml-output.md 17). */
export const webUrl = text.refine(
  isWebUrl,
  'must be an absolute http or https URL, like https://sp.example.com/acs',
);

const NOWHERE =
  'must be an absolute http or https URL, or one with the scheme of an app, like com.example.app:/callback; never javascript:, data: and their like';

/** What no browser can be sent back to, or not without leaving more open than was meant. */
function returnFlaw(uri: string): string | undefined {
  // `localhost:8080/callback` has no scheme, but lacks one; and a web URL that cannot be parsed is none of an app
  if (!isWebUrl(uri) && (!/^[a-z][a-z0-9+.-]*:/i.test(uri) || /^(?:https?:|[^:]+:\d+(?:\/|$))/i.test(uri)))
    return NOWHERE;
  return registrationFlaw(uri);
}

const without = (flawOf: (uri: string) => string | undefined) =>
  text.superRefine((uri, context) => {
    const message = flawOf(uri);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const withoutFragment = (uri: string): string => uri.replace(/#.*$/s, '');

/** Where an answer may be sent: to the web, or to an app by a scheme of its own (RFC 8252 7.1), never to what runs as script. */
export const callbackUrl = without(returnFlaw);

/** Where browsers may be sent after a logout. There a fragment counts or is passed over, and both can match. */
export const logoutUrl = without((uri) => returnFlaw(withoutFragment(uri)));

/** Only its origin counts, which may have a `*` as a callback may. */
export const originUrl = webUrl.superRefine((uri, context) => {
  const message = registrationFlaw(withoutFragment(uri));
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
