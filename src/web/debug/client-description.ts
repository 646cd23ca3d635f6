/** A client with what its service provider has to know: one value for the page and for programs. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { IdentityProvider } from '../../login/identity-provider.js';
import { fingerprint } from '../../protocol/saml/key-pairs.js';
import { clientView } from '../../tenant/client-changes.js';
import type { Client } from '../../tenant/client.js';
import { entityIdOfServiceProvider } from '../../tenant/saml-addon.js';
import { SECRET } from '../../tenant/secret.js';
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
  readonly relationship: Relationship | null;
  readonly settings: readonly ReadySettings[];
  /** What will keep a login from working, in words. */
  readonly obstacles: readonly string[];
}

export function describeClient(client: Client, idp: IdentityProvider): ClientDescription {
  const { samlp } = client.addons;
  const relationship = relationshipOf(client, idp);
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
    relationship,
    settings: relationship ? readySettings(relationship) : [],
    obstacles: obstaclesOf(client),
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

function obstaclesOf({ addons: { samlp }, callbacks, client_id }: Client): string[] {
  const address = `PATCH /api/v2/clients/${client_id}`;
  if (!samlp)
    return [
      `It speaks no SAML: give it \`addons.samlp\`, at least \`{"addons": {"samlp": {}}}\`, by \`${address}\`.`,
    ];
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
