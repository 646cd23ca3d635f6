/** A client as a party to single logout: what it is asked with, by which key we speak to it, and how its own messages are verified. */
import { createHash } from 'node:crypto';
import { methodsOf } from '../protocol/saml/issue-response.js';
import { fingerprint } from '../protocol/saml/key-pairs.js';
import { effectiveConfiguration } from '../protocol/saml/layers.js';
import { buildLogoutRequest } from '../protocol/saml/logout-request.js';
import { buildLogoutResponse } from '../protocol/saml/logout-response.js';
import { verifyMessageSignature } from '../protocol/saml/message-signature.js';
import { BINDINGS } from '../protocol/saml/names.js';
import { sendMessage, type OutgoingMessage } from '../protocol/saml/outgoing-message.js';
import type { ReceivedMessage } from '../protocol/saml/received-message.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { SamlStatus } from '../protocol/saml/response.js';
import type { XmlElement } from '../protocol/xml/element.js';
import type { Client } from '../tenant/client.js';
import type { Logout } from '../tenant/logout.js';
import type { SessionParticipant } from '../tenant/session.js';
import { entityIdOfServiceProvider } from '../tenant/saml-addon.js';
import { entityIdOf } from '../tenant/tenant-settings.js';
import type { Circumstances } from './circumstances.js';
import { logoutUrls } from './endpoints.js';
import type { LogoutEvent } from './logout-chain.js';
import { certificatesOfServiceProvider } from './sp-certificates.js';

const WITHOUT_URL = 'the client has no logout URL: addons.samlp.logout.callback';

/** So long a LogoutRequest of ours may be on its way. */
const REQUEST_LIFETIME_MS = 300_000;

export interface LogoutParty {
  readonly clientId: string;
  /** For people. */
  readonly name: string;
  /** What it calls itself; `undefined` where nobody knows. */
  readonly entityId: string | undefined;
  /** What we are called towards it. */
  readonly idpEntityId: string;
  /** URLs of ours that its messages may be aimed at. */
  readonly endpoints: readonly string[];
  readonly isEnabled: boolean;
  /** Where it is asked, and where it is answered; `undefined` where it has no such place. */
  readonly requestsTo: string | undefined;
  readonly responsesTo: string | undefined;
  /** The fingerprint of the certificate a message was verified with; `null` where the client has none. Throws SamlError. */
  readonly verify: <Message extends { readonly xml: string; readonly signed: boolean }>(
    arrival: ReceivedMessage,
    message: Message,
    read: (xml: string) => Message,
  ) => string | null;
  /** Throws SamlError, where its own pair is broken or `requestsTo` is undefined. */
  readonly request: (
    participant: SessionParticipant,
    message: { readonly id: string; readonly at: Date; readonly relayState: string },
  ) => OutgoingMessage;
  readonly response: (message: {
    readonly id: string;
    readonly at: Date;
    readonly inResponseTo: string;
    readonly status: SamlStatus;
    readonly relayState: string | undefined;
  }) => OutgoingMessage;
}

export function partyOf(client: Client, circumstances: Circumstances, baseUrl: string): LogoutParty {
  const addon = client.addons.samlp ?? {};
  const { tenant } = circumstances;
  const configuration = effectiveConfiguration({ client: { settings: addon, attributes: [] } });
  const idpEntityId = addon.issuer ?? entityIdOf(tenant.settings);
  const requestsTo = addon.logout?.callback;
  const responsesTo = addon.logout?.responseCallback ?? requestsTo;

  const send = (
    name: 'SAMLRequest' | 'SAMLResponse',
    location: string | undefined,
    build: (destination: string) => XmlElement,
    relayState: string | undefined,
  ): OutgoingMessage => {
    if (location === undefined) throw new TypeError(`${client.client_id} has no URL for a ${name}`);
    const pair = circumstances.readSigningPair(configuration)?.pair ?? tenant.samlKey;
    return sendMessage(
      name,
      build(location),
      { binding: addon.binding ?? BINDINGS.httpPost, location },
      {
        pair,
        methods: methodsOf(configuration),
        ...(relayState !== undefined && { relayState }),
      },
    );
  };

  return {
    clientId: client.client_id,
    name: client.name,
    entityId: entityIdOfServiceProvider(addon),
    idpEntityId,
    endpoints: logoutUrls(baseUrl, client.client_id),
    isEnabled: addon.logout?.slo_enabled !== false,
    requestsTo,
    responsesTo,
    verify: (arrival, message, read) => {
      // with any of them every logout message must be signed
      const certificates = certificatesOfServiceProvider(addon, circumstances.readCertificate);
      if (certificates.length === 0) return null;
      const acceptSha1 = addon.acceptSha1Requests ?? false;
      return fingerprint(verifyMessageSignature(arrival, message, read, certificates, { acceptSha1 }));
    },
    request: ({ nameId, format, sessionIndex }, { id, at, relayState }) =>
      send(
        'SAMLRequest',
        requestsTo,
        (destination) =>
          buildLogoutRequest({
            id,
            issuer: idpEntityId,
            issueInstant: at,
            destination,
            notOnOrAfter: new Date(at.getTime() + REQUEST_LIFETIME_MS),
            nameId: { value: nameId, format },
            sessionIndex,
          }),
        relayState,
      ),
    response: ({ id, at, inResponseTo, status, relayState }) =>
      send(
        'SAMLResponse',
        responsesTo,
        (destination) =>
          buildLogoutResponse({
            id,
            issuer: idpEntityId,
            issueInstant: at,
            destination,
            inResponseTo,
            status,
          }),
        relayState,
      ),
  };
}

/** Why a participant cannot be asked; `null` where it can. Without a party its client is gone. */
export function whyLeftOut(party: LogoutParty | null): string | null {
  if (!party) return 'the client is gone';
  if (!party.isEnabled) return 'the client wants no single logout: addons.samlp.logout.slo_enabled is false';
  if (party.requestsTo === undefined) return WITHOUT_URL;
  return null;
}

export type LogoutAnswer =
  | { readonly message: OutgoingMessage }
  /** `why` there is none, for people. */
  | { readonly message: null; readonly why: string };

/** A party without a URL, or with a broken pair of its own, is not answered. */
export function answerTo(party: LogoutParty, make: () => OutgoingMessage): LogoutAnswer {
  if (party.responsesTo === undefined) return { message: null, why: WITHOUT_URL };
  try {
    return { message: make() };
  } catch (error) {
    if (error instanceof SamlError) return { message: null, why: error.description };
    throw error;
  }
}

/** Follows from the logout, so that an answer that is sent again is the same to the byte. */
export const responseIdOf = ({ id }: Logout): string =>
  `_${createHash('sha256').update(`${id} LogoutResponse`).digest('hex').slice(0, 40)}`;

/** A RelayState that is echoed may be long, and anyone can send one. */
const LONGEST_TOLD = 16_384;

/** What the timeline tells of the answer to the SP that began. */
export const toldRequester = (answer: LogoutAnswer, status: SamlStatus): LogoutEvent =>
  answer.message
    ? { name: 'response.sent', detail: { ...status, ...sentDetail(answer.message) } }
    : { name: 'response.not_sent', detail: { ...status, reason: answer.why } };

/** What of a message that is sent stands on the timeline. */
export const sentDetail = (message: OutgoingMessage): Record<string, unknown> => ({
  binding: message.binding,
  to: 'action' in message ? message.action : message.url.slice(0, LONGEST_TOLD),
  xml: message.xml,
});
