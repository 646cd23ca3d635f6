/** What the debug view shows of a stored transaction: every byte that was sent, and why it is there. Computed from what is kept, pure but for `jose`. */
import { decodeJwt } from '../protocol/jwt/compact.js';
import { verifyJwt } from '../protocol/jwt/verification.js';
import { effectiveConfiguration } from '../protocol/saml/layers.js';
import { summariseResponse, type ResponseSummary } from '../protocol/saml/summary.js';
import { verifySamlResponse } from '../protocol/saml/verification/verify-saml-response.js';
import type { Verification } from '../protocol/verification.js';
import type { TriggerId } from '../tenant/action.js';
import type {
  AuthorizationResult,
  OidcRequestPart,
  RequestFacts,
  SamlRequestPart,
  SamlResult,
  TimelineEvent,
  Transaction,
  Warning,
} from '../tenant/transaction.js';
import type { UserProfile } from '../tenant/user.js';
import { SECRET } from '../tenant/secret.js';
import {
  asItWouldBe,
  executionsOf,
  suspensionOf,
  type Execution,
  type Suspension,
} from './action-sources.js';
import type { InspectedTenant } from './inspected-tenant.js';
import {
  claimsView,
  droppedClaimsView,
  oidcConfigurationView,
  type ClaimView,
  type DroppedClaimView,
  type OidcConfigurationView,
} from './oidc-configuration-view.js';
import { samlConfigurationView, type SamlConfigurationView } from './saml-configuration-view.js';
import { transactionView } from './transaction-view.js';

export interface SamlInspection {
  /** Exact bytes, as text. */
  readonly xml: string;
  /** Before encryption, or as it stands in `xml`; `null` in an error Response. */
  readonly assertionXml: string | null;
  readonly summary: ResponseSummary;
  readonly verification: Verification;
}
export interface JwtInspection {
  readonly jwt: string;
  readonly header: Readonly<Record<string, unknown>> | null;
  readonly payload: Readonly<Record<string, unknown>> | null;
  /** The payload once more, claim by claim, with where each came from. */
  readonly claims: readonly ClaimView[];
  readonly verification: Verification;
}
/** An access token that is no JWT. */
export interface OpaqueTokenInspection {
  readonly jwt: null;
  readonly opaque: string;
  readonly detail: string;
}
export interface Inspection {
  readonly transaction: Readonly<Record<string, unknown>>;
  /** The profile at the moment of login, which attributes and claims are read from; `null` where nobody has logged in. */
  readonly user: UserProfile | null;
  /** Raw and decoded. */
  readonly request: SamlRequestPart | OidcRequestPart;
  /** The HTTP request that it came by; `null` where none was kept. */
  readonly http: RequestFacts | null;
  readonly configuration: SamlConfigurationView | OidcConfigurationView;
  /** What its Actions were run for; `null` where none was bound, or none has been reached. */
  readonly trigger: TriggerId | null;
  /** Each run of an Action, in order. */
  readonly actions: readonly Execution[];
  /** Where the browser is to come back from; `null` where it is not away. */
  readonly suspended: Suspension | null;
  readonly timeline: readonly TimelineEvent[];
  readonly warnings: readonly Warning[];
  readonly reason: string | null;
  readonly failure: Transaction['failure'];
  readonly droppedClaims: readonly DroppedClaimView[];
  /** What signed: a key of the tenant by its kid, or a certificate that was brought along. */
  readonly signedWith: string | null;
  /** `null` as long as there is no Response. */
  readonly saml: SamlInspection | null;
  readonly tokens: {
    readonly id_token?: JwtInspection;
    readonly access_token?: JwtInspection | OpaqueTokenInspection;
  };
  /** What /authorize answered, with its code; `null` where nothing was brought anywhere. */
  readonly authorization: AuthorizationResult | null;
}

export async function inspect(transaction: Transaction, tenant: InspectedTenant): Promise<Inspection> {
  const saml = inspectSaml(transaction, tenant);
  const shown = asItWouldBe(transaction);
  const known = {
    transaction: transactionView(transaction),
    user: transaction.user,
    request: transaction.saml ?? transaction.oidc!,
    http: transaction.request ?? null,
    configuration: shown.saml
      ? samlConfigurationView(shown, shown.saml, tenant, saml?.summary ?? null)
      : oidcConfigurationView(shown, shown.oidc!, tenant),
    trigger: transaction.actions?.trigger ?? null,
    actions: executionsOf(transaction),
    suspended: suspensionOf(transaction),
    timeline: transaction.timeline,
    warnings: transaction.warnings,
    reason: transaction.reason,
    failure: transaction.failure,
    droppedClaims: droppedClaimsView(transaction),
    signedWith: transaction.signedWith,
    authorization: authorizationOf(transaction),
  };
  return {
    ...(withoutPrivateKeys(known) as typeof known),
    saml,
    tokens: await inspectTokens(transaction, tenant),
  };
}

/** A private key in the wrong field is one all the same: in `cert`, in `event`, in RelayState, in what an Action logs. */
function withoutPrivateKeys(value: unknown): unknown {
  if (typeof value === 'string') return withoutPrivateKey(value);
  if (Array.isArray(value)) return value.map(withoutPrivateKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [withoutPrivateKey(name), withoutPrivateKeys(member)]),
  );
}
const withoutPrivateKey = (text: string): string => (text.includes('PRIVATE KEY-----') ? SECRET : text);

/** The clock at the instant of issue. */
const issuedAt = ({ now, finishedAt, createdAt }: Transaction): Date =>
  new Date(now ?? finishedAt ?? createdAt);

function inspectSaml(transaction: Transaction, tenant: InspectedTenant): SamlInspection | null {
  const { result, saml } = transaction;
  if (!saml || saml.acsUrl === null || !result || !('SAMLResponse' in result)) return null;
  const { SAMLResponse } = result satisfies SamlResult;
  const { settings } = effectiveConfiguration(transaction.samlLayers);
  const xml = Buffer.from(SAMLResponse, 'base64').toString('utf8');
  const { assertionXml = null, ...verification } = verifySamlResponse(
    { SAMLResponse },
    {
      certificates: certificatesOf(transaction, tenant),
      ...(transaction.assertionXml !== null && { keptAssertionXml: transaction.assertionXml }),
      audience: settings.audience.value ?? saml.authnRequest?.issuer ?? saml.entityId ?? saml.acsUrl,
      recipient: settings.recipient.value ?? saml.acsUrl,
      destination: settings.destination.value ?? saml.acsUrl,
      inResponseTo: saml.authnRequest?.id ?? null,
      now: issuedAt(transaction),
    },
  );
  return {
    xml,
    assertionXml,
    summary: summariseResponse(xml, assertionXml ?? undefined),
    verification,
  };
}

/** The one that is meant to have signed. An error Response does not say which, so any that may have. */
function certificatesOf(
  { signedWith, samlLayers }: Transaction,
  { certificates }: InspectedTenant,
): string[] {
  const { cert } = effectiveConfiguration(samlLayers).settings;
  if (cert.value !== undefined && (signedWith === null || signedWith.startsWith('certificate ')))
    return [cert.value];
  return certificates.filter(({ kid }) => signedWith === null || kid === signedWith).map(({ pem }) => pem);
}

const authorizationOf = ({ result }: Transaction): AuthorizationResult | null =>
  result && 'redirectUri' in result ? result : null;

/** Whichever way they were handed out. */
function tokensIn({ result }: Transaction): {
  readonly id_token: string | undefined;
  readonly access_token: string | undefined;
} {
  const handed: Readonly<Record<string, unknown>> =
    result === null ? {} : 'redirectUri' in result ? result.parameters : { ...result };
  const text = (name: string): string | undefined => {
    const token = handed[name];
    return typeof token === 'string' ? token : undefined;
  };
  return { id_token: text('id_token'), access_token: text('access_token') };
}

async function inspectTokens(
  transaction: Transaction,
  tenant: InspectedTenant,
): Promise<Inspection['tokens']> {
  const { oidc, clientId } = transaction;
  if (!oidc || clientId === null) return {};
  const { id_token: idToken, access_token: accessToken } = tokensIn(transaction);
  const { audience, nonce } = oidc;
  const expected = { keys: tenant.jwks, issuer: tenant.issuer, now: issuedAt(transaction) };
  const inspectJwt = async (
    token: 'id_token' | 'access_token',
    jwt: string,
    more: { readonly audience?: string; readonly nonce?: string },
  ): Promise<JwtInspection> => {
    const { header, payload } = decodeJwt(jwt);
    return {
      jwt,
      header,
      payload,
      claims: payload ? claimsView(transaction, token, payload) : [],
      verification: await verifyJwt(jwt, { ...expected, ...more }),
    };
  };
  return {
    ...(idToken !== undefined && {
      id_token: await inspectJwt('id_token', idToken, {
        audience: clientId,
        ...(nonce !== undefined && { nonce }),
      }),
    }),
    ...(accessToken !== undefined && {
      access_token:
        audience === undefined
          ? { jwt: null, opaque: accessToken, detail: OPAQUE }
          : await inspectJwt('access_token', accessToken, { audience }),
    }),
  };
}
const OPAQUE =
  'The access token is opaque: a random text that only this server can look up. With an audience (oidc.audience, or the tenant’s default_audience) it would be a JWT.';
