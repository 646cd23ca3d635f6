/**
 * Which custom claims reach a token. Restricted ones are left out without failing the login, and each is listed with the reason
 * (oauth-oidc: Auth0's "general restrictions" on custom claims); `scope` alone is an error.
 */
import { JwtError } from './jwt-error.js';
import { pointerToken, readJson } from './json-value.js';

export type TokenName = 'id_token' | 'access_token';
/** A custom claim that did not reach its token. */
export interface DroppedClaim {
  readonly token: TokenName;
  readonly claim: string;
  /** One sentence, with what would let it in. */
  readonly reason: string;
}
export type Claims = Readonly<Record<string, unknown>>;

/** Names that no custom claim may have: those of the protocols, and those that Auth0 keeps to itself. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);
export const RESTRICTED_CLAIMS: ReadonlySet<string> = new Set(
  words(`
    acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf cty dest
    entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act mky nbf nonce
    object_id org_id org_name orig origid permissions roles rph s_hash sid sip_callid sip_cseq_num sip_date sip_from_tag
    sip_via_branch sub sub_jwk toe txn typ uuid vot vtm x5t#S256`),
);

/** Profile claims may be set, but only where the scope that asks for them was granted (OIDC Core 5.4). */
export const SCOPE_OF_CLAIM: ReadonlyMap<string, string> = new Map(
  Object.entries({
    profile:
      words(`name family_name given_name middle_name nickname preferred_username profile picture website gender
      birthdate zoneinfo locale updated_at`),
    email: ['email', 'email_verified'],
    address: ['address'],
    phone: ['phone_number', 'phone_number_verified'],
  }).flatMap(([scope, names]) => names.map((name): [string, string] => [name, scope])),
);

/** Hosts on which, and below which, no namespace may stand. */
const FORBIDDEN_HOSTS = ['auth0.com', 'webtask.io', 'webtask.run'] as const;
/** The tenant's own APIs, below the issuer; /userinfo is none of them. */
const MANAGEMENT_API = 'api/v2/';
const OWN_APIS = [MANAGEMENT_API, 'mfa/', 'me/', 'my-org/'] as const;

/** Bytes of UTF-8 JSON that the custom claims of one token may take together. */
export const MAX_CUSTOM_CLAIMS_BYTES = 102_400;

/** The host or name that makes a namespace forbidden; `undefined` where the name is free. */
function forbiddenNamespace(name: string): string | undefined {
  if (/^urn:auth0(:|$)/i.test(name)) return 'urn:auth0';
  if (!/^https?:/i.test(name) || !URL.canParse(name)) return undefined;
  const host = new URL(name).hostname.replace(/\.+$/, '');
  return FORBIDDEN_HOSTS.find((forbidden) => host === forbidden || host.endsWith(`.${forbidden}`));
}
const isNamespaced = (name: string): boolean => /^(https?:\/\/|urn:)/i.test(name);

interface Admission {
  readonly token: TokenName;
  readonly grantedScopes: readonly string[];
  readonly ownApi: string | undefined;
}

/** The reasons to leave a claim out, in the order they are looked for. */
const REASONS: readonly ((name: string, value: unknown, admission: Admission) => string | undefined)[] = [
  (name) =>
    RESTRICTED_CLAIMS.has(name)
      ? `${name} is a restricted claim; give it a name of your own, like https://example.com/${name}`
      : undefined,
  (name) => {
    const forbidden = forbiddenNamespace(name);
    return forbidden && `the namespace ${forbidden} is Auth0’s own; use a host of yours`;
  },
  (_, value) => (value === undefined ? 'its value is undefined; null would be kept' : undefined),
  (name, _, { grantedScopes }) => {
    const scope = SCOPE_OF_CLAIM.get(name);
    return scope !== undefined && !grantedScopes.includes(scope)
      ? `${name} needs the scope ${scope}, which was not granted`
      : undefined;
  },
  (_, __, { ownApi }) =>
    ownApi === MANAGEMENT_API
      ? 'tokens for the Management API carry no custom claims; ask for an audience of your own'
      : undefined,
  (name, _, { ownApi }) =>
    ownApi !== undefined && !isNamespaced(name)
      ? `tokens for the tenant’s own API ${ownApi} carry no claims with plain names; use a URL as the name`
      : undefined,
];

const bodyMember: Readonly<Record<TokenName, string>> = { id_token: 'idToken', access_token: 'accessToken' };
const pointerTo = (token: TokenName, claim: string): string =>
  `/${bodyMember[token]}/customClaims/${pointerToken(claim)}`;

/** Refuses `scope`, the one name that fails at the call. Errors: `claim_scope_refused`. */
export function refuseScopeClaim(token: TokenName, claim: string): void {
  if (claim !== 'scope') return;
  const detail =
    token === 'access_token'
      ? 'scope cannot be set as a custom claim; add or remove single scopes instead (api.accessToken.addScope, or accessToken.scopes of the transaction)'
      : 'scope cannot be set as a custom claim; scopes live in the access token, add or remove them there (api.accessToken.addScope)';
  throw new JwtError('claim_scope_refused', detail, {
    errors: [{ pointer: pointerTo(token, claim), detail }],
  });
}

/**
 * The custom claims that may stand in the token, as JSON values in the order they were set, and those that may not.
 * `null` is a value and stays. Errors: `claim_scope_refused`, `claim_not_json`, `claims_too_large`.
 */
export function admitCustomClaims(asked: {
  readonly token: TokenName;
  readonly claims: Claims;
  /** They let profile claims in. */
  readonly grantedScopes: readonly string[];
  /** Of an access token, with the issuer it is read against. */
  readonly audience?: string;
  readonly issuer?: string;
}): { readonly claims: Claims; readonly dropped: readonly DroppedClaim[] } {
  const { token, issuer = '', audience } = asked;
  const ownApi = OWN_APIS.find((path) => token === 'access_token' && audience === `${issuer}${path}`);
  const admission: Admission = { token, grantedScopes: asked.grantedScopes, ownApi };
  const admitted: [string, unknown][] = [];
  const dropped: DroppedClaim[] = [];
  for (const [claim, value] of Object.entries(asked.claims)) {
    refuseScopeClaim(token, claim);
    const reason = REASONS.map((find) => find(claim, value, admission)).find((found) => found !== undefined);
    if (reason === undefined) admitted.push([claim, jsonOf(token, claim, value)]);
    else dropped.push({ token, claim, reason });
  }
  // fromEntries makes own members of every name, `__proto__` too.
  const claims = Object.fromEntries(admitted);
  const bytes = Buffer.byteLength(JSON.stringify(claims));
  if (bytes > MAX_CUSTOM_CLAIMS_BYTES)
    throw new JwtError(
      'claims_too_large',
      `the custom claims of the ${token} take ${bytes} bytes, at most ${MAX_CUSTOM_CLAIMS_BYTES} are allowed; keep large data behind an API and put its key in the claim`,
      { errors: [{ pointer: `/${bodyMember[token]}/customClaims`, detail: `${bytes} bytes` }] },
    );
  return { claims, dropped };
}

function jsonOf(token: TokenName, claim: string, value: unknown): unknown {
  const reading = readJson(value);
  if ('value' in reading) return reading.value;
  const { pointer, what } = reading.flaw;
  const place = pointer === '' ? `the claim ${claim}` : `${pointer} in the claim ${claim}`;
  const detail = `${place} of the ${token} is ${what}, which JSON cannot say; set a string, number, boolean, null, array or plain object`;
  throw new JwtError('claim_not_json', detail, {
    errors: [{ pointer: `${pointerTo(token, claim)}${pointer}`, detail }],
  });
}

/** An access token without an audience is opaque and has no claims: every custom claim set on it is lost, for this reason. */
export const dropForOpaqueToken = (claims: Claims): readonly DroppedClaim[] =>
  Object.keys(claims).map((claim) => ({
    token: 'access_token',
    claim,
    reason:
      'without an audience the access token is opaque and carries no claims; set oidc.audience or the tenant’s default_audience',
  }));

/** Without the scope `openid` there is no ID token (OIDC Core 3.1.2.1): every custom claim set on it is lost, for this reason. */
export const dropWithoutIdToken = (claims: Claims): readonly DroppedClaim[] =>
  Object.keys(claims).map((claim) => ({
    token: 'id_token',
    claim,
    reason: 'there is no ID token without the scope openid; add it to oidc.scope',
  }));
