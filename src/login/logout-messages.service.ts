import { Injectable } from '@nestjs/common';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { readLogoutRequest, type LogoutRequest } from '../protocol/saml/logout-request.js';
import { readLogoutResponse, type LogoutResponse } from '../protocol/saml/logout-response.js';
import { decodeMessage } from '../protocol/saml/message-encoding.js';
import type { OutgoingMessage } from '../protocol/saml/outgoing-message.js';
import type { ReceivedMessage } from '../protocol/saml/received-message.js';
import { LogoutStore } from '../storage/logout-store.js';
import { SessionStore } from '../storage/session-store.js';
import type { Logout } from '../tenant/logout.js';
import { finish, isOver, takeAnswer, withEvents, type LogoutEvent } from './logout-chain.js';
import { LogoutError } from './logout-error.js';
import { LogoutPartiesService } from './logout-parties.service.js';
import { answerTo, responseIdOf, toldRequester, type LogoutParty } from './logout-party.js';
import { logoutIdOf } from './logout-request-id.js';
import {
  bringsSignature,
  checkLogoutIssuer,
  checkLogoutRequest,
  checkLogoutResponse,
  participantsMeant,
} from './logout-rules.js';
import { statusOfRefusal, whyNotLoggedOut } from './logout-status.js';
import { LogoutsService } from './logouts.service.js';
import { Clock } from './ports.js';

/** What became of a message. A refusal that no service provider may be told of is thrown. */
export type LogoutReception =
  /** The browser goes to the page of the logout. */
  | { readonly kind: 'go_on'; readonly logout: Logout }
  /** Refused, and the SP is told so. */
  | { readonly kind: 'answer'; readonly message: OutgoingMessage; readonly party: LogoutParty };

/** LogoutRequests and LogoutResponses that service providers send (SAML Profiles 4.4.3). */
@Injectable()
export class LogoutMessagesService {
  constructor(
    private readonly logouts: LogoutsService,
    private readonly store: LogoutStore,
    private readonly sessions: SessionStore,
    private readonly parties: LogoutPartiesService,
    private readonly clock: Clock,
  ) {}

  /**
   * A message that arrived at the logout URL of a client, or with `clientId` null at the shared one, where its Issuer names the client.
   * Throws MintmarkError where nobody but the person in front of the browser may be told.
   */
  async receive(clientId: string | null, received: ReceivedMessage): Promise<LogoutReception> {
    return received.name === 'SAMLRequest'
      ? this.#begin(clientId, received)
      : { kind: 'go_on', logout: await this.#takeAnswer(clientId, received) };
  }

  async #begin(named: string | null, received: ReceivedMessage): Promise<LogoutReception> {
    const addressed = named === null ? null : await this.parties.get(named);
    const request = readLogoutRequest(decodeMessage(received.encoded));
    const party = addressed ?? (await this.parties.named(request.issuer));
    const { clientId } = party;
    checkLogoutIssuer(request, party);
    const requester: Logout['requester'] = {
      clientId,
      requestId: request.id,
      ...(received.RelayState !== undefined && { RelayState: received.RelayState }),
    };
    const arrived: LogoutEvent = {
      name: 'request.received',
      detail: { client_id: clientId, binding: received.binding, id: request.id, xml: request.xml },
    };
    let verifiedWith: string | null;
    try {
      verifiedWith = this.#judge(party, received, request);
    } catch (error) {
      if (!(error instanceof MintmarkError)) throw error;
      return this.#refuse({ requester, request, party, arrived, error });
    }
    const meant = participantsMeant(
      await this.sessions.participantsNamed(clientId, request.nameId.value),
      request,
      party.idpEntityId,
    );
    const logout = await this.logouts.begin({
      requester,
      sessionIds: [...new Set(meant.map(({ sessionId }) => sessionId))],
      events: [arrived, authenticated(verifiedWith), ...(meant.length === 0 ? [nobody(request)] : [])],
    });
    return { kind: 'go_on', logout };
  }

  /** The fingerprint of the certificate that verified it; `null` where the client has none. */
  #judge(party: LogoutParty, received: ReceivedMessage, request: LogoutRequest): string | null {
    if (!party.isEnabled)
      throw new LogoutError(
        'logout_disabled',
        `single logout is disabled for the client ${party.clientId}: set addons.samlp.logout.slo_enabled`,
      );
    const verifiedWith = party.verify(received, request, readLogoutRequest);
    checkLogoutRequest(request, {
      endpoints: party.endpoints,
      isSigned: bringsSignature(received, request),
      now: this.clock.now(),
    });
    return verifiedWith;
  }

  /** Answered only ever to the URL that the client is configured with; thrown where it has none. */
  async #refuse({
    requester,
    request,
    party,
    arrived,
    error,
  }: {
    readonly requester: Logout['requester'];
    readonly request: LogoutRequest;
    readonly party: LogoutParty;
    readonly arrived: LogoutEvent;
    readonly error: MintmarkError;
  }): Promise<LogoutReception> {
    const at = this.clock.now();
    const begun: Logout = { ...this.logouts.blank(at), requester };
    const status = statusOfRefusal(error, request.version);
    const answer = answerTo(party, () =>
      party.response({
        id: responseIdOf(begun),
        at,
        inResponseTo: request.id,
        status,
        relayState: requester?.RelayState,
      }),
    );
    const refused = { name: 'request.refused', detail: { code: error.code, reason: error.description } };
    await this.logouts.keep({
      ...finish(withEvents(begun, [arrived, refused], at), toldRequester(answer, status), at),
      revision: begun.revision,
    });
    if (answer.message) return { kind: 'answer', message: answer.message, party };
    throw error;
  }

  /**
   * Decides in one conditional write; of an answer that comes twice the second is refused. One that is awaited and cannot be believed
   * counts as a failure of the SP, so that the user is not held by it.
   */
  async #takeAnswer(named: string | null, received: ReceivedMessage): Promise<Logout> {
    const response = readLogoutResponse(decodeMessage(received.encoded));
    const id = logoutIdOf(response.inResponseTo);
    for (;;) {
      const at = this.clock.now();
      const logout = id === undefined ? null : await this.store.get(id);
      const index = logout?.steps.findIndex(({ requestId }) => requestId === response.inResponseTo) ?? -1;
      const participant = logout?.steps[index]?.participant;
      if (!logout || !participant || (named !== null && named !== participant.clientId))
        throw unexpected(
          `it answers ${JSON.stringify(response.inResponseTo?.slice(0, 200) ?? null)} (InResponseTo), and nothing of that ID was asked of this service provider`,
        );
      if (!isAwaited(logout, index, at))
        throw unexpected('the request that it answers has been answered already, or was given up');
      const party = await this.parties.find(participant.clientId);
      // nobody can say any more whether it is the client's; at the next turn it is left out
      if (!party) return logout;
      const { reason, ...judged } = judgeAnswer(party, received, response);
      const next = takeAnswer(
        logout,
        index,
        reason,
        { binding: received.binding, ...judged, xml: response.xml },
        at,
      );
      if (await this.store.update(next)) return next;
    }
  }
}

/** `reason` says why the SP does not count as logged out; `null` where it does. */
function judgeAnswer(
  party: LogoutParty,
  received: ReceivedMessage,
  response: LogoutResponse,
): { readonly reason: string | null; readonly verifiedWith?: string; readonly code?: string } {
  try {
    checkLogoutIssuer(response, party);
    const verifiedWith = party.verify(received, response, readLogoutResponse);
    checkLogoutResponse(response, {
      endpoints: party.endpoints,
      isSigned: bringsSignature(received, response),
    });
    return {
      reason: whyNotLoggedOut(response.status),
      ...(verifiedWith !== null && { verifiedWith }),
    };
  } catch (error) {
    if (!(error instanceof MintmarkError)) throw error;
    return { reason: `its answer is not believed: ${error.description}`, code: error.code };
  }
}

const isAwaited = (logout: Logout, index: number, at: Date): boolean =>
  logout.steps[index]?.state === 'asked' && logout.status === 'running' && !isOver(logout, at);

const authenticated = (verifiedWith: string | null): LogoutEvent =>
  verifiedWith === null
    ? {
        name: 'request.unauthenticated',
        detail: {
          reason: 'the client has neither signingCert nor spCertificates: no signature was looked for',
        },
      }
    : { name: 'request.verified', detail: { certificate: verifiedWith } };

const nobody = ({ nameId, sessionIndexes }: LogoutRequest): LogoutEvent => ({
  name: 'session.not_found',
  detail: { ...nameId, sessionIndexes },
});

const unexpected = (why: string): LogoutError =>
  new LogoutError('logout_answer_unexpected', `The LogoutResponse fits no logout that waits for it: ${why}.`);
