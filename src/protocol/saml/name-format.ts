/** Attribute/@NameFormat inferred from the attribute's name (SAML Core 2.7.3.1, 8.2; the rules in saml-output.md 5.1). */
import { NAME_FORMATS } from './names.js';

/** RFC 3986 3.1 scheme, then only characters of 2.2 and 2.3 or whole percent escapes; nothing need follow the colon. */
const absoluteUri = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;

const nameStart =
  ':A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
/** XML 1.0 2.3 `Name`. */
const xmlName = new RegExp(
  `^[${nameStart}][${nameStart}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040]*$`,
  'u',
);

/** The NameFormat of `name`: `uri`, else `basic`, else `unspecified`, in that order. */
export const nameFormatOf = (name: string): string =>
  absoluteUri.test(name)
    ? NAME_FORMATS.uri
    : xmlName.test(name)
      ? NAME_FORMATS.basic
      : NAME_FORMATS.unspecified;
