/** A message of ours as a browser carries it to a service provider: a URL on HTTP-Redirect, a form on HTTP-POST (SAML Bindings 3.4, 3.5). */
import { DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import type { XmlElement } from '../xml/element.js';
import { signEnveloped, type SignatureMethods, type SigningPair } from '../xml/signature.js';
import { serialise } from '../xml/writer.js';
import { SIGNATURE_INDEX } from './assertion.js';
import type { MessageMember } from './form-members.js';
import { BINDINGS, type Binding } from './names.js';
import { writeRedirect } from './redirect-binding.js';

export type OutgoingMessage =
  | {
      readonly binding: (typeof BINDINGS)['httpRedirect'];
      readonly url: string;
      /** The document that is in it. */
      readonly xml: string;
    }
  | {
      readonly binding: (typeof BINDINGS)['httpPost'];
      readonly action: string;
      readonly fields: Readonly<Record<string, string>>;
      readonly xml: string;
    };

const METHODS: SignatureMethods = {
  signature: SIGNATURE_ALGORITHMS['rsa-sha256'],
  digest: DIGEST_ALGORITHMS.sha256,
  inclusive: [],
};

/**
 * `tree`, signed as the binding has it: over the query on HTTP-Redirect, enveloped after its Issuer on HTTP-POST. Throws SamlError
 * `saml_illegal_characters`, or `saml_algorithm_unsupported` where this machine's policy forbids the algorithm.
 */
export function sendMessage(
  name: MessageMember,
  tree: XmlElement,
  to: { readonly binding: Binding; readonly location: string },
  more: {
    readonly relayState?: string;
    readonly pair: SigningPair;
    readonly methods?: SignatureMethods;
  },
): OutgoingMessage {
  const { relayState, pair, methods = METHODS } = more;
  if (to.binding === BINDINGS.httpRedirect) {
    const xml = serialise(tree);
    const signer = { key: pair.privateKey, algorithm: methods.signature };
    const query = writeRedirect(name, xml, { relayState, signer });
    return { binding: to.binding, url: withQuery(to.location, query), xml };
  }
  const xml = serialise(signEnveloped(tree, SIGNATURE_INDEX, pair, methods));
  const fields = {
    [name]: Buffer.from(xml).toString('base64'),
    ...(relayState !== undefined && { RelayState: relayState }),
  };
  return { binding: to.binding, action: to.location, fields, xml };
}

/** A location may bring a query of its own, and a fragment, which stays at the end (RFC 3986 3). */
function withQuery(location: string, query: string): string {
  const hash = location.indexOf('#');
  const [address, fragment] = hash === -1 ? [location, ''] : [location.slice(0, hash), location.slice(hash)];
  const joint = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${joint}${query}${fragment}`;
}
