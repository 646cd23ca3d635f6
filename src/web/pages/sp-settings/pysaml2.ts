import { python } from './literals.js';
import { needsKey, type Relationship } from './relationship.js';

const boolean = (value: boolean): string => (value ? 'True' : 'False');

/** A module with the dictionary that `saml2.config.SPConfig().load` takes; pysaml2 7. */
export function pysaml2(of: Relationship): string {
  const { idp, sp, wantsSigned, encrypts } = of;
  const logout =
    sp.sloUrl === undefined
      ? []
      : [
          '                "single_logout_service": [',
          `                    (${python(sp.sloUrl)}, BINDING_HTTP_REDIRECT),`,
          '                ],',
        ];
  return [
    `from saml2 import BINDING_HTTP_POST${sp.sloUrl === undefined ? '' : ', BINDING_HTTP_REDIRECT'}`,
    '',
    'CONFIG = {',
    `    "entityid": ${python(sp.entityId)},`,
    `    "metadata": {"remote": [{"url": ${python(idp.metadataUrl)}}]},`,
    '    "service": {',
    '        "sp": {',
    `            "name": ${python(sp.name)},`,
    '            "endpoints": {',
    '                "assertion_consumer_service": [',
    `                    (${python(sp.acsUrl)}, BINDING_HTTP_POST),`,
    '                ],',
    ...logout,
    '            },',
    `            "name_id_policy_format": ${python(of.nameIDFormat)},`,
    '            "allow_unsolicited": True,',
    `            "want_assertions_signed": ${boolean(of.signs.assertion)},`,
    `            "want_response_signed": ${boolean(of.signs.response)},`,
    `            "authn_requests_signed": ${boolean(wantsSigned.requests)},`,
    `            "logout_requests_signed": ${boolean(wantsSigned.logout)},`,
    `            "logout_responses_signed": ${boolean(wantsSigned.logout)},`,
    '        },',
    '    },',
    '    "allow_unknown_attributes": True,',
    '    "accepted_time_diff": 60,',
    '    "xmlsec_binary": "/usr/bin/xmlsec1",',
    ...(needsKey(of)
      ? [
          '    # the pair whose certificate the client lists',
          '    "key_file": "sp.key.pem",',
          '    "cert_file": "sp.crt.pem",',
        ]
      : []),
    ...(encrypts
      ? ['    "encryption_keypairs": [{"key_file": "sp.key.pem", "cert_file": "sp.crt.pem"}],']
      : []),
    '}',
    '',
  ].join('\n');
}
