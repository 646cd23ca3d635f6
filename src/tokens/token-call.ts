/** One call of the token endpoint, without HTTP: what came, what is known of it, and what it is answered. */
import type { Dialect } from '../protocol/oauth/dialect.js';
import type { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import type { Circumstances, Tenant } from '../login/circumstances.js';
import type { Client } from '../tenant/client.js';
import type { Denial } from '../tenant/effects.js';
import type { AccessToken } from '../tenant/grant.js';
import type { OauthSettings } from '../tenant/oauth-settings.js';
import type { RequestFacts, TimelineEvent, Transaction } from '../tenant/transaction.js';

export interface TokenCall {
  /** Throws OAuthError where the body cannot be read. */
  readonly read: () => Parameters;
  /** The header, as sent. */
  readonly authorization: string | undefined;
  /** Who called; what stands in the body is not looked for there. */
  readonly http: RequestFacts;
  /** `auth0-forwarded-for`: whom a client with a secret of its own calls for. */
  readonly forwardedFor?: string | undefined;
  /** The header `DPoP`, as sent. */
  readonly dpop?: string | undefined;
  /** Of the path; without one it is the client's. */
  readonly dialect?: Dialect;
}

/** RFC 6749 5.1. */
export interface TokenResponse {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope: string;
  readonly expires_in: number;
  /** Of a token exchange (RFC 8693 2.2.1). */
  readonly issued_token_type?: string;
  /** `DPoP`, where it is bound to a key (RFC 9449 5); `N_A` where it is an ID token (RFC 8693 2.2.1). */
  readonly token_type: 'Bearer' | 'DPoP' | 'N_A';
}

export type TokenAnswer = {
  readonly dialect: Dialect;
  /** As it was stored; of a device that is to wait none is. */
  readonly transaction: Transaction;
  /** Of the next DPoP proof, where one is demanded. */
  readonly dpopNonce?: string | undefined;
} & (
  | { readonly body: TokenResponse; readonly client: Client }
  | { readonly error: OAuthError; readonly triedBasic: boolean }
);

/** The transaction of a call while it is answered. It is stored once, whatever it comes to. */
export class CallDraft {
  #transaction: Transaction;
  #ownToken: AccessToken | undefined;
  #isKept = false;

  constructor(begun: Transaction) {
    this.#transaction = begun;
  }

  get transaction(): Transaction {
    return this.#transaction;
  }

  /** What is known by now. */
  know(facts: Partial<Omit<Transaction, 'id' | 'revision' | 'timeline'>>): void {
    this.#transaction = { ...this.#transaction, ...facts };
  }

  note(event: TimelineEvent): void {
    this.#transaction = { ...this.#transaction, timeline: [...this.#transaction.timeline, event] };
  }

  /** The same transaction after a step. */
  become(next: Transaction): void {
    this.#transaction = next;
  }

  /** The same transaction at its end, which was stored with what it issued. */
  keep(end: Transaction): void {
    this.#transaction = end;
    this.#isKept = true;
  }

  get isKept(): boolean {
    return this.#isKept;
  }

  /** What the client gets for itself. It is kept with the transaction, in one write; what stands on a grant is kept with that. */
  issue(ownToken: AccessToken): void {
    this.#ownToken = ownToken;
  }

  get ownToken(): AccessToken | undefined {
    return this.#ownToken;
  }
}

/** What a grant is handed: a client that has proved who it is, and may use the grant. */
export interface GrantCall {
  readonly client: Client;
  readonly oauth: OauthSettings;
  readonly dialect: Dialect;
  readonly parameters: Parameters;
  readonly tenant: Tenant;
  readonly circumstances: Circumstances;
  readonly draft: CallDraft;
  /** The address that the user is at, as far as it is told. */
  readonly address: string;
  /** The one that the call came from. */
  readonly peer: string;
  readonly userAgent: string | undefined;
  /** Thumbprint of the key that the call proved to have (RFC 9449). */
  readonly dpopJkt: string | undefined;
  /** How an Action denied, where one did. */
  readonly denial: () => Denial | null;
}
