import { BINDINGS } from '../../../protocol/saml/names.js';
import { php } from './literals.js';
import { needsKey, type Relationship } from './relationship.js';

/** SimpleSAMLphp 2: `config/authsources.php`. */
export function simpleSamlPhpSource(of: Relationship): string {
  const { idp, sp, wantsSigned, encrypts } = of;
  return [
    '<?php',
    '',
    '// Its ACS URL follows from baseurlpath and the name of this entry: .../module.php/saml/sp/saml2-acs.php/default-sp.',
    '// The client must list that very URL among its callbacks; importing the metadata of this SP does it.',
    '$config = [',
    "    'default-sp' => [",
    "        'saml:SP',",
    `        'entityID' => ${php(sp.entityId)},`,
    `        'idp' => ${php(idp.entityId)},`,
    `        'NameIDPolicy' => ['Format' => ${php(of.nameIDFormat)}, 'AllowCreate' => true],`,
    `        'WantAssertionsSigned' => ${of.signs.assertion},`,
    `        'sign.authnrequest' => ${wantsSigned.requests},`,
    `        'sign.logout' => ${wantsSigned.logout},`,
    ...(encrypts ? ["        'assertion.encryption' => true,"] : []),
    ...(needsKey(of)
      ? [
          '        // in cert/: the pair whose certificate the client lists',
          "        'privatekey' => 'sp.key.pem',",
          "        'certificate' => 'sp.crt.pem',",
        ]
      : []),
    '    ],',
    '];',
    '',
  ].join('\n');
}

/** SimpleSAMLphp 2: `metadata/saml20-idp-remote.php`. */
export function simpleSamlPhpIdp({ idp }: Relationship): string {
  const endpoint = (service: string, url: string): string[] => [
    `    '${service}' => [`,
    ...Object.values(BINDINGS).flatMap((binding) => [
      `        ['Binding' => ${php(binding)}, 'Location' => ${php(url)}],`,
    ]),
    '    ],',
  ];
  return [
    '<?php',
    '',
    `$metadata[${php(idp.entityId)}] = [`,
    `    'entityid' => ${php(idp.entityId)},`,
    ...endpoint('SingleSignOnService', idp.ssoUrl),
    ...endpoint('SingleLogoutService', idp.sloUrl),
    "    'keys' => [",
    ...idp.certificates.flatMap((pem) => [
      '        [',
      "            'signing' => true,",
      "            'encryption' => false,",
      "            'type' => 'X509Certificate',",
      `            'X509Certificate' => ${php(pem.replace(/-----[^-]+-----|\s/g, ''))},`,
      '        ],',
    ]),
    '    ],',
    '];',
    '',
  ].join('\n');
}
