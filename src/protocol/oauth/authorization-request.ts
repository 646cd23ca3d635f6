/** What a client asks of /authorize, typed. Nothing is judged here: who may ask, and whether the browser may be sent back, is found out first. */
import { objectOf } from '../jwt/compact.js';
import type { JsonObject, Parameters } from './parameters.js';
import { scopeWords } from './scopes.js';

/** How the client wants a claim (OIDC Core 5.5.1). */
export interface ClaimWish {
  readonly essential: boolean;
  readonly values: readonly unknown[];
}
export interface ClaimsRequest {
  readonly userinfo: ReadonlyMap<string, ClaimWish>;
  readonly idToken: ReadonlyMap<string, ClaimWish>;
}

/** Members are texts as they were sent, and lists of words; what a text means is said by authorization-check.ts. */
export interface AuthorizationRequest {
  readonly clientId?: string;
  /** The words as they were sent. */
  readonly responseType: readonly string[];
  readonly redirectUri?: string;
  readonly scope: readonly string[];
  readonly state?: string;
  readonly nonce?: string;
  readonly responseMode?: string;
  readonly audience?: string;
  readonly resource?: string;
  readonly connection?: string;
  readonly organization?: string;
  readonly invitation?: string;
  readonly loginHint?: string;
  readonly screenHint?: string;
  readonly prompt: readonly string[];
  readonly maxAge?: string;
  readonly acrValues: readonly string[];
  readonly uiLocales: readonly string[];
  readonly claimsLocales: readonly string[];
  readonly display?: string;
  readonly idTokenHint?: string;
  readonly claims: ClaimsRequest;
  readonly codeChallenge?: string;
  readonly codeChallengeMethod?: string;
  readonly dpopJkt?: string;
  readonly request?: string;
  readonly requestUri?: string;
  /** What a client tells of itself to a provider that does not know it (OIDC Core 7.2.1). */
  readonly registration?: string;
  /** The custom parameters `ext-…`, names and all. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Names that stood more than once. */
  readonly repeated: readonly string[];
}

const TEXTS = {
  clientId: 'client_id',
  redirectUri: 'redirect_uri',
  state: 'state',
  nonce: 'nonce',
  responseMode: 'response_mode',
  audience: 'audience',
  resource: 'resource',
  connection: 'connection',
  organization: 'organization',
  invitation: 'invitation',
  loginHint: 'login_hint',
  screenHint: 'screen_hint',
  maxAge: 'max_age',
  display: 'display',
  idTokenHint: 'id_token_hint',
  codeChallenge: 'code_challenge',
  codeChallengeMethod: 'code_challenge_method',
  dpopJkt: 'dpop_jkt',
  request: 'request',
  requestUri: 'request_uri',
  registration: 'registration',
} as const;
const WORDS = {
  responseType: 'response_type',
  scope: 'scope',
  prompt: 'prompt',
  acrValues: 'acr_values',
  uiLocales: 'ui_locales',
  claimsLocales: 'claims_locales',
} as const;

/** Reads parameters whose names in `repeated` stood more than once. Never throws. */
export function readAuthorizationRequest(
  parameters: Parameters,
  repeated: readonly string[] = [],
): AuthorizationRequest {
  const texts: { -readonly [Name in keyof typeof TEXTS]?: string } = {};
  for (const [member, name] of Object.entries(TEXTS) as [keyof typeof TEXTS, string][]) {
    const value = parameters.get(name);
    if (value !== undefined) texts[member] = value;
  }
  const words = Object.fromEntries(
    Object.entries(WORDS).map(([member, name]) => [member, scopeWords(parameters.get(name))]),
  ) as { [Name in keyof typeof WORDS]: readonly string[] };
  return {
    ...texts,
    ...words,
    claims: readClaims(parameters.get('claims')),
    extensions: Object.fromEntries([...parameters].filter(([name]) => name.startsWith('ext-'))),
    repeated,
  };
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How many claims of one place are looked at. */
const MOST_CLAIMS = 100;

function wishes(place: unknown): ReadonlyMap<string, ClaimWish> {
  if (!isObject(place)) return new Map();
  return new Map(
    Object.entries(place)
      .slice(0, MOST_CLAIMS)
      .map(([name, wish]) => {
        const { essential, value, values } = isObject(wish) ? wish : {};
        const wanted = Array.isArray(values) ? (values as unknown[]) : value === undefined ? [] : [value];
        return [name, { essential: essential === true, values: wanted }];
      }),
  );
}

/** The `claims` parameter (OIDC Core 5.5). What cannot be understood is ignored: no wish for a claim is a reason to refuse a login. */
export function readClaims(text: string | undefined): ClaimsRequest {
  const claims = text === undefined ? undefined : objectOf(Buffer.from(text));
  return { userinfo: wishes(claims?.['userinfo']), idToken: wishes(claims?.['id_token']) };
}
