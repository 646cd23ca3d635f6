import { BINDINGS } from '../../../protocol/saml/names.js';
import { python } from './literals.js';
import { needsKey, type Relationship } from './relationship.js';

const boolean = (value: boolean): string => (value ? 'True' : 'False');

/** A module with the dictionary that `saml2.config.SPConfig().load` takes; pysaml2 7. */
export function pysaml2(of: Relationship): string {
  const { idp, sp, wantsSigned, encrypts } = of;
  const sloBinding = sp.sloBinding === BINDINGS.httpPost ? 'BINDING_HTTP_POST' : 'BINDING_HTTP_REDIRECT';
  const bindings = ['BINDING_HTTP_POST', ...(sp.sloUrl === undefined ? [] : [sloBinding])];
  const logout =
    sp.sloUrl === undefined
      ? []
      : [
          '                "single_logout_service": [',
          `                    (${python(sp.sloUrl)}, ${sloBinding}),`,
          '                ],',
        ];
  return [
    `from saml2 import ${[...new Set(bindings)].join(', ')}`,
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
          // what it signs with by default differs between its versions
          '    "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",',
          '    "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",',
        ]
      : []),
    ...(encrypts
      ? ['    "encryption_keypairs": [{"key_file": "sp.key.pem", "cert_file": "sp.crt.pem"}],']
      : []),
    '}',
    '',
  ].join('\n');
}
