/** A message as a browser brings it, by HTTP-Redirect in a query or by HTTP-POST in a form (SAML Bindings 3.4, 3.5): taken out, not yet decoded. */
import { readMembers, type Members, type MessageMember } from './form-members.js';
import { BINDINGS, type Binding } from './names.js';
import { readRedirect } from './redirect-binding.js';
import { SamlError } from './saml-error.js';

export interface ReceivedMessage {
  readonly binding: Binding;
  readonly name: MessageMember;
  /** For `decodeMessage`. */
  readonly encoded: string;
  /** To be echoed as it is; an empty one that is there is not one that is missing. */
  readonly RelayState?: string;
  /** The query as it arrived, on HTTP-Redirect: a signature covers its octets. */
  readonly query?: string;
}

/**
 * The message in a query, without its `?`, as it stands in the request line; `null` where there is none. Throws SamlError
 * `saml_message_too_large` or `saml_request_binding` for what could be read in two ways, or not be echoed.
 */
export function receivedByRedirect(query: string): ReceivedMessage | null {
  const taken = takeMessage(readRedirect(query));
  return taken && { binding: BINDINGS.httpRedirect, ...taken, query };
}

/** The same of the body of a form, of the media type application/x-www-form-urlencoded. */
export function receivedByPost(form: string): ReceivedMessage | null {
  const taken = takeMessage(readMembers(form, 'form'));
  return taken && { binding: BINDINGS.httpPost, ...taken };
}

/** Far more than the standard's 80 bytes, which real SPs exceed; it is kept with each login. */
const LONGEST_RELAY_STATE = 16_384;

function takeMessage({
  SAMLRequest,
  SAMLResponse,
  RelayState,
}: Members): Pick<ReceivedMessage, 'name' | 'encoded' | 'RelayState'> | null {
  const message = SAMLRequest ?? SAMLResponse;
  if (!message) return null;
  if (RelayState && RelayState.value.length > LONGEST_RELAY_STATE)
    throw new SamlError(
      'saml_message_too_large',
      `RelayState has ${RelayState.value.length} characters; at most ${LONGEST_RELAY_STATE} are kept, and SAML Bindings 3.4.3 allows 80 bytes: have the SP keep its state, and send a name for it`,
    );
  return {
    name: SAMLRequest ? 'SAMLRequest' : 'SAMLResponse',
    encoded: message.value,
    ...(RelayState && { RelayState: RelayState.value }),
  };
}
