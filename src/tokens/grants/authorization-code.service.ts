import { Injectable } from '@nestjs/common';
import { Clock } from '../../login/ports.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import { verifyCodeVerifier } from '../../protocol/oauth/pkce.js';
import { AuthorizationCodeStore } from '../../storage/authorization-code-store.js';
import { GrantStore } from '../../storage/grant-store.js';
import { tokenDigest, type AuthorizationCode, type Grant } from '../../tenant/grant.js';
import { requireKey } from '../proof-of-possession.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { required } from '../token-request.js';
import type { GrantRow } from './grant.js';
import { SettledLoginService, tellOf } from './settled-login.service.js';

/** RFC 6749 4.1.3: what a login settled is issued, once. Actions have run before there was a code. */
@Injectable()
export class AuthorizationCodeGrant implements GrantRow {
  readonly name = 'authorization_code';
  readonly type = 'authorization_code';
  readonly allowedBy = ['authorization_code'];
  readonly forPublicClients = true;

  constructor(
    private readonly codes: AuthorizationCodeStore,
    private readonly grants: GrantStore,
    private readonly logins: SettledLoginService,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { client, parameters, draft } = call;
    const digest = tokenDigest(required(parameters, 'code', 'send the code that came to the redirect URI'));
    const { code, grant } = await this.#find(digest, client.client_id);
    const login = { grant, issuance: code.issuance, nonce: code.nonce };
    tellOf(draft, login);
    checkBinding(code, call);
    const { body, tokens, end, at } = await this.logins.issue(call, login, 'code_expired');
    const outcome = await this.codes.exchange(code, tokens, at, end);
    if (outcome !== true) throw await this.#spent(outcome?.grantId ?? null);
    draft.keep(end);
    return body;
  };

  async #find(
    digest: string,
    clientId: string,
  ): Promise<{ readonly code: AuthorizationCode; readonly grant: Grant }> {
    const found = await this.codes.find(digest);
    if (!found) throw new OAuthError('code_unknown', 'there is no such code; codes end soon, and work once');
    const { code, grant, isRedeemed, isRevoked } = found;
    if (code.clientId !== clientId)
      throw new OAuthError(
        'code_of_another_client',
        'the code was issued to another client; redeem it with the client_id of the authorization request',
      );
    if (isRedeemed) throw await this.#spent(code.grantId);
    if (isRevoked) throw new OAuthError('code_expired', 'the login that the code comes from was revoked');
    if (Date.parse(code.expiresAt) <= this.clock.now().getTime())
      throw new OAuthError('code_expired', 'the code has expired; redeem it as soon as it comes');
    return { code, grant };
  }

  /** RFC 6749 4.1.2: whoever stole the code must not keep what it gave. */
  async #spent(grantId: string | null): Promise<OAuthError> {
    if (grantId === null)
      return new OAuthError('code_expired', 'the code has expired or was revoked in this very moment');
    await this.grants.revoke({ grantId }, this.clock.now());
    return new OAuthError(
      'code_used',
      'the code was redeemed before; it works once, and the tokens it gave are revoked now',
    );
  }
}

/** What the code was issued for must come again. Errors: those of pkce.ts, `token_redirect_uri_missing`, `token_redirect_uri_differs`, `dpop_key_differs`. */
function checkBinding(
  { redirectUri, codeChallenge, dpopJkt }: AuthorizationCode,
  { parameters, dpopJkt: proved }: Pick<GrantCall, 'parameters' | 'dpopJkt'>,
): void {
  const sent = parameters.get('redirect_uri');
  if (redirectUri !== null && sent === undefined)
    throw new OAuthError(
      'token_redirect_uri_missing',
      'redirect_uri is required: it was sent to /authorize, so the same must be sent here',
    );
  if (redirectUri !== null && sent !== redirectUri)
    throw new OAuthError(
      'token_redirect_uri_differs',
      'the redirect_uri is not the one that was sent to /authorize; send the very same text',
    );
  verifyCodeVerifier(
    codeChallenge && { challenge: codeChallenge.value, method: codeChallenge.method },
    parameters.get('code_verifier'),
  );
  requireKey(dpopJkt, proved, 'the code');
}
