/**
 * What a login comes to, as a browser gets it: what carries the answer to its ACS or redirect URI, the way to the login page, or what is
 * wrong.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import type { LoginAnswer } from '../../login/browser-login.js';
import type { MintmarkError } from '../../protocol/mintmark-error.js';
import { deliver } from '../../protocol/oauth/authorization-response.js';
import type { AuthorizationResult, SamlResult, Transaction } from '../../tenant/transaction.js';
import { problemOf } from '../border/problem-details.js';
import { setBrowserCookie, setSessionCookie } from '../cookies.js';
import { deliveryPage } from '../pages/delivery-page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { deviceEndedPage } from '../pages/device-pages.js';
import { endedPage } from '../pages/ended-page.js';
import { refusalPage } from '../pages/refusal-page.js';
import { webMessagePage } from '../pages/web-message-page.js';

export const isSecure = (baseUrl: string): boolean => baseUrl.startsWith('https:');

/** For a script of one page. */
export const newNonce = (): string => randomBytes(16).toString('base64');

export function sendAnswer(reply: FastifyReply, answer: LoginAnswer, baseUrl: string): string {
  if (answer.kind === 'prompt')
    return redirect(reply, `/login?state=${encodeURIComponent(answer.transaction.id)}`);
  if (answer.kind === 'come_back') return redirect(reply, comingBack(answer));
  if (answer.kind === 'refuse') return sendRefusal(reply, answer.error, answer.transaction);
  const secure = isSecure(baseUrl);
  if (answer.cookie)
    setSessionCookie(reply, answer.cookie.token, { expiresAt: answer.cookie.expiresAt, secure });
  if (answer.browserToken !== undefined) setBrowserCookie(reply, answer.browserToken, { secure });
  if (answer.kind === 'ended') return sendEnded(reply, answer.transaction);
  if (answer.kind === 'deliver') return sendResponse(reply, answer.transaction);
  return redirect(reply, answer.url);
}

/** Names what a browser posted without its cookies; a name that no page of an author's has by chance. */
export const RECEIVED_PARAMETER = 'mintmark_received';
const comingBack = ({ state, key }: Extract<LoginAnswer, { kind: 'come_back' }>): string =>
  `/continue?${new URLSearchParams({ state, ...(key !== undefined && { [RECEIVED_PARAMETER]: key }) }).toString()}`;

/** 303: whatever the method was, what follows is a GET; and relative, since the browser may know us by another name. */
export function redirect(reply: FastifyReply, location: string): string {
  reply.code(303).headers({ location, 'cache-control': 'no-cache, no-store', pragma: 'no-cache' });
  return '';
}

function sendResponse(reply: FastifyReply, { result, clientId }: Transaction): string {
  const to = clientId ?? '';
  return result && 'redirectUri' in result
    ? sendAuthorizationResponse(reply, result, to)
    : sendSamlResponse(reply, result as SamlResult, to);
}

/** SAML Bindings 3.5.4, to the validated ACS whatever Destination says. An error Response goes the same way, with 200 (3.5.6). */
function sendSamlResponse(
  reply: FastifyReply,
  { SAMLResponse, acsUrl, RelayState }: SamlResult,
  to: string,
): string {
  const fields: [string, string][] = [['SAMLResponse', SAMLResponse]];
  if (RelayState !== undefined) fields.push(['RelayState', RelayState]);
  return sendForm(reply, acsUrl, fields, to);
}

function sendForm(
  reply: FastifyReply,
  action: string,
  fields: readonly (readonly [name: string, value: string])[],
  to: string,
): string {
  const nonce = newNonce();
  return sendProtocolPage(reply.code(200), deliveryPage({ action, fields, nonce, to }), {
    nonce,
    formAction: 'anywhere',
  });
}

/** To the validated redirect URI, by the response mode. */
function sendAuthorizationResponse(
  reply: FastifyReply,
  { redirectUri, responseMode, parameters }: AuthorizationResult,
  to: string,
): string {
  const { state, iss, ...others } = parameters;
  const delivery = deliver({ redirectUri, responseMode, state: textOf(state) }, others, textOf(iss));
  if (delivery.kind === 'redirect') return redirect(reply, delivery.location);
  if (delivery.kind === 'form_post') return sendForm(reply, delivery.action, delivery.fields, to);
  const nonce = newNonce();
  return sendProtocolPage(reply.code(200), webMessagePage({ ...delivery, nonce, to }), {
    nonce,
    formAction: 'none',
    framedBy: delivery.targetOrigin,
  });
}
const textOf = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

/** What REST began has no address that the browser could bring its answer to. */
function sendEnded(reply: FastifyReply, { id, status, reason, oidc }: Transaction): string {
  if (oidc?.device)
    return sendProtocolPage(reply.code(200), deviceEndedPage({ transactionId: id, status, reason }), {
      formAction: 'none',
    });
  return sendProtocolPage(reply.code(200), endedPage({ transactionId: id, status, reason }), {
    formAction: 'none',
  });
}

/** A page of ours, where no service provider may hear of it. */
export function sendRefusal(
  reply: FastifyReply,
  error: MintmarkError,
  transaction: Pick<Transaction, 'id'> | null,
): string {
  const { title: usual, detail, code, status } = problemOf(error);
  // as Auth0 calls it
  const isMismatch = error instanceof OAuthError && error.case === 'redirect_uri_not_registered';
  const title = isMismatch ? 'Callback URL mismatch' : usual;
  return sendProtocolPage(
    reply.code(status),
    refusalPage({ title, detail, code, status, transactionId: transaction?.id ?? null }),
    { formAction: 'none' },
  );
}
