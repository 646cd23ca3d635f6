import { apache } from './literals.js';
import type { Relationship } from './relationship.js';

const ACS = '/postResponse';

/** mod_auth_mellon 0.17 or later, in a virtual host of Apache. */
export function mellon({ idp, sp }: Relationship): string {
  const { pathname, protocol } = new URL(sp.acsUrl);
  const isMellons = pathname.endsWith(ACS) && pathname.length > ACS.length;
  const isSecure = protocol === 'https:';
  return [
    '# Once, beside the key and the certificate of this service provider:',
    `#   curl -o /etc/apache2/mellon/mintmark-metadata.xml ${idp.metadataUrl}`,
    ...(isMellons
      ? []
      : [
          '# Its ACS URL is MellonEndpointPath and /postResponse: the client must list that URL among its callbacks.',
        ]),
    '<Location "/">',
    '    MellonEnable "info"',
    `    MellonEndpointPath ${apache(isMellons ? pathname.slice(0, -ACS.length) : '/mellon')}`,
    `    MellonSPentityId ${apache(sp.entityId)}`,
    '    MellonSPPrivateKeyFile "/etc/apache2/mellon/sp.key.pem"',
    '    MellonSPCertFile "/etc/apache2/mellon/sp.crt.pem"',
    '    MellonIdPMetadataFile "/etc/apache2/mellon/mintmark-metadata.xml"',
    '    MellonSignatureMethod rsa-sha256',
    '    MellonUser "NAME_ID"',
    // the response is a post from another site
    ...(isSecure ? ['    MellonSecureCookie On', '    MellonCookieSameSite None'] : []),
    '</Location>',
    '<Location "/protected">',
    '    AuthType "Mellon"',
    '    MellonEnable "auth"',
    '    Require valid-user',
    '</Location>',
    '',
  ].join('\n');
}
