/** What a request wishes of the login itself, in the words of its protocol, and how a wish that cannot be granted is told. */
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { Transaction } from '../tenant/transaction.js';

export interface Wishes {
  /** The user must prove anew who they are, whatever session there is. */
  readonly forceAuthn: boolean;
  /** Nothing may be shown to the user. */
  readonly isPassive: boolean;
  /** Who is wanted. */
  readonly loginHint: string | undefined;
}

/** SAML Core 3.4.1. */
export const wishesOf = ({ saml }: Transaction): Wishes => ({
  forceAuthn: saml?.authnRequest?.forceAuthn ?? false,
  isPassive: saml?.authnRequest?.isPassive ?? false,
  loginHint: saml?.authnRequest?.subject?.nameId,
});

/** SAML Core 3.2.2.2, NoPassive. */
export const notPassively = (transaction: Transaction): MintmarkError =>
  new SamlError(
    'saml_no_passive',
    wishesOf(transaction).forceAuthn
      ? 'the request is passive (IsPassive) and wants the user to authenticate afresh (ForceAuthn), which no session can do'
      : 'the request is passive (IsPassive), and nobody is logged in whose session may be used',
  );

/** SAML Core 3.2.2.2, AuthnFailed. */
export const notAuthenticated = (why: string): MintmarkError => new SamlError('saml_authn_failed', why);
