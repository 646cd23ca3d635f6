import { MintmarkError } from '../mintmark-error.js';

/** Every way in which reading, building, signing or encrypting SAML can fail. */
export type SamlErrorCode =
  // reading a message (saml-output.md 9.2, 9.3)
  | 'saml_message_undecodable'
  | 'saml_message_too_large'
  | 'saml_xml_forbidden'
  | 'saml_xml_malformed'
  | 'saml_request_invalid'
  | 'saml_request_version'
  | 'saml_request_binding'
  | 'saml_request_unsigned'
  | 'saml_request_signature'
  | 'saml_sigalg_missing'
  | 'saml_sigalg_unsupported'
  | 'saml_acs_not_allowed'
  | 'saml_issuer_unknown'
  | 'saml_idp_initiated_refused'
  // what a request wishes and does not get (sections 9.3, 9.6, 9.7)
  | 'saml_no_passive'
  | 'saml_name_id_policy'
  | 'saml_no_authn_context'
  | 'saml_unknown_principal'
  | 'saml_authn_failed'
  // single logout (section 15)
  | 'saml_logout_invalid'
  | 'saml_metadata_invalid'
  // the configuration (sections 2, 6, 10, 17)
  | 'saml_setting_invalid'
  | 'saml_illegal_characters'
  | 'saml_attributes_too_large'
  | 'saml_no_name_id'
  | 'saml_key_pair_incomplete'
  | 'saml_key_pair_mismatch'
  | 'saml_pem_invalid'
  | 'saml_key_too_short'
  | 'saml_algorithm_unsupported';

/** A named failure of the SAML core. `code` decides the HTTP status and the SAML status of the error Response. */
export class SamlError extends MintmarkError<SamlErrorCode> {}
