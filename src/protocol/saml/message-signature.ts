/**
 * The signature of a message from an SP, whichever binding brought it: over the query on HTTP-Redirect (SAML Bindings 3.4.4.1),
 * enveloped in the message otherwise (SAML Core 5.4).
 */
import type { X509Certificate } from 'node:crypto';
import { verifyEnveloped, type SignedMessage } from './enveloped-signature.js';
import { BINDINGS, type Binding } from './names.js';
import { verifyRedirect } from './redirect-binding.js';

/** How a message came, as far as its signature is concerned. Without a binding somebody handed it over, and only an enveloped one counts. */
export interface Arrival {
  readonly binding?: Binding;
  /** The query that the message was read from, as it arrived, without `?`; on HTTP-Redirect. */
  readonly query?: string;
}

/**
 * The one of `certificates` that the message was signed with. Throws SamlError, the four cases apart (saml-output.md 9.4): `saml_request_unsigned`,
 * `saml_sigalg_missing`, `saml_sigalg_unsupported`, `saml_request_signature`. Where the signature is enveloped, `read` reads the octets
 * that are signed once more, and what it yields must be what `message` says.
 */
export const verifyMessageSignature = <Message extends SignedMessage>(
  arrival: Arrival,
  message: Message,
  read: (xml: string) => Message,
  certificates: readonly X509Certificate[],
  options: { readonly acceptSha1?: boolean } = {},
): X509Certificate =>
  arrival.binding === BINDINGS.httpRedirect
    ? verifyRedirect(arrival.query ?? '', certificates, options)
    : verifyEnveloped(message, read, certificates, options);
