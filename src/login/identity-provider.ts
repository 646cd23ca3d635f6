/** What a service provider is told of us: the same whether it reads metadata or a person copies it from a page. */
import { X509Certificate } from 'node:crypto';
import type { IdpMetadata } from '../protocol/saml/idp-metadata.js';
import { der } from '../protocol/saml/key-pairs.js';
import { readCertificate } from '../protocol/saml/pem.js';
import type { Client } from '../tenant/client.js';
import type { SigningKey } from '../tenant/signing-key.js';
import { entityIdOf, type TenantSettings } from '../tenant/tenant-settings.js';
import { logoutUrls, ssoUrls } from './endpoints.js';

export interface IdentityProvider {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly sloUrl: string;
  readonly metadataUrl: string;
  /** The first signs now; the others are earlier ones that are still good. */
  readonly certificates: readonly X509Certificate[];
  readonly wantAuthnRequestsSigned: boolean;
}

/**
 * As the client's service provider sees it, which its `issuer` and `cert` may change; as all of them do, where there is no client.
 * `keys` are the published ones, the current one first. URLs come from `baseUrl`, which no Host header reaches.
 */
export function identityProviderOf(
  client: Client | null,
  tenant: {
    readonly settings: TenantSettings;
    readonly keys: readonly SigningKey[];
    readonly baseUrl: string;
  },
): IdentityProvider {
  const { baseUrl, keys, settings } = tenant;
  const { issuer, cert, signingCert } = client?.addons.samlp ?? {};
  const [own, shared] = [0, 1] as const;
  const which = client ? own : shared;
  const clientId = client?.client_id ?? '';
  return {
    entityId: issuer ?? entityIdOf(settings),
    ssoUrl: ssoUrls(baseUrl, clientId)[which],
    sloUrl: logoutUrls(baseUrl, clientId)[which],
    metadataUrl: `${baseUrl}/samlp/metadata${client ? `/${encodeURIComponent(clientId)}` : ''}`,
    certificates:
      cert === undefined
        ? keys
            .filter(({ alg }) => alg === 'RS256')
            .flatMap(({ certificatePem }) =>
              certificatePem === null ? [] : [new X509Certificate(certificatePem)],
            )
        : [readCertificate(cert, { name: 'cert', pointer: '/addons/samlp/cert' })],
    wantAuthnRequestsSigned: signingCert !== undefined,
  };
}

export const metadataOf = (idp: IdentityProvider): IdpMetadata => ({
  entityId: idp.entityId,
  certificates: idp.certificates.map(der),
  singleSignOnUrl: idp.ssoUrl,
  singleLogoutUrl: idp.sloUrl,
  wantAuthnRequestsSigned: idp.wantAuthnRequestsSigned,
});
