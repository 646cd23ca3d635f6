/**
 * A transaction as it is kept: one login from request to response, the centre of the product.
 * Plain data, JSON all through; the steps in `login/` take one and return one, `storage/` keeps it.
 */
import type { ResponseMode, ResponseParameters } from '../protocol/oauth/authorization-response.js';
import type { CodeChallenge } from '../protocol/oauth/pkce.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import type { AuthnRequest } from '../protocol/saml/authn-request.js';
import type { Layers } from '../protocol/saml/layers.js';
import type { Binding } from '../protocol/saml/names.js';
import type { FieldError } from '../protocol/mintmark-error.js';
import type { TriggerId } from './action.js';
import type { TokenAlgorithm } from './client.js';
import type { Effects, RefreshTokenEffects, Source } from './effects.js';
import type { Organization } from './organization.js';
import type { RefreshTokenDetails } from './refresh-token-details.js';
import type { UserProfile } from './user.js';

export const TRANSACTION_STATUSES = ['pending', 'suspended', 'completed', 'denied', 'failed'] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];
/** Calls of the token endpoint, by the grant; in `client_credentials`, which REST plays too, nobody logs in. */
export const TOKEN_GRANTS = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'password',
  'device_code',
  'token_exchange',
] as const;
export type TokenGrant = (typeof TOKEN_GRANTS)[number];
export const PROTOCOLS = ['samlp', 'oidc', ...TOKEN_GRANTS] as const;
/** A login, or one call of the token endpoint. */
export type Protocol = (typeof PROTOCOLS)[number];

/** One event of the append-only timeline. */
export interface TimelineEvent {
  /** `request.received`, `user.authenticated`, `saml.signed`, … */
  readonly name: string;
  /** ISO instant, of the transaction's clock. */
  readonly at: string;
  readonly detail?: Record<string, unknown>;
}

/** Something a person should know that did not stop the login. */
export interface Warning {
  /** Stable, snake_case. */
  readonly code: string;
  readonly detail: string;
}

/** What a token layer asks for: REST now, Actions later. */
export interface TokenConfiguration {
  /** By claim name, as asked; restricted names are dropped when the token is made. */
  readonly customClaims: Readonly<Record<string, unknown>>;
}
export interface AccessTokenConfiguration extends TokenConfiguration {
  /** `true` adds the scope, `false` takes it away; the last word counts. */
  readonly scopes: Readonly<Record<string, boolean>>;
}

export interface SamlRequestPart {
  /** As sent; absent when the IdP initiates. */
  readonly SAMLRequest?: string;
  readonly RelayState?: string;
  /** Decoded and validated. */
  readonly authnRequest?: AuthnRequest;
  /** How the request came; absent where it came over REST, or where there is none. */
  readonly binding?: Binding;
  /** The query it came in, without `?`: a detached signature stands over these octets (SAML Bindings 3.4.4.1). */
  readonly query?: string;
  /** SHA-256 fingerprint of the certificate its signature was verified with at reception. */
  readonly verifiedWith?: string;
  /** The client's own entity ID, where one is set: the audience of a response that no request asked for. */
  readonly entityId?: string;
  /** The validated address the response is delivered to; `null` where the request was refused before there was one. */
  readonly acsUrl: string | null;
}
export interface OidcRequestPart {
  /** As asked, space-separated. */
  readonly scope: string;
  readonly audience?: string;
  readonly nonce?: string;
  /** What the request left out, so that a default stands there. */
  readonly defaulted?: readonly ('scope' | 'audience')[];
  /** Of a call of the token endpoint: `grant_type` as it was sent. */
  readonly grantType?: string;
  /** The transaction of the login that a token call goes on from. */
  readonly loginId?: string;
  /** Where a browser brought the login to /authorize: then it is answered at a redirect URI. */
  readonly request?: AuthorizationPart;
  /** Where the login lets a device in: then nothing is answered in the browser. */
  readonly device?: DevicePart;
}
/** The device that somebody was asked to let in, as it waits (RFC 8628). */
export interface DevicePart {
  /** See `DeviceCode`. */
  readonly digest: string;
  readonly userCode: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Seconds. */
  readonly interval: number;
  /** See `Grant`; absent until the device is let in. */
  readonly grantId?: string;
  /** What of the scope the user may have, space-separated; absent until then. */
  readonly grantedScope?: string;
}
/** What /authorize was asked. What a refused request says is kept as it says it. */
export interface AuthorizationPart {
  /** The words of `response_type`. */
  readonly responseTypes: readonly string[];
  /** The validated URI, and how the answer gets there; `null` where the request was refused before there was one. */
  readonly redirectUri: string | null;
  readonly responseMode: ResponseMode | null;
  /** As sent; `null` where the request named none, so that a token request need not either (RFC 6749 4.1.3). */
  readonly sentRedirectUri: string | null;
  readonly state?: string;
  readonly codeChallenge?: CodeChallenge;
  /** Of the key that the code is to be bound to (RFC 9449 10). */
  readonly dpopJkt?: string;
  /** As asked; `scope` beside it holds what there is of it. */
  readonly requestedScope: readonly string[];
  readonly prompt: readonly string[];
  /** Seconds. */
  readonly maxAge?: number;
  readonly loginHint?: string;
  readonly acrValues: readonly string[];
  /** Standard claims that /userinfo is asked for whatever the scope (OIDC Core 5.5). */
  readonly userinfoClaims?: readonly string[];
  /** Likewise of the ID token. */
  readonly idTokenClaims?: readonly string[];
  readonly uiLocales: readonly string[];
  readonly display?: string;
  readonly connection?: string;
  readonly screenHint?: string;
  /** As sent: an id or a name, and tokens name it likewise. */
  readonly organization?: string;
  /** `sub` of the verified `id_token_hint`, or of `claims`: nobody else may log in. */
  readonly hintedUserId?: string;
  /** `ext-…`, names and all. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly dialect: Dialect;
  /** Whether the answer names its issuer (RFC 9207). */
  readonly sendsIssuer: boolean;
  /** Whether the ID token of the answer holds `state` by its hash, as FAPI 1 has it. */
  readonly hashesState?: true;
  /** What of the scope the user may have; absent until somebody has logged in. */
  readonly authorized?: {
    readonly userId: string;
    /** Space-separated. */
    readonly scope: string;
  };
  /** See `Grant`; absent until it is given. */
  readonly grantId?: string;
}
/** What of the client a token needs, as it was when the transaction began. */
export interface TokenClientPart {
  readonly alg: TokenAlgorithm;
  readonly idTokenLifetimeInSeconds: number;
}

/** A refresh token as `event.refresh_token` and the debug view show it; never the token itself. */
export interface ShownRefreshToken {
  /** `rt_…`. */
  readonly id: string;
  readonly clientId: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** ISO instants. */
  readonly createdAt: string;
  readonly lastExchangedAt: string | null;
  readonly expiresAt: string | null;
  readonly idleExpiresAt: string | null;
  readonly details: RefreshTokenDetails;
}

export interface SamlResult {
  /** base64 of the exact bytes. */
  readonly SAMLResponse: string;
  readonly acsUrl: string;
  readonly RelayState?: string;
}
export interface OidcResult {
  readonly id_token?: string;
  /** Absent where a token was exchanged for an ID token alone. */
  readonly access_token?: string;
  readonly token_type: 'Bearer' | 'DPoP' | 'N_A';
  readonly expires_in: number;
  readonly scope: string;
}

/** What /authorize answered, by a redirect, a form or a message: codes and tokens, or an error. */
export interface AuthorizationResult {
  /** The validated one. */
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  /** In the order in which they were sent. */
  readonly parameters: ResponseParameters;
}

/** The HTTP request that a login came by, or was continued by, as Actions see it (actions-api.md 12). */
export interface RequestFacts {
  readonly ip: string;
  readonly method: string;
  readonly userAgent?: string;
  /** Accept-Language, as sent. */
  readonly language?: string;
  /** By name; of SAML without the message, which is kept as such. */
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/** A request that came back without its cookies, kept until the browser has brought them. */
export interface ReceivedReturn {
  /** SHA-256 of the key that the browser is sent on with, base64url: without it nobody's request is taken for this one. */
  readonly digest: string;
  readonly request: RequestFacts;
}

/** Where the browser was sent to by an Action, and how it comes back. It stays where the login was ended meanwhile: then that is told. */
export interface Continuation {
  /** SHA-256 of the `state` that `/continue` must bring, base64url. It works once. */
  readonly digest: string;
  /** Whole, with its state: whoever reads it can go on with the login. */
  readonly url: string;
  /** Whose onContinuePostLogin runs. */
  readonly actionId: string;
  readonly actionName: string;
  /** ISO instant of the server's clock. */
  readonly expiresAt: string;
  /**
   * The request that came back, where it came by a post from another site: cookies do not come along on that, so the browser is sent
   * here once more, and this is what its Action gets to see.
   */
  readonly received?: ReceivedReturn;
}

/** How far the Actions of a transaction have come. */
export interface ActionsPart {
  readonly trigger: TriggerId;
  /** `ended`: issue what there is to be issued. */
  readonly state: 'running' | 'suspended' | 'ended';
  /** ISO instant of the server's clock: until then nobody else may take the run over; `null` unless `running`. */
  readonly runningUntil: string | null;
  /** Place of the Action that is next, in the order of the trigger when it began. */
  readonly next: number;
  /** Whether the next one is the one that sent the browser away, so that it goes on by its other handler. */
  readonly resumed: boolean;
  /** The ids of the Actions of this trigger, as they were bound when it began. */
  readonly actionIds: readonly string[];
  /** What was asked for until now; `null` at the end, when it has been applied. */
  readonly effects: Effects | null;
  readonly continuation: Continuation | null;
  /** Who set what last, see `Effects.sources`. */
  readonly sources: Readonly<Record<string, Source>>;
  /** `event.stats.logins_count`, counted once. */
  readonly loginsCount: number | null;
  /** Of the session cookie, where an Action said so. */
  readonly cookieMode?: 'persistent' | 'non-persistent';
  /** For the refresh token that is issued with this login, or exchanged in it. */
  readonly refreshToken?: RefreshTokenEffects;
}

export interface BrowserPart {
  /** SHA-256 of the token that the browser it began in keeps as a cookie; `null` where it was answered at once. */
  readonly digest: string | null;
  /** The session that the user logged in by, or that the login began. */
  readonly sessionId: string | null;
  /** How often a password was refused. */
  readonly refusals: number;
}
/** NameID and SessionIndex as they stand in an assertion. */
export interface SamlSubject {
  readonly nameId: string;
  readonly format: string;
  readonly sessionIndex: string;
}

/** A transaction whose user has logged in: what the steps that issue something take. */
export type AuthenticatedTransaction = Transaction & {
  readonly clientId: string;
  readonly user: UserProfile;
  readonly authenticatedAt: string;
};
export const isAuthenticated = (transaction: Transaction): transaction is AuthenticatedTransaction =>
  transaction.user !== null && transaction.authenticatedAt !== null && transaction.clientId !== null;

/** A custom claim that did not reach its token. */
export interface DroppedClaim {
  readonly token: 'id_token' | 'access_token';
  readonly claim: string;
  readonly reason: string;
}

export interface Transaction {
  readonly id: string;
  /** Grows with every write; a write names the one it read. */
  readonly revision: number;
  readonly status: TransactionStatus;
  readonly protocol: Protocol;
  /** `null` where a request was refused that named no client of ours. */
  readonly clientId: string | null;
  readonly userId: string | null;
  /** ISO instants of the server's clock. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** ISO instant: the clock this transaction was given; `null` follows the server's. */
  readonly now: string | null;
  readonly seed: string | null;
  /** ISO instant at which the user authenticated, on the transaction's clock; `null` as long as nobody has. */
  readonly authenticatedAt: string | null;
  /** The profile at the moment of login; `null` as long as nobody has logged in. */
  readonly user: UserProfile | null;
  /** Whether the profile was given with the login: then it is nobody's who is kept, whatever its user_id. */
  readonly isOwnProfile?: true;
  /** Where a browser brought the login, not a REST call. */
  readonly browser?: BrowserPart;
  /** What the assertion calls the user, so that a LogoutRequest can be matched (SAML Core 3.7.1). */
  readonly subject?: SamlSubject;
  readonly saml?: SamlRequestPart;
  readonly oidc?: OidcRequestPart;
  readonly tokenClient: TokenClientPart;
  readonly samlLayers: Layers;
  readonly idToken: TokenConfiguration;
  readonly accessToken: AccessTokenConfiguration;
  /** The request it came by; absent where REST began it. */
  readonly request?: RequestFacts;
  /** Absent until the trigger begins; `null` where no Action was bound to it. */
  readonly actions?: ActionsPart | null;
  /** What is exchanged, with `refresh_token`. */
  readonly exchanged?: ShownRefreshToken;
  /** Of a login or an exchange in an organization: what `event.organization` shows. */
  readonly organization?: Pick<Organization, 'id' | 'name' | 'display_name' | 'metadata'>;
  /** Scopes that the client may get, of `client_credentials`; absent where nothing limits them. */
  readonly clientGrant?: { readonly scope: readonly string[] };
  /** What the relying party would be told (RFC 6749 4.1.2.1, 5.2); absent unless it was refused. */
  readonly oauthError?: { readonly error: string; readonly error_description: string };
  /** Partial `event`, merged over the one that Actions see. */
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly timeline: readonly TimelineEvent[];
  readonly warnings: readonly Warning[];
  /** Why it was denied or failed; public. */
  readonly reason: string | null;
  /** Why it failed; the debug view alone shows it. */
  readonly failure: {
    readonly code: string;
    readonly detail: string;
    readonly cause?: string;
    readonly errors?: readonly FieldError[];
  } | null;
  readonly result: SamlResult | OidcResult | AuthorizationResult | null;
  /** The assertion before encryption, where there was one. */
  readonly assertionXml: string | null;
  /** kid of the tenant key that signed, or fingerprint of the certificate that was brought along. */
  readonly signedWith: string | null;
  readonly droppedClaims: readonly DroppedClaim[];
}
