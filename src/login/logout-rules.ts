/** Which LogoutRequests and LogoutResponses are taken (saml-output.md 9.2, 15). Rules only: nothing is decoded here, nothing looked up. */
import { readInstant } from '../protocol/saml/instant.js';
import type { LogoutRequest } from '../protocol/saml/logout-request.js';
import type { LogoutResponse } from '../protocol/saml/logout-response.js';
import type { ReceivedMessage } from '../protocol/saml/received-message.js';
import { quote } from '../protocol/saml/quote.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { SessionParticipant } from '../tenant/session.js';

type Received = Pick<LogoutRequest | LogoutResponse, 'version' | 'issuer' | 'destination'>;

/**
 * Whether a message says that it is by the SP `entityId`; where nobody knows its entity ID, everyone may be. Throws SamlError
 * `saml_issuer_unknown`.
 */
export function checkLogoutIssuer(
  { issuer }: Pick<Received, 'issuer'>,
  sp: { readonly entityId: string | undefined; readonly clientId: string },
): void {
  if (sp.entityId === undefined || sp.entityId === issuer) return;
  throw new SamlError(
    'saml_issuer_unknown',
    `the Issuer of the message is ${quote(issuer)}, and the entity ID of the client ${sp.clientId} is ${quote(sp.entityId)}: ` +
      'set addons.samlp.entityId to what the service provider calls itself, or correct its logout URL',
  );
}

/** Throws SamlError `saml_request_version`, `saml_logout_invalid`. NotOnOrAfter is taken at its word (SAML Core 3.7.1). */
export function checkLogoutRequest(
  request: LogoutRequest,
  arrival: { readonly endpoints: readonly string[]; readonly isSigned: boolean; readonly now: Date },
): void {
  checkMessage('LogoutRequest', request, arrival);
  const { notOnOrAfter } = request;
  if (notOnOrAfter === undefined || arrival.now.getTime() < (readInstant(notOnOrAfter) ?? Infinity)) return;
  throw invalid(
    `the LogoutRequest was good until ${notOnOrAfter}, and it is ${arrival.now.toISOString()} here: send a fresh one, or compare the clocks`,
  );
}

/** Throws SamlError as `checkLogoutRequest` does. */
export const checkLogoutResponse = (
  response: LogoutResponse,
  arrival: { readonly endpoints: readonly string[]; readonly isSigned: boolean },
): void => checkMessage('LogoutResponse', response, arrival);

/** SAML Core 3.2.1, SAML Bindings 3.4.5.2, 3.5.5.2. */
function checkMessage(
  what: string,
  { version, destination }: Received,
  { endpoints, isSigned }: { readonly endpoints: readonly string[]; readonly isSigned: boolean },
): void {
  if (version !== '2.0')
    throw new SamlError(
      'saml_request_version',
      `the ${what} has Version ${quote(version)}: only "2.0" is spoken here`,
    );
  if (destination === undefined) {
    if (!isSigned) return;
    throw invalid(
      `the ${what} is signed and has no Destination, without which it could be replayed at another identity provider`,
    );
  }
  if (endpoints.includes(destination)) return;
  throw invalid(
    `the Destination ${quote(destination)} of the ${what} is not where it arrived: set the SP’s logout URL of the identity provider to ${endpoints.map(quote).join(' or ')}`,
  );
}

/** Whether a message brought a signature along, verified or not. */
export const bringsSignature = (
  arrival: ReceivedMessage,
  { signed }: { readonly signed: boolean },
): boolean => (arrival.query === undefined ? signed : /(?:^|&)Signature=/.test(arrival.query));

/**
 * Those of an SP's participants that its LogoutRequest means (SAML Core 3.3.4, 3.7.3.2): the identical name, its format and qualifiers
 * where they are given, and one of the SessionIndex values, or all sessions where it has none.
 */
export function participantsMeant(
  participants: readonly SessionParticipant[],
  { nameId, sessionIndexes, issuer }: Pick<LogoutRequest, 'nameId' | 'sessionIndexes' | 'issuer'>,
  /** What we are called towards the SP. */
  idpEntityId: string,
): SessionParticipant[] {
  // the NameID of our assertions has no qualifiers, which stand for the two parties then (SAML Core 8.3.7)
  const isQualifiedElsewhere =
    (nameId.nameQualifier ?? idpEntityId) !== idpEntityId || (nameId.spNameQualifier ?? issuer) !== issuer;
  if (isQualifiedElsewhere) return [];
  return participants.filter(
    (participant) =>
      participant.nameId === nameId.value &&
      (nameId.format ?? participant.format) === participant.format &&
      (sessionIndexes.length === 0 || sessionIndexes.includes(participant.sessionIndex)),
  );
}

const invalid = (description: string): SamlError => new SamlError('saml_logout_invalid', description);
