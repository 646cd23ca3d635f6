/**
 * The first step of a login that a browser brings: an AuthnRequest over HTTP-Redirect or HTTP-POST, or none where the IdP initiates
 * (saml-output.md 9). What is wrong with it is an outcome, not an exception: the transaction tells whether there is an address
 * that may hear of it.
 */
import type { X509Certificate } from 'node:crypto';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { readAuthnRequest, type AuthnRequest } from '../protocol/saml/authn-request.js';
import { fingerprint } from '../protocol/saml/key-pairs.js';
import { verifyMessageSignature } from '../protocol/saml/message-signature.js';
import { BINDINGS, type Binding } from '../protocol/saml/names.js';
import type { PemField } from '../protocol/saml/pem.js';
import type { ReceivedMessage } from '../protocol/saml/received-message.js';
import { acsUrlOf, checkRequest } from '../protocol/saml/request-rules.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { Client } from '../tenant/client.js';
import { entityIdOfServiceProvider, type SamlAddon } from '../tenant/saml-addon.js';
import type {
  BrowserPart,
  RequestFacts,
  SamlRequestPart,
  TimelineEvent,
  Transaction,
  Warning,
} from '../tenant/transaction.js';
import { clientLayer, clientNotSaml, entityIdPart, tokenClientOf } from './begin.js';
import { certificatesOfServiceProvider } from './sp-certificates.js';
import { newTransaction } from './new-transaction.js';

export interface SamlArrival {
  /** `null` where the browser came without a message. */
  readonly received: ReceivedMessage | null;
  /** The query that no message could be taken from, though there is one. */
  readonly unreadable?: string;
  /** Where the IdP initiates: what the SP is to get as RelayState. */
  readonly RelayState?: string;
  /** The method of the request, by which a message that is missed can be told from one that is not meant to be there. */
  readonly method: 'GET' | 'POST';
}

export interface SamlBeginning {
  readonly arrival: SamlArrival;
  /** Decoded; `undefined` where the IdP initiates. */
  readonly request: AuthnRequest | undefined;
  readonly client: Client;
  /** The request that it came by. */
  readonly http: RequestFacts;
  readonly id: string;
  readonly at: Date;
  /** URLs of ours that may be its Destination. */
  readonly endpoints: readonly string[];
  readonly browserDigest: string | null;
  /** Parses once; throws SamlError. */
  readonly readCertificate: (pem: string, field: PemField) => X509Certificate;
}

export interface BegunSamlLogin {
  /** Pending. Where it was refused and `saml.acsUrl` is not `null`, the SP may be told so. */
  readonly transaction: Transaction;
  readonly refusal: MintmarkError | null;
}

export function beginSamlLogin(beginning: SamlBeginning): BegunSamlLogin {
  const { arrival, request, client, id, at } = beginning;
  const judged = judge(beginning);
  const browser: BrowserPart = { digest: beginning.browserDigest, sessionId: null, refusals: 0 };
  const transaction = newTransaction({
    id,
    protocol: 'samlp',
    clientId: client.client_id,
    createdAt: at.toISOString(),
    browser,
    request: beginning.http,
    saml: {
      acsUrl: judged.acsUrl,
      ...(judged.verifiedWith && { verifiedWith: fingerprint(judged.verifiedWith) }),
      ...entityIdPart(client),
      ...receivedPart(arrival, request),
    },
    tokenClient: tokenClientOf(client),
    samlLayers: { client: clientLayer(client), transaction: { settings: {}, attributes: [] } },
    timeline: [requestReceived(arrival, request, at)],
    warnings: request ? findWarnings(request, arrival, client.addons.samlp ?? {}) : [],
  });
  return { transaction, refusal: judged.refusal };
}

/** A request that cannot be understood, or that names no client of ours, is kept too: somebody will want to know why. */
export const unreadableSamlLogin = (
  arrival: SamlArrival,
  known: {
    readonly id: string;
    readonly at: Date;
    readonly client: Client | null;
    readonly request: AuthnRequest | undefined;
    readonly http: RequestFacts;
  },
): Transaction =>
  newTransaction({
    id: known.id,
    protocol: 'samlp',
    clientId: known.client?.client_id ?? null,
    createdAt: known.at.toISOString(),
    browser: { digest: null, sessionId: null, refusals: 0 },
    request: known.http,
    saml: { ...shortened(receivedPart(arrival, known.request)), acsUrl: null },
    samlLayers: known.client ? { client: clientLayer(known.client) } : {},
    timeline: [requestReceived(arrival, known.request, known.at)],
  });

/** Anyone can send what nobody can read; as much of it is kept as tells what it was. */
const LONGEST_KEPT = 16_384;
const shortened = (part: Omit<SamlRequestPart, 'acsUrl'>): Omit<SamlRequestPart, 'acsUrl'> => ({
  ...part,
  ...(part.SAMLRequest !== undefined && { SAMLRequest: part.SAMLRequest.slice(0, LONGEST_KEPT) }),
  ...(part.query !== undefined && { query: part.query.slice(0, LONGEST_KEPT) }),
  ...(part.RelayState !== undefined && { RelayState: part.RelayState.slice(0, LONGEST_KEPT) }),
});

interface Judged {
  readonly acsUrl: string | null;
  readonly verifiedWith: X509Certificate | null;
  readonly refusal: MintmarkError | null;
}

/** In the order in which it can be answered: first where to, then by whom it is, then whether it can be granted. */
function judge({ arrival, request, client, endpoints, readCertificate }: SamlBeginning): Judged {
  const { samlp } = client.addons;
  let acsUrl: string | null = null;
  let verifiedWith: X509Certificate | null = null;
  try {
    if (!samlp) throw clientNotSaml(client.client_id);
    if (!request) refuseUninvited(arrival, client.client_id, samlp);
    acsUrl = acsUrlOf(request, client.callbacks, samlp.assertionConsumers);
    if (request) {
      verifiedWith = verify(arrival, request, samlp, readCertificate);
      checkRequest(request, {
        callbacks: client.callbacks,
        ...(samlp.assertionConsumers && { assertionConsumers: samlp.assertionConsumers }),
        endpoints,
        requestSigned: verifiedWith !== null,
      });
    }
    return { acsUrl, verifiedWith, refusal: null };
  } catch (error) {
    if (!(error instanceof MintmarkError)) throw error;
    return { acsUrl, verifiedWith, refusal: error };
  }
}

/** saml-output.md 9.4: with the add-on's certificate every request must be signed, and that is asked for at once. */
function verify(
  { received }: SamlArrival,
  request: AuthnRequest,
  addon: SamlAddon,
  readCertificate: SamlBeginning['readCertificate'],
): X509Certificate | null {
  if (addon.signingCert === undefined) return null;
  const certificates = certificatesOfServiceProvider(addon, readCertificate);
  return verifyMessageSignature(received ?? {}, request, readAuthnRequest, certificates, {
    acceptSha1: addon.acceptSha1Requests ?? false,
  });
}

/** An unsolicited response invites login CSRF at the SP, so each client may decline them (SAML Profiles 4.1.5). */
function refuseUninvited({ method }: SamlArrival, clientId: string, { allowIdpInitiated }: SamlAddon): void {
  if (method === 'POST')
    throw new SamlError(
      'saml_request_invalid',
      'the form has no SAMLRequest: an SP posts its AuthnRequest in a field of exactly that name (SAML Bindings 3.5.4)',
    );
  if (allowIdpInitiated === false)
    throw new SamlError(
      'saml_idp_initiated_refused',
      `the URL has no SAMLRequest, and logins at ${clientId} must begin at the service provider: start there, or set addons.samlp.allowIdpInitiated`,
    );
}

const receivedPart = (
  { received, RelayState, unreadable }: SamlArrival,
  authnRequest: AuthnRequest | undefined,
): Omit<SamlRequestPart, 'acsUrl'> => ({
  SAMLRequest: received?.encoded,
  binding: received?.binding,
  query: received ? received.query : unreadable,
  authnRequest,
  RelayState: received ? received.RelayState : RelayState,
});

const NAMES: Readonly<Record<Binding, string>> = {
  [BINDINGS.httpRedirect]: 'HTTP-Redirect',
  [BINDINGS.httpPost]: 'HTTP-POST',
};

const bindingOf = ({ received, method, unreadable }: SamlArrival): string => {
  if (received) return NAMES[received.binding];
  if (method === 'POST') return NAMES[BINDINGS.httpPost];
  return unreadable === undefined ? 'idp-initiated' : NAMES[BINDINGS.httpRedirect];
};

const requestReceived = (
  arrival: SamlArrival,
  request: AuthnRequest | undefined,
  at: Date,
): TimelineEvent => ({
  name: 'request.received',
  at: at.toISOString(),
  detail: {
    protocol: 'samlp',
    by: bindingOf(arrival),
    ...(request && { id: request.id, issuer: request.issuer }),
  },
});

function findWarnings(request: AuthnRequest, { received }: SamlArrival, addon: SamlAddon): Warning[] {
  const entityId = entityIdOfServiceProvider(addon);
  const isSigned =
    request.signed || (received?.query !== undefined && /(?:^|&)Signature=/.test(received.query));
  return [
    ...(isSigned && addon.signingCert === undefined
      ? [
          {
            code: 'request_signature_ignored',
            detail:
              'the request is signed, and nobody looked at the signature: set addons.samlp.signingCert to have it verified',
          },
        ]
      : []),
    ...(entityId !== undefined && entityId !== request.issuer
      ? [
          {
            code: 'request_issuer_differs',
            detail: `the Issuer of the request is ${request.issuer}, the client's entity ID ${entityId}: on the shared URL /samlp it would not be found`,
          },
        ]
      : []),
  ];
}
