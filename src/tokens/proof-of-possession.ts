/** Whether a token must be bound to a key (RFC 9449 5): where the client says so, or the API. */
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import type { GrantCall } from './token-call.js';

/** Throws OAuthError where a proof is missing. */
export function requireProof(
  { client, oauth, dpopJkt }: Pick<GrantCall, 'client' | 'oauth' | 'dpopJkt'>,
  api: Pick<ResourceServer, 'identifier' | 'proof_of_possession'> | null,
): void {
  if (dpopJkt !== undefined) return;
  if (oauth.requiresProofOfPossession)
    throw new OAuthError(
      'dpop_proof_invalid',
      `the client ${client.client_id} must prove that it has a key (require_proof_of_possession): send a proof in the header DPoP`,
    );
  if (api?.proof_of_possession?.required === true)
    throw new OAuthError(
      'dpop_proof_invalid',
      `the tokens of the API ${api.identifier} must be bound to a key (proof_of_possession): send a proof in the header DPoP`,
    );
}

/** What keeps a code or a token to its key. Errors: `dpop_key_differs`. */
export function requireKey(boundTo: string | undefined, proved: string | undefined, what: string): void {
  if (boundTo === undefined || boundTo === proved) return;
  throw new OAuthError(
    'dpop_key_differs',
    proved === undefined
      ? `${what} is bound to a key (DPoP), and the request has no proof of it`
      : `${what} is bound to another key than the one of the DPoP proof`,
  );
}

/** Of a client without credentials of its own a refresh token is nobody's, so it is bound to the key (RFC 9449 5). */
export const refreshTokenKey = ({
  oauth,
  dpopJkt,
}: Pick<GrantCall, 'oauth' | 'dpopJkt'>): string | undefined => (oauth.isConfidential ? undefined : dpopJkt);
