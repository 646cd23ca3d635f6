/** How a page of the protocol is sent: under a policy made for it alone, and kept by nobody. */
import type { FastifyReply } from 'fastify';
import { isUnsafeUri, isWebUri } from '../../protocol/oauth/redirect-uri.js';
import { BASE_STYLE, FULL_STYLE } from './style.js';

/** Where the forms of a page may post. */
const FORM_ACTIONS = {
  none: "'none'",
  self: "'self'",
  // A browser applies form-action to the redirects that answer a post, too (Chrome does), and SPs redirect to origins that nobody
  // can foresee. The address of the form itself is ours, validated and escaped.
  anywhere: 'http: https:',
} as const;

export interface ProtocolPagePolicy {
  /** Of the one script in it; without it no script runs. */
  readonly nonce?: string;
  /** `self` also binds what answers the post: it must not be a redirect to another origin. */
  readonly formAction: keyof typeof FORM_ACTIONS;
  /** Where the post leads to in the end: an app has a scheme of its own, which goes beside the web. */
  readonly leadsTo?: string | null | undefined;
  /** What its script may fetch; nothing if left out. */
  readonly connect?: 'anywhere';
  /** The origin whose pages may frame it; no other may, and none if left out. */
  readonly framedBy?: string;
}

const STYLES = `style-src '${FULL_STYLE.hash}' '${BASE_STYLE.hash}'`;

/** As CSP 3 writes a scheme, with its colon. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** The scheme of an app, with a space before it. */
function appScheme(leadsTo: string | null | undefined): string {
  if (leadsTo === null || leadsTo === undefined || isUnsafeUri(leadsTo) || isWebUri(leadsTo)) return '';
  const [scheme] = SCHEME.exec(leadsTo) ?? [];
  return scheme === undefined ? '' : ` ${scheme.toLowerCase()}`;
}

const policyOf = ({ nonce, formAction, leadsTo, connect, framedBy }: ProtocolPagePolicy): string =>
  [
    `default-src 'none'`,
    STYLES,
    `img-src data:`,
    ...(nonce === undefined ? [] : [`script-src 'nonce-${nonce}'`]),
    ...(connect === undefined ? [] : ['connect-src http: https:']),
    `form-action ${FORM_ACTIONS[formAction]}${formAction === 'anywhere' ? appScheme(leadsTo) : ''}`,
    `base-uri 'none'`,
    `frame-ancestors ${framedBy ?? "'none'"}`,
  ].join('; ');

/** CSP 3 `base64-value`. */
const NONCE = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;

/** As `originOf` writes it: nothing in it ends a directive. */
const ORIGIN = /^https?:\/\/[^\s;,'"/?#]+$/;

/** Sets the headers of a page on `reply`, and yields what to send. Throws an Error for a nonce or origin that is none: it would stand in a header. */
export function sendProtocolPage(reply: FastifyReply, markup: string, policy: ProtocolPagePolicy): string {
  if (policy.nonce !== undefined && !NONCE.test(policy.nonce))
    throw new Error('a nonce is base64 of 96 bits at least');
  if (policy.framedBy !== undefined && !ORIGIN.test(policy.framedBy))
    throw new Error('what may frame a page is one web origin');
  reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policyOf(policy),
    // SAML Bindings 3.4.5.1, 3.5.5.1
    'cache-control': 'no-cache, no-store',
    pragma: 'no-cache',
    // no-referrer would send the SP `Origin: null` along with the post
    'referrer-policy': 'strict-origin',
  });
  return markup;
}
