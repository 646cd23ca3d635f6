import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Tenant } from '../login/circumstances.js';
import { CircumstancesService } from '../login/circumstances.service.js';
import { failureOf, finish } from '../login/finish.js';
import { newTransaction } from '../login/new-transaction.js';
import { isFinished } from '../login/next-step.js';
import { Clock, Randomness } from '../login/ports.js';
import { Retention } from '../login/retention.service.js';
import { TenantService } from '../login/tenant.service.js';
import { tokenClientOf } from '../login/begin.js';
import { JwtError } from '../protocol/jwt/jwt-error.js';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { triedBasic } from '../protocol/oauth/client-authentication.js';
import { quoted } from '../protocol/oauth/description.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import { errorWords } from '../protocol/oauth/error-answer.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import { didYouMean } from '../protocol/nearest-name.js';
import { shortened } from '../protocol/saml/shortened.js';
import { TransactionStore } from '../storage/transaction-store.js';
import type { Client } from '../tenant/client.js';
import type { Denial } from '../tenant/effects.js';
import { speaksNotion } from '../tenant/notion-client.js';
import { oauthSettingsOf } from '../tenant/oauth-settings.js';
import type { TokenGrant } from '../tenant/transaction.js';
import { ClientAuthenticationService, type AuthenticatedClient } from './client-authentication.service.js';
import { DpopProofsService } from './dpop-proofs.service.js';
import type { GrantRow } from './grants/grant.js';
import { GrantsService } from './grants/grants.service.js';
import { inNotion } from './notion-answers.js';
import { CallDraft, type TokenAnswer, type TokenCall, type TokenResponse } from './token-call.js';
import { keptParameters } from './token-request.js';

/** Below the issuer. */
const TOKEN_PATH = 'oauth/token';
const LONGEST_GRANT_TYPE = 256;

/** What one call is about, as far as it is known. */
interface Progress {
  readonly draft: CallDraft;
  readonly tenant: Tenant;
  dialect: Dialect;
}

/**
 * The token endpoint without HTTP (RFC 6749 3.2). A call is a transaction, written once at its end, whatever that is; only of a device
 * that still waits, or where the database or the server itself failed, nothing is.
 */
@Injectable()
export class TokenEndpointService {
  constructor(
    private readonly grants: GrantsService,
    private readonly clientAuthentication: ClientAuthenticationService,
    private readonly proofs: DpopProofsService,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly transactions: TransactionStore,
    private readonly retention: Retention,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  /** Throws nothing that is the caller's fault. */
  async answer(call: TokenCall): Promise<TokenAnswer> {
    const progress: Progress = {
      draft: this.#draft(call),
      tenant: await this.tenants.current(),
      dialect: call.dialect ?? 'auth0',
    };
    const { draft } = progress;
    try {
      const { body, client } = await this.#exchange(call, progress);
      return {
        dialect: progress.dialect,
        transaction: await this.#kept(draft),
        body,
        client,
        ...(call.dpop !== undefined && { dpopNonce: await this.proofs.nonce() }),
      };
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      if (!isFinished(draft.transaction)) this.#refuse(progress, refusal);
      return {
        dialect: progress.dialect,
        transaction: isOnlyWaiting(refusal) ? draft.transaction : await this.#kept(draft),
        error: refusal,
        triedBasic: triedBasic(call.authorization),
        ...(refusal.case === 'dpop_nonce_needed' && { dpopNonce: await this.proofs.nonce() }),
      };
    }
  }

  async #exchange(
    call: TokenCall,
    progress: Progress,
  ): Promise<{ readonly body: TokenResponse; readonly client: Client }> {
    const { draft, tenant } = progress;
    const parameters = call.read();
    const row = this.#name(parameters, draft);
    const authenticated = await this.clientAuthentication.authenticate(
      call.authorization,
      parameters,
      (named) => {
        progress.dialect = call.dialect ?? oauthSettingsOf(named).dialect;
        draft.know({ clientId: named.client_id, tokenClient: tokenClientOf(named) });
      },
    );
    const { client, method } = authenticated;
    // the path chooses the words alone, unless the client is Notion's as well
    const oauth =
      progress.dialect === 'notion' && speaksNotion(client)
        ? inNotion(client, authenticated.oauth)
        : authenticated.oauth;
    const { dialect } = oauth;
    draft.note({ name: 'client.authenticated', at: draft.transaction.createdAt, detail: { method } });
    this.#requireGrant(row, parameters, authenticated);
    const dpopJkt = await this.proofs.keyOf(call.dpop, { path: TOKEN_PATH, dialect });
    const { address, userAgent } = this.#user(call, authenticated, draft);
    let denial: Denial | null = null;
    const circumstances = this.circumstances.of(tenant, { onDenied: (denied) => (denial = denied) });
    const body = await row!.exchange({
      client,
      oauth,
      dialect,
      parameters,
      tenant,
      circumstances,
      draft,
      address,
      peer: call.http.ip,
      userAgent,
      dpopJkt,
      denial: () => denial,
    });
    return { body, client };
  }

  /** What the call asks for; it is kept before anybody knows who calls. */
  #name(parameters: Parameters, draft: CallDraft): GrantRow | undefined {
    const type = parameters.get('grant_type');
    const { request } = draft.transaction;
    draft.know({ ...(request && { request: { ...request, body: keptParameters(parameters) } }) });
    if (type === undefined)
      throw new OAuthError(
        'grant_type_missing',
        `the parameter grant_type is missing; it may be ${this.grants.types.join(', ')}`,
      );
    const row = this.grants.named(type);
    if (row) draft.know({ protocol: row.name });
    draft.know({
      oidc: { scope: '', grantType: shortened(type, LONGEST_GRANT_TYPE) },
    });
    return row;
  }

  #requireGrant(row: GrantRow | undefined, parameters: Parameters, authenticated: AuthenticatedClient): void {
    const type = parameters.get('grant_type')!;
    const { client, oauth, method } = authenticated;
    if (!row)
      throw new OAuthError(
        'grant_unknown',
        `the grant_type ${quoted(type)} is unknown${didYouMean(type, this.grants.types) || `; there are ${this.grants.types.join(', ')}`}`,
        { about: shortened(type, LONGEST_GRANT_TYPE) },
      );
    if (!row.allowedBy.some((each) => oauth.grantTypes.includes(each)))
      throw new OAuthError(
        'grant_not_allowed',
        `the client ${client.client_id} may use ${oauth.grantTypes.join(', ') || 'no grant'}; add ${row.type} to its grant_types`,
        { about: type },
      );
    if (!row.forPublicClients && method === 'none')
      throw new OAuthError(
        'grant_not_allowed',
        `the client ${client.client_id} is public (token_endpoint_auth_method none), and anybody could ask in its name; this grant needs a client that authenticates`,
        { about: type },
      );
  }

  /** A client with a secret of its own may tell whom it calls for (oauth-oidc.md 4.5). */
  #user(
    { forwardedFor, http }: TokenCall,
    { method }: AuthenticatedClient,
    draft: CallDraft,
  ): { readonly address: string; readonly userAgent: string | undefined } {
    const told = forwardedFor?.split(',')[0]?.trim() ?? '';
    const address = method !== 'none' && isIP(told) !== 0 ? told : http.ip;
    const { request } = draft.transaction;
    if (request && address !== http.ip) draft.know({ request: { ...request, ip: address } });
    return { address, userAgent: http.userAgent };
  }

  #draft({ http }: TokenCall): CallDraft {
    const at = this.clock.now().toISOString();
    return new CallDraft(
      newTransaction({
        id: `txn_${this.randomness.bytes(16).toString('hex')}`,
        // until it is known what is asked for
        protocol: 'authorization_code' satisfies TokenGrant,
        clientId: null,
        createdAt: at,
        request: http,
        oidc: { scope: '' },
        samlLayers: {},
        timeline: [{ name: 'request.received', at, detail: { by: 'token endpoint' } }],
      }),
    );
  }

  #refuse({ draft, dialect }: Progress, refusal: OAuthError): void {
    const at = this.clock.now();
    const { transaction } = draft;
    draft.become(
      finish(
        transaction,
        'failed',
        {
          reason: refusal.description,
          failure: { ...failureOf(refusal), code: refusal.case },
          oauthError: errorWords(refusal, dialect),
        },
        [],
        { clock: at, at },
      ),
    );
  }

  async #kept({ transaction, ownToken, isKept }: CallDraft) {
    if (!isKept) await this.transactions.insert(transaction, undefined, ownToken && { ownToken });
    this.retention.countCreated();
    return transaction;
  }
}

/** A device asks every few seconds, and is told the same: the login that lets it in is the transaction. */
const isOnlyWaiting = ({ case: told }: OAuthError): boolean =>
  told === 'device_pending' || told === 'device_too_fast';

/** What a known failure is to the caller; `null` for what nobody foresaw. */
function refusalOf(error: unknown): OAuthError | null {
  if (error instanceof OAuthError) return error;
  if (error instanceof JwtError && error.code.startsWith('claim'))
    // nobody but an Action sets claims here, and its author can mend it
    return new OAuthError('action_denied', error.description, { cause: error });
  if (error instanceof MintmarkError)
    return new OAuthError('server_failed', 'The call could not be answered; the debug view has the cause.', {
      cause: error,
    });
  return null;
}
