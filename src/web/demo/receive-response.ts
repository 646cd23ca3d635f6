/** What the demo service provider makes of a form that is posted to its ACS: it believes nothing that does not verify. */
import type { IdentityProvider } from '../../login/identity-provider.js';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { decodeBase64 } from '../../protocol/saml/message-encoding.js';
import { receivedByPost } from '../../protocol/saml/received-message.js';
import { SamlError } from '../../protocol/saml/saml-error.js';
import { summariseResponse, type ResponseSummary } from '../../protocol/saml/summary.js';
import { verifySamlResponse } from '../../protocol/saml/verification/verify-saml-response.js';
import type { Verification } from '../../protocol/verification.js';
import { decodeUtf8 } from '../../protocol/xml/parse.js';
import type { DemoSp } from './demo-sp.js';

/** Instances of one tenant may run on several machines. */
const CLOCK_SKEW_IN_SECONDS = 60;

export interface ReceivedResponse {
  readonly verification: Verification;
  /** What the response says, believed or not; `null` where it cannot be read. */
  readonly claimed: ResponseSummary | null;
  /** What may be believed: the same, where everything verifies. */
  readonly accepted: ResponseSummary | null;
  /** The document as it came; `null` where it cannot be decoded. */
  readonly xml: string | null;
  readonly RelayState: string | undefined;
  /** ID of the request of ours that it answers; it is not answered twice. */
  readonly answers: string | null;
}

/** Throws SamlError for a form that has no SAMLResponse. */
export function receiveResponse(
  form: string,
  known: {
    readonly sp: DemoSp;
    readonly idp: IdentityProvider;
    /** Requests of this browser that wait for an answer, the latest last. */
    readonly requests: readonly string[];
    readonly now: Date;
  },
): ReceivedResponse {
  const { sp, idp, requests, now } = known;
  const received = receivedByPost(form);
  if (received?.name !== 'SAMLResponse')
    throw new SamlError(
      'saml_request_invalid',
      'the form has no SAMLResponse: this is where the identity provider posts its response',
    );
  const xml = orNull(() => decodeUtf8(decodeBase64(received.encoded)));
  const inResponseTo = xml === null ? null : (orNull(() => summariseResponse(xml))?.inResponseTo ?? null);
  const asked = inResponseTo !== null && requests.includes(inResponseTo);
  const { assertionXml, ...verification } = verifySamlResponse(
    { SAMLResponse: received.encoded },
    {
      certificates: idp.certificates.map(String),
      issuer: idp.entityId,
      audience: sp.entityId,
      recipient: sp.acsUrl,
      destination: sp.acsUrl,
      // without an InResponseTo it is unsolicited, which this service provider takes
      inResponseTo: inResponseTo === null ? null : asked ? inResponseTo : (requests.at(-1) ?? null),
      now,
      clockSkewInSeconds: CLOCK_SKEW_IN_SECONDS,
    },
  );
  const claimed = xml === null ? null : orNull(() => summariseResponse(xml, assertionXml));
  return {
    verification,
    claimed,
    accepted: verification.valid && assertionXml !== undefined ? claimed : null,
    xml,
    RelayState: received.RelayState,
    answers: asked ? inResponseTo : null,
  };
}

function orNull<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof MintmarkError) return null;
    throw error;
  }
}
