import { apache } from '../sp-settings/literals.js';
import { hasSecret, type Application } from './application.js';

/** mod_auth_openidc 2.4, in a virtual host of Apache. */
export const modAuthOpenidc = (of: Application): string =>
  [
    ...(of.isSecure
      ? [
          '# Where a local authority signs for us: OIDCCABundlePath "/etc/apache2/mintmark-ca.pem", which is /ca.pem here.',
        ]
      : []),
    `OIDCProviderMetadataURL ${apache(`${of.provider.issuer}.well-known/openid-configuration`)}`,
    `OIDCClientID ${apache(of.clientId)}`,
    ...(hasSecret(of) ? ['OIDCClientSecret "exec:/bin/cat /etc/apache2/mintmark-client-secret"'] : []),
    `OIDCProviderTokenEndpointAuth ${of.authMethod}`,
    '# a path of its own that nothing is served at; the module answers there',
    `OIDCRedirectURI ${apache(of.redirectUri)}`,
    'OIDCCryptoPassphrase "exec:/bin/cat /etc/apache2/session-secret"',
    `OIDCScope ${apache(of.scope)}`,
    'OIDCPKCEMethod S256',
    ...(of.alg === 'RS256' ? [] : [`OIDCIDTokenSignedResponseAlg ${of.alg}`]),
    '<Location "/">',
    '    AuthType openid-connect',
    '    Require valid-user',
    '</Location>',
    '',
  ].join('\n');
