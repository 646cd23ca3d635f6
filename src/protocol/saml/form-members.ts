/** Reads the members of a query or a form, which are written alike (application/x-www-form-urlencoded), and strictly: no reader may see another message. */
import { SamlError } from './saml-error.js';

/** What is read, for messages. */
export type Carrier = 'query' | 'form';

/** In characters. A form carries certificates, and percent escapes may treble a message. */
const LONGEST: Readonly<Record<Carrier, number>> = { query: 65_536, form: 262_144 };

const MEMBERS = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding'] as const;
type MemberName = (typeof MEMBERS)[number];
/** The member that holds the message (SAML Bindings 3.4.4, 3.5.4). */
export type MessageMember = Extract<MemberName, 'SAMLRequest' | 'SAMLResponse'>;

/** One member: as it stands, which is what a signature covers, and what it says. */
interface Member {
  readonly raw: string;
  readonly value: string;
}
export type Members = { readonly [Name in MemberName]?: Member };

/**
 * The members of SAML that `text` has; all others are passed over. Throws SamlError `saml_message_too_large`, or `saml_request_binding` for a
 * member that stands twice (the parsed and the signed one could differ), two messages, and a value that is no text: it could not be echoed.
 */
export function readMembers(text: string, carrier: Carrier): Members {
  if (text.length > LONGEST[carrier])
    throw new SamlError(
      'saml_message_too_large',
      `the ${carrier} has ${text.length} characters; at most ${LONGEST[carrier]} are read${carrier === 'query' ? ', larger messages go by HTTP-POST' : ''}`,
    );
  const found: { [Name in MemberName]?: Member } = {};
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    const spelt = decode(equals === -1 ? part : part.slice(0, equals));
    const name = MEMBERS.find((each) => each === spelt);
    if (name === undefined) continue;
    if (found[name]) throw unreadable(carrier, `${name} stands twice in it`);
    const raw = equals === -1 ? '' : part.slice(equals + 1);
    found[name] = { raw, value: valueOf(raw, name, carrier) };
  }
  if (found.SAMLRequest && found.SAMLResponse)
    throw unreadable(carrier, 'it has a SAMLRequest and a SAMLResponse; a message is one or the other');
  return found;
}

function valueOf(raw: string, name: MemberName, carrier: Carrier): string {
  // a form is UTF-8 as it arrives, but nobody can tell which bytes such characters of a URL were
  if (carrier === 'query' && /[^ -~]/.test(raw))
    throw unreadable(carrier, `${name} has characters that are not percent-encoded`);
  const value = decode(raw);
  if (value === undefined)
    throw unreadable(
      carrier,
      `${name} has a percent sign that begins no escape of UTF-8; write a percent sign as %25 and text as UTF-8`,
    );
  if (value.includes('\0'))
    throw unreadable(carrier, `${name} holds U+0000, which no form of HTML can carry back`);
  return value;
}

/** `+` is a space; `undefined` where an escape is broken, or is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

export const unreadable = (carrier: Carrier, detail: string): SamlError =>
  new SamlError('saml_request_binding', `the message cannot be read from the ${carrier}: ${detail}`);
