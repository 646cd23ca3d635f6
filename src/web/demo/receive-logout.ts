/** What the demo service provider makes of a logout message: it obeys none that the identity provider has not signed for it. */
import type { IdentityProvider } from '../../login/identity-provider.js';
import { readInstant } from '../../protocol/saml/instant.js';
import { readLogoutRequest, type LogoutRequest } from '../../protocol/saml/logout-request.js';
import { readLogoutResponse, type LogoutResponse } from '../../protocol/saml/logout-response.js';
import { decodeMessage } from '../../protocol/saml/message-encoding.js';
import { verifyMessageSignature } from '../../protocol/saml/message-signature.js';
import type { ReceivedMessage } from '../../protocol/saml/received-message.js';
import { SamlError } from '../../protocol/saml/saml-error.js';
import type { DemoSp } from './demo-sp.js';

/** Throws SamlError where it cannot be read, or is not signed by `idp`, not for us, or too late. */
export function receiveLogout(
  received: ReceivedMessage | null,
  { sp, idp, now }: { readonly sp: DemoSp; readonly idp: IdentityProvider; readonly now: Date },
): LogoutRequest | LogoutResponse {
  if (!received)
    throw invalid('there is neither a SAMLRequest nor a SAMLResponse: this is where logout messages arrive');
  const xml = decodeMessage(received.encoded);
  const message =
    received.name === 'SAMLRequest'
      ? verified(received, readLogoutRequest(xml), readLogoutRequest, idp)
      : verified(received, readLogoutResponse(xml), readLogoutResponse, idp);
  const { issuer, destination } = message;
  if (issuer !== idp.entityId)
    throw invalid(`its Issuer is ${issuer}, and the identity provider is ${idp.entityId}`);
  if (destination !== sp.sloUrl)
    throw invalid(`its Destination is ${destination ?? 'missing'}, not ${sp.sloUrl}`);
  if (isLogoutRequest(message)) refuseLate(message, now);
  return message;
}

export const isLogoutRequest = (message: LogoutRequest | LogoutResponse): message is LogoutRequest =>
  'nameId' in message;

function verified<Message extends LogoutRequest | LogoutResponse>(
  received: ReceivedMessage,
  message: Message,
  read: (xml: string) => Message,
  { certificates }: IdentityProvider,
): Message {
  verifyMessageSignature(received, message, read, certificates);
  return message;
}

function refuseLate({ notOnOrAfter }: LogoutRequest, now: Date): void {
  if (notOnOrAfter === undefined || now.getTime() < (readInstant(notOnOrAfter) ?? 0)) return;
  throw invalid(`it was good until ${notOnOrAfter}, and it is ${now.toISOString()}`);
}

const invalid = (what: string): SamlError =>
  new SamlError('saml_logout_invalid', `the logout message is not obeyed: ${what}`);
