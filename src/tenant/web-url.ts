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

/** `localhost:8080/callback` has no scheme, but lacks one; and a web URL that cannot be parsed is none of an app. */
const isAppUri = (uri: string): boolean =>
  !/^(?:https?:|[^:]+:\d+(?:\/|$))/i.test(uri) && registrationFlaw(uri) === undefined;

/** Where browsers may be sent back to: to the web, or to an app by a scheme of its own (RFC 8252 7.1), never to what runs as script. */
export const returnUrl = text.refine(
  (url) => isWebUrl(url) || isAppUri(url),
  'must be an absolute http or https URL, or one with the scheme of an app, like com.example.app:/callback; never javascript:, data: and their like',
);
