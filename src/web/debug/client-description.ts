/** A client with what its service provider, or its application, has to know: one value for the page and for programs. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { IdentityProvider } from '../../login/identity-provider.js';
import type { DiscoveryDocument } from '../../protocol/jwt/discovery.js';
import { fingerprint } from '../../protocol/saml/key-pairs.js';
import { clientView } from '../../tenant/client-changes.js';
import type { Client } from '../../tenant/client.js';
import { entityIdOfServiceProvider } from '../../tenant/saml-addon.js';
import { oauthSettingsOf } from '../../tenant/oauth-settings.js';
import { SECRET } from '../../tenant/secret.js';
import { applicationOf, canSpeakOidc } from '../pages/rp-settings/application.js';
import { readyApplicationSettings } from '../pages/rp-settings/ready-settings.js';
import { readySettings, type ReadySettings } from '../pages/sp-settings/ready-settings.js';
import { relationshipOf, type Relationship } from '../pages/sp-settings/relationship.js';

export interface CertificateDescription {
  readonly pem: string;
  /** Hex. */
  readonly fingerprint_sha256: string;
  readonly fingerprint_sha1: string;
  /** ISO instants. */
  readonly not_before: string;
  readonly not_after: string;
}

export interface ClientDescription {
  readonly client: Client;
  /** What to paste into the service provider; `null` for a client that speaks no SAML. */
  readonly identity_provider: {
    readonly entity_id: string;
    readonly sso_url: string;
    readonly slo_url: string;
    readonly metadata_url: string;
    /** The first signs now. */
    readonly certificates: readonly CertificateDescription[];
    readonly name_id_format: string | null;
    readonly requests_must_be_signed: boolean;
    /** Opens a login that begins here; `null` where the client wants none. */
    readonly idp_initiated_url: string | null;
  } | null;
  /** What to paste into the application; `null` for a client that is a SAML service provider only. */
  readonly openid_provider: {
    readonly issuer: string;
    readonly discovery_url: string;
    readonly authorization_endpoint: string;
    readonly token_endpoint: string;
    readonly userinfo_endpoint: string;
    readonly end_session_endpoint: string;
    readonly jwks_uri: string;
    readonly token_endpoint_auth_methods: readonly string[];
    readonly grant_types: readonly string[];
  } | null;
  readonly relationship: Relationship | null;
  readonly settings: readonly ReadySettings[];
  /** What will keep a login from working, in words. */
  readonly obstacles: readonly string[];
}

export function describeClient(
  client: Client,
  idp: IdentityProvider,
  provider: DiscoveryDocument,
): ClientDescription {
  const { samlp } = client.addons;
  const relationship = relationshipOf(client, idp);
  const application = applicationOf(client, provider);
  return {
    client: withoutClientSecret(clientView(client)),
    identity_provider: samlp
      ? {
          entity_id: idp.entityId,
          sso_url: idp.ssoUrl,
          slo_url: idp.sloUrl,
          metadata_url: idp.metadataUrl,
          certificates: idp.certificates.map(describeCertificate),
          name_id_format: relationship?.nameIDFormat ?? null,
          requests_must_be_signed: idp.wantAuthnRequestsSigned,
          idp_initiated_url: samlp.allowIdpInitiated === false ? null : idp.ssoUrl,
        }
      : null,
    openid_provider: canSpeakOidc(client) ? openidProviderOf(client, provider) : null,
    relationship,
    settings: [
      ...(relationship ? readySettings(relationship) : []),
      ...(application ? readyApplicationSettings(application) : []),
    ],
    obstacles: [
      ...samlObstaclesOf(client),
      ...(canSpeakOidc(client) ? oidcObstaclesOf(client, provider) : []),
    ],
  };
}

function openidProviderOf(
  client: Client,
  provider: DiscoveryDocument,
): NonNullable<ClientDescription['openid_provider']> {
  const { issuer, authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri } = provider;
  const { authMethods, grantTypes } = oauthSettingsOf(client);
  return {
    issuer,
    discovery_url: `${issuer}.well-known/openid-configuration`,
    authorization_endpoint,
    token_endpoint,
    userinfo_endpoint,
    end_session_endpoint: provider.end_session_endpoint,
    jwks_uri,
    token_endpoint_auth_methods: authMethods,
    grant_types: grantTypes,
  };
}

function describeCertificate(certificate: X509Certificate): CertificateDescription {
  return {
    pem: certificate.toString(),
    fingerprint_sha256: fingerprint(certificate),
    fingerprint_sha1: createHash('sha1').update(certificate.raw).digest('hex'),
    not_before: new Date(certificate.validFrom).toISOString(),
    not_after: new Date(certificate.validTo).toISOString(),
  };
}

/** Nobody looks at the page of a service provider for its OAuth secret. */
const withoutClientSecret = (client: Client): Client => ({ ...client, client_secret: SECRET });

function samlObstaclesOf({ addons: { samlp }, callbacks, client_id }: Client): string[] {
  if (!samlp) return [];
  const address = `PATCH /api/v2/clients/${client_id}`;
  const entityId = entityIdOfServiceProvider(samlp);
  return [
    ...(callbacks.length === 0
      ? [
          `It has no callbacks, so no response can be delivered: add the ACS URL of the service provider by \`${address}\`.`,
        ]
      : []),
    ...(entityId === undefined
      ? [
          'It has no entity ID, so the shared URLs without a client id do not find it: set `addons.samlp.entityId`.',
        ]
      : []),
    ...(samlp.audience !== undefined && samlp.entityId !== undefined && samlp.audience !== samlp.entityId
      ? [
          `Its audience is ${samlp.audience}, and its entity ID ${samlp.entityId}: a service provider that is not told to expect that refuses the response.`,
        ]
      : []),
    ...((samlp.cert === undefined) !== (samlp.key === undefined)
      ? ['Of `cert` and `key` only one is set, so no response can be signed: set both, or neither.']
      : []),
  ];
}

function oidcObstaclesOf(client: Client, { issuer }: DiscoveryDocument): string[] {
  const { callbacks, allowed_logout_urls: logoutUrls, web_origins: origins, client_id } = client;
  const address = `PATCH /api/v2/clients/${client_id}`;
  const { grantTypes, authMethods, dialect } = oauthSettingsOf(client);
  const isPublic = authMethods.includes('none');
  const hasCode = grantTypes.includes('authorization_code');
  // a machine has neither browser nor callbacks, and wants none
  if (!hasCode && callbacks.length === 0) return [];
  return [
    ...(callbacks.length === 0 && !client.addons.samlp
      ? [
          `It has no callbacks, so no browser can come back to it after a login: add the redirect URI of the application by \`${address}\`.`,
        ]
      : []),
    ...(hasCode
      ? []
      : [
          `Its \`grant_types\` lack \`authorization_code\`, so it cannot redeem the code of a login: add it by \`${address}\`.`,
        ]),
    ...(hasCode && !grantTypes.includes('refresh_token')
      ? ['Its `grant_types` lack `refresh_token`, so `offline_access` gives it none.']
      : []),
    ...(issuer.startsWith('http:') && dialect !== 'notion'
      ? [
          `The issuer ${issuer} is http, which SDKs that know a tenant by its domain refuse (auth0-auth-js, nextjs-auth0, passport-auth0, auth0): start with \`MINTMARK_TLS=self\` for them.`,
        ]
      : []),
    ...(dialect === 'notion' ? [] : otherNamesOf(client, issuer)),
    ...(isPublic && client.app_type === 'spa' && origins.length === 0
      ? [
          `It has no \`web_origins\`, so a page cannot ask silently whether somebody is logged in: add the origin of the application by \`${address}\`.`,
        ]
      : []),
    ...(logoutUrls.length === 0 && dialect !== 'notion'
      ? [
          `It has no \`allowed_logout_urls\`, so that a logout does not come back to the application: add where to by \`${address}\`.`,
        ]
      : []),
  ];
}

const isAtLocalhost = (url: string): boolean => URL.canParse(url) && new URL(url).hostname === 'localhost';

/** To a browser the two names of one machine are two sites, and to a relying party two issuers. */
function otherNamesOf({ callbacks, web_origins: origins }: Client, issuer: string): string[] {
  const { hostname } = new URL(issuer);
  if (hostname !== '127.0.0.1' || ![...callbacks, ...origins].some(isAtLocalhost)) return [];
  const baseUrl = issuer.replace(hostname, 'localhost').replace(/\/$/, '');
  return [
    `It is on localhost, and the issuer on ${hostname}: to a browser those are two sites, so a page cannot ask silently whether somebody is logged in; and discovery at ${baseUrl} is of another issuer. Start with \`BASE_URL=${baseUrl}\`.`,
  ];
}
