/** What a request wishes of the login itself, in the words of its protocol, and how a wish that cannot be granted is told. */
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { AuthorizationPart, Transaction } from '../tenant/transaction.js';
import type { LiveSession } from './sessions.service.js';

export interface Wishes {
  /** The user must prove anew who they are, whatever session there is. */
  readonly forceAuthn: boolean;
  /** Nothing may be shown to the user. */
  readonly isPassive: boolean;
  /** Who is wanted. */
  readonly loginHint: string | undefined;
}

export const wishesOf = ({ saml, oidc }: Transaction): Wishes =>
  oidc?.request ? wishesAtAuthorize(oidc.request) : wishesOfSaml(saml);

/** SAML Core 3.4.1. */
const wishesOfSaml = (saml: Transaction['saml']): Wishes => ({
  forceAuthn: saml?.authnRequest?.forceAuthn ?? false,
  isPassive: saml?.authnRequest?.isPassive ?? false,
  loginHint: saml?.authnRequest?.subject?.nameId,
});

/** OIDC Core 3.1.2.1. Who is to choose an account must be shown the page. */
const wishesAtAuthorize = ({ prompt, maxAge, loginHint }: AuthorizationPart): Wishes => ({
  forceAuthn: prompt.includes('login') || prompt.includes('select_account') || maxAge === 0,
  isPassive: prompt.includes('none'),
  loginHint,
});

/** Whether the login may go by a session that there is. */
export function isSessionUsable(
  transaction: Transaction,
  { session, user }: LiveSession,
  now: Date,
): boolean {
  if (wishesOf(transaction).forceAuthn) return false;
  const { maxAge, hintedUserId } = transaction.oidc?.request ?? {};
  if (hintedUserId !== undefined && hintedUserId !== user.user_id) return false;
  return maxAge === undefined || now.getTime() - Date.parse(session.authenticatedAt) <= maxAge * 1000;
}

/** SAML Core 3.2.2.2, NoPassive; OIDC Core 3.1.2.6. */
export function notPassively(transaction: Transaction): MintmarkError {
  if (transaction.protocol !== 'samlp') return new OAuthError('login_needed', 'Login required');
  return new SamlError(
    'saml_no_passive',
    wishesOf(transaction).forceAuthn
      ? 'the request is passive (IsPassive) and wants the user to authenticate afresh (ForceAuthn), which no session can do'
      : 'the request is passive (IsPassive), and nobody is logged in whose session may be used',
  );
}

/** SAML Core 3.2.2.2, AuthnFailed; RFC 6749 4.1.2.1. */
export const notAuthenticated = ({ protocol }: Transaction, why: string): MintmarkError =>
  protocol === 'samlp' ? new SamlError('saml_authn_failed', why) : new OAuthError('user_cancelled', why);
