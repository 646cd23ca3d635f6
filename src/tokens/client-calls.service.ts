import { Injectable } from '@nestjs/common';
import { triedBasic } from '../protocol/oauth/client-authentication.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import type { Client } from '../tenant/client.js';
import { oauthSettingsOf } from '../tenant/oauth-settings.js';
import { ClientAuthenticationService, type AuthenticatedClient } from './client-authentication.service.js';
import { DpopProofsService } from './dpop-proofs.service.js';
import type { TokenCall } from './token-call.js';

/** What a client that has proved who it is asks for. */
export interface ClientCall extends AuthenticatedClient {
  readonly dialect: Dialect;
  readonly parameters: Parameters;
}

export type ClientAnswer<Body> = {
  readonly dialect: Dialect;
  /** The one that the call names, whether or not it comes from it. */
  readonly client: Client | null;
} & (
  | { readonly body: Body }
  | {
      readonly error: OAuthError;
      readonly triedBasic: boolean;
      /** Of the next proof, where one is demanded. */
      readonly dpopNonce: string | undefined;
    }
);

/** Answers what clients call for besides tokens: says who calls, and in whose dialect that is told. It is no login, so nothing is kept. */
@Injectable()
export class ClientCallsService {
  constructor(
    private readonly clientAuthentication: ClientAuthenticationService,
    private readonly proofs: DpopProofsService,
  ) {}

  /** `path` is that of the endpoint, below the issuer. Throws nothing that is the caller's fault. */
  async answer<Body>(
    call: Pick<TokenCall, 'read' | 'authorization' | 'dialect'>,
    path: string,
    work: (call: ClientCall) => Promise<Body>,
  ): Promise<ClientAnswer<Body>> {
    let client: Client | null = null;
    let dialect = call.dialect ?? 'auth0';
    try {
      const parameters = call.read();
      const authenticated = await this.clientAuthentication.authenticate(
        call.authorization,
        parameters,
        (named) => {
          client = named;
          dialect = call.dialect ?? oauthSettingsOf(named).dialect;
        },
        path,
      );
      return { dialect, client, body: await work({ ...authenticated, dialect, parameters }) };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return {
        dialect,
        client,
        error,
        triedBasic: triedBasic(call.authorization),
        dpopNonce: error.case === 'dpop_nonce_needed' ? await this.proofs.nonce() : undefined,
      };
    }
  }
}
