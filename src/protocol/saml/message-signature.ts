/**
 * The signature of a message from an SP, whichever binding brought it: over the query on HTTP-Redirect (SAML Bindings 3.4.4.1),
 * enveloped in the message otherwise (SAML Core 5.4).
 */
import type { X509Certificate } from 'node:crypto';
import type { Binding } from './names.js';

/** How a message came, as far as its signature is concerned. */
export interface Arrival {
  readonly binding?: Binding;
  /** The query as it arrived, without `?`, on HTTP-Redirect. */
  readonly query?: string;
}

/**
 * The certificate that the message was signed with. Throws SamlError, the four cases apart (saml-output.md 9.4): `saml_request_unsigned`,
 * `saml_sigalg_missing`, `saml_sigalg_unsupported`, `saml_request_signature`. `read` reads the octets that are signed once more,
 * and what it yields must be what `message` says.
 */
export function verifyMessageSignature<Message extends { readonly xml: string; readonly signed: boolean }>(
  arrival: Arrival,
  message: Message,
  read: (xml: string) => Message,
  certificates: readonly X509Certificate[],
  options: { readonly acceptSha1?: boolean } = {},
): X509Certificate {
  throw new TypeError(`not written yet: ${[arrival, message, read, certificates, options].length}`);
}
