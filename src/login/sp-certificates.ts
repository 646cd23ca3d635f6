import type { X509Certificate } from 'node:crypto';
import type { PemField } from '../protocol/saml/pem.js';
import type { SamlAddon } from '../tenant/saml-addon.js';

/**
 * Those of a service provider, any of which may verify its messages: while it changes its key it signs with the one or the other.
 * Throws SamlError `saml_pem_invalid`.
 */
export function certificatesOfServiceProvider(
  { signingCert, spCertificates = [] }: SamlAddon,
  readCertificate: (pem: string, field: PemField) => X509Certificate,
): X509Certificate[] {
  const pointer = '/addons/samlp';
  return [
    ...(signingCert === undefined
      ? []
      : [readCertificate(signingCert, { name: 'signingCert', pointer: `${pointer}/signingCert` })]),
    ...spCertificates.map((pem, index) =>
      readCertificate(pem, {
        name: `spCertificates[${index}]`,
        pointer: `${pointer}/spCertificates/${index}`,
      }),
    ),
  ];
}
