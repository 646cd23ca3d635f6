/** Namespaces in XML 1.0, 4: `NCName`, an XML name without a colon. The type of every ID in SAML (SAML Core 1.3.4). */
const start =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';

/** Source of a regular expression with the flag `u`. */
export const NCNAME = `[${start}][${start}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*`;

const whole = new RegExp(`^${NCNAME}$`, 'u');
export const isNCName = (text: string): boolean => whole.test(text);
