import { ruby } from './literals.js';
import { needsKey, type Relationship } from './relationship.js';

/** Settings of ruby-saml 1.13 or later. */
export function rubySaml(of: Relationship): string {
  const { idp, sp, wantsSigned } = of;
  return [
    "require 'onelogin/ruby-saml'",
    '',
    'settings = OneLogin::RubySaml::Settings.new',
    `settings.sp_entity_id = ${ruby(sp.entityId)}`,
    `settings.assertion_consumer_service_url = ${ruby(sp.acsUrl)}`,
    ...(sp.sloUrl === undefined
      ? []
      : [
          `settings.single_logout_service_url = ${ruby(sp.sloUrl)}`,
          `settings.single_logout_service_binding = ${ruby(sp.sloBinding)}`,
        ]),
    `settings.name_identifier_format = ${ruby(of.nameIDFormat)}`,
    `settings.idp_entity_id = ${ruby(idp.entityId)}`,
    `settings.idp_sso_service_url = ${ruby(idp.ssoUrl)}`,
    'settings.idp_sso_service_binding = :redirect',
    `settings.idp_slo_service_url = ${ruby(idp.sloUrl)}`,
    'settings.idp_slo_service_binding = :redirect',
    'settings.idp_cert_multi = {',
    '  signing: [',
    ...idp.certificates.map((pem) => `${ruby(pem)},`),
    '  ],',
    '  encryption: [],',
    '}',
    `settings.security[:want_assertions_signed] = ${of.signs.assertion}`,
    `settings.security[:authn_requests_signed] = ${wantsSigned.requests}`,
    `settings.security[:logout_requests_signed] = ${wantsSigned.logout}`,
    `settings.security[:logout_responses_signed] = ${wantsSigned.logout}`,
    'settings.security[:signature_method] = XMLSecurity::Document::RSA_SHA256',
    'settings.security[:digest_method] = XMLSecurity::Document::SHA256',
    ...(needsKey(of)
      ? [
          '# the pair whose certificate the client lists',
          "settings.certificate = File.read('sp.crt.pem')",
          "settings.private_key = File.read('sp.key.pem')",
        ]
      : []),
    '',
  ].join('\n');
}
