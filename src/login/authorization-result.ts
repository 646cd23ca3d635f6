/** What /authorize answers, as it is kept and sent. */
import type { ResponseParameters } from '../protocol/oauth/authorization-response.js';
import { describable } from '../protocol/oauth/description.js';
import type { AuthorizationResult, Transaction } from '../tenant/transaction.js';

/** With the request's `state`, and `iss` where it is told. `null` where there is no validated address that it may go to. */
export function authorizationResult(
  { oidc }: Transaction,
  parameters: ResponseParameters,
  issuer: string,
): AuthorizationResult | null {
  const { redirectUri = null, responseMode = null, state, sendsIssuer } = oidc?.request ?? {};
  if (redirectUri === null || responseMode === null) return null;
  return {
    redirectUri,
    responseMode,
    parameters: Object.fromEntries(
      Object.entries({ ...parameters, state, iss: sendsIssuer ? issuer : undefined }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  };
}

/** An Action's words are told as they are, as Auth0 does; the RFC has fewer characters (RFC 6749 4.1.2.1). */
export const errorResult = (
  transaction: Transaction,
  { error, error_description: told }: NonNullable<Transaction['oauthError']>,
  issuer: string,
): Pick<Transaction, 'result'> => {
  const error_description = transaction.oidc?.request?.dialect === 'strict' ? describable(told) : told;
  return { result: authorizationResult(transaction, { error, error_description }, issuer) };
};

/** Whether there is something that the browser is to bring somewhere. */
export const isDeliverable = ({ result }: Transaction): boolean =>
  result !== null && ('SAMLResponse' in result || 'redirectUri' in result);
