/** The steps that answer a SAML login: with an assertion, or with an error Response (saml-output.md 14). */
import { ActionError } from '../actions/action-error.js';
import { readAuthnRequest, type AuthnRequest } from '../protocol/saml/authn-request.js';
import { settingPointer } from '../protocol/saml/configuration-rules.js';
import { issueErrorResponse, issueResponse } from '../protocol/saml/issue-response.js';
import { effectiveConfiguration, type EffectiveConfiguration } from '../protocol/saml/layers.js';
import { STATUS } from '../protocol/saml/names.js';
import type { ResponseContext, ResponseIds } from '../protocol/saml/response-context.js';
import type { SamlStatus } from '../protocol/saml/response.js';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { verifyMessageSignature } from '../protocol/saml/message-signature.js';
import { requireDestination } from '../protocol/saml/request-rules.js';
import { replaceIllegalCharacters } from '../protocol/xml/characters.js';
import { SamlError, type SamlErrorCode } from '../protocol/saml/saml-error.js';
import type { SigningPair } from '../protocol/xml/signature.js';
import { sessionIndexOf } from '../tenant/session.js';
import { entityIdOf } from '../tenant/tenant-settings.js';
import type {
  AuthenticatedTransaction,
  SamlRequestPart,
  SamlResult,
  TimelineEvent,
  Transaction,
} from '../tenant/transaction.js';
import type { Circumstances } from './circumstances.js';
import { clockOf, failureOf, finish } from './finish.js';
import { artefactIds } from './ids.js';

/** What the SP is told when the login fails for a reason that is not its business; the debug view knows the cause. */
const RESPONDER: SamlStatus = { code: STATUS.responder, message: 'The login could not be completed.' };
const REQUEST_DENIED: SamlStatus = { code: STATUS.requester, subCode: STATUS.requestDenied };
const UNVERIFIED: SamlStatus = {
  ...REQUEST_DENIED,
  message: 'The signature of the request could not be verified.',
};
type StatusRow = SamlStatus | ((request: AuthnRequest | undefined) => SamlStatus);
const STATUSES: Partial<Record<SamlErrorCode, StatusRow>> = {
  saml_request_unsigned: { ...REQUEST_DENIED, message: 'The request must be signed.' },
  saml_request_signature: UNVERIFIED,
  saml_sigalg_missing: UNVERIFIED,
  saml_sigalg_unsupported: UNVERIFIED,
  saml_request_version: (request) => ({
    code: STATUS.versionMismatch,
    subCode:
      Number.parseInt(request?.version ?? '', 10) < 2
        ? STATUS.requestVersionTooLow
        : STATUS.requestVersionTooHigh,
    message: 'Only SAML 2.0 is spoken here.',
  }),
  saml_request_binding: {
    code: STATUS.requester,
    subCode: STATUS.unsupportedBinding,
    message: 'Responses go by HTTP-POST only.',
  },
  saml_request_invalid: { code: STATUS.requester, message: 'The request is not valid.' },
  saml_no_passive: {
    code: STATUS.responder,
    subCode: STATUS.noPassive,
    message: 'The user cannot be authenticated without being asked.',
  },
  saml_name_id_policy: {
    code: STATUS.requester,
    subCode: STATUS.invalidNameIDPolicy,
    message: 'The requested NameID format cannot be supplied.',
  },
  saml_no_authn_context: {
    code: STATUS.responder,
    subCode: STATUS.noAuthnContext,
    message: 'The requested authentication context cannot be satisfied.',
  },
  saml_unknown_principal: {
    code: STATUS.responder,
    subCode: STATUS.unknownPrincipal,
    message: 'Another user logged in than the one who was asked for.',
  },
  saml_authn_failed: {
    code: STATUS.responder,
    subCode: STATUS.authnFailed,
    message: 'The user was not authenticated.',
  },
};
/** What an Action threw is told, as Auth0 does (actions-api.md 1.2); its author knows who reads it. */
const ofAction = (error: ActionError): SamlStatus => ({
  code: STATUS.responder,
  ...(error.code === 'interaction_required' && { subCode: STATUS.noPassive }),
  message: replaceIllegalCharacters(error.description),
});
const statusOf = (error: MintmarkError, request: AuthnRequest | undefined): SamlStatus => {
  if (error instanceof ActionError) return ofAction(error);
  const row = (error instanceof SamlError ? STATUSES[error.code] : undefined) ?? RESPONDER;
  return typeof row === 'function' ? row(request) : row;
};

/** Issues, or throws SamlError and has signed nothing. */
export function issueSamlResponse(
  transaction: AuthenticatedTransaction,
  circumstances: Circumstances,
): Transaction {
  const saml = deliverableOf(transaction);
  const { tenant, random, readSigningPair, readEncryptionPair } = circumstances;
  const context = contextOf(transaction, saml, circumstances);
  verifySignatureOf(saml, context.configuration, circumstances);
  const pairs = {
    own: readSigningPair(context.configuration),
    encryption: readEncryptionPair(context.configuration),
    tenant: tenant.samlKey,
  };
  const issued = issueResponse(
    {
      profile: transaction.user,
      unmappedClaimPrefix: tenant.settings.unmapped_claim_prefix,
      fallbackAudience: saml.entityId ?? saml.acsUrl,
      authenticatedAt: new Date(transaction.authenticatedAt),
      // over REST a test chooses the user, and may choose the wrong one
      subjectMustMatch: transaction.browser !== undefined,
      ...context,
    },
    pairs,
    random,
  );
  const signedWith = pairs.own ? `certificate ${pairs.own.certificate.fingerprint256}` : tenant.samlKey.kid;
  const events: Omit<TimelineEvent, 'at'>[] = [
    {
      name: 'saml.assembled',
      detail: {
        nameId: issued.nameID.value,
        probe: issued.nameID.probe,
        attributes: issued.attributes.length,
      },
    },
    ...issued.signed.map((element) => ({ name: 'saml.signed', detail: { element, with: signedWith } })),
    ...(issued.encryptedWith === null
      ? []
      : [{ name: 'saml.encrypted', detail: { for: issued.encryptedWith } }]),
  ];
  return finish(
    transaction,
    'completed',
    {
      result: resultOf(issued.xml, saml.acsUrl, issued.relayState),
      assertionXml: issued.assertionXml,
      subject: {
        nameId: issued.nameID.value,
        format: issued.nameID.format,
        sessionIndex: context.ids.sessionIndex,
      },
      signedWith,
      warnings: [...transaction.warnings, ...issued.warnings],
    },
    events,
    { clock: context.now, at: circumstances.at },
  );
}

/** Ends a login without an assertion: the SP gets an error Response. */
export function denySamlLogin(
  transaction: Transaction,
  reason: string,
  circumstances: Circumstances,
  subCode?: string,
): Transaction {
  return endWithError(
    transaction,
    'denied',
    { reason },
    {
      code: STATUS.responder,
      ...(subCode !== undefined && { subCode }),
      message: replaceIllegalCharacters(reason),
    },
    circumstances,
  );
}

export function failSamlLogin(
  transaction: Transaction,
  error: MintmarkError,
  circumstances: Circumstances,
): Transaction {
  const status = statusOf(error, transaction.saml?.authnRequest);
  return endWithError(
    transaction,
    'failed',
    { reason: error.description, failure: failureOf(error) },
    status,
    circumstances,
  );
}

function endWithError(
  transaction: Transaction,
  end: 'denied' | 'failed',
  ending: Pick<Transaction, 'reason'> & Partial<Pick<Transaction, 'failure'>>,
  status: SamlStatus,
  circumstances: Circumstances,
): Transaction {
  const { saml } = transaction;
  if (!isDeliverable(saml))
    return finish(transaction, end, ending, [], {
      clock: clockOf(transaction, circumstances.at),
      at: circumstances.at,
    });
  const context = contextOf(transaction, saml, circumstances);
  const xml = issueErrorResponse(context, status, errorPair(context, circumstances));
  const { relayState } = context.configuration.settings;
  const result = resultOf(xml, saml.acsUrl, relayState.value ?? saml.RelayState);
  return finish(
    transaction,
    end,
    { ...ending, result },
    [{ name: 'saml.error_response', detail: { ...status } }],
    {
      clock: context.now,
      at: circumstances.at,
    },
  );
}

type Deliverable = SamlRequestPart & { readonly acsUrl: string };
/** Whether there is a validated address that an answer may go to. */
const isDeliverable = (saml: SamlRequestPart | undefined): saml is Deliverable =>
  (saml?.acsUrl ?? null) !== null;

function deliverableOf({ id, saml }: Transaction): Deliverable {
  if (isDeliverable(saml)) return saml;
  throw new TypeError(`${id} has no address that a response may go to`);
}

/** Only now, since an Action may have set `signingCert`; the client's own was asked for when the request came (saml-output.md 9.4). */
function verifySignatureOf(
  saml: SamlRequestPart,
  { settings: { signingCert, acceptSha1Requests } }: EffectiveConfiguration,
  { readCertificate }: Circumstances,
): void {
  if (!saml.authnRequest || signingCert.value === undefined) return;
  if (signingCert.layer === 'client' && saml.verifiedWith !== undefined) return;
  const certificate = readCertificate(signingCert.value, {
    name: 'signingCert',
    pointer: settingPointer(signingCert.layer, 'signingCert'),
  });
  verifyMessageSignature(saml, saml.authnRequest, readAuthnRequest, [certificate], {
    acceptSha1: acceptSha1Requests.value ?? false,
  });
  // over REST nobody sent it anywhere
  if (saml.binding !== undefined) requireDestination(saml.authnRequest);
}

function contextOf(
  transaction: Transaction,
  saml: Deliverable,
  { tenant, at, random }: Circumstances,
): ResponseContext {
  return {
    configuration: effectiveConfiguration(transaction.samlLayers),
    entityId: entityIdOf(tenant.settings),
    acsUrl: saml.acsUrl,
    request: saml.authnRequest ?? null,
    relayState: saml.RelayState,
    now: clockOf(transaction, at),
    ids: idsOf(transaction, random),
  };
}

/** In a session each of a client's assertions names the same SessionIndex, so that a logout of any of them finds it. */
function idsOf({ seed, browser, clientId }: Transaction, random: (bytes: number) => Buffer): ResponseIds {
  const ids = artefactIds(seed, random);
  const sessionId = browser?.sessionId ?? null;
  return sessionId === null || clientId === null
    ? ids
    : { ...ids, sessionIndex: sessionIndexOf(sessionId, clientId) };
}

/** The pair that signs an error Response: never the tenant's where another was asked for, so none where that one is broken. */
function errorPair(
  { configuration }: ResponseContext,
  { tenant, readSigningPair }: Circumstances,
): SigningPair | null {
  try {
    return (readSigningPair(configuration) ?? { pair: tenant.samlKey }).pair;
  } catch (error) {
    if (error instanceof SamlError) return null;
    throw error;
  }
}

const resultOf = (xml: string, acsUrl: string, relayState: string | undefined): SamlResult => ({
  SAMLResponse: Buffer.from(xml).toString('base64'),
  acsUrl,
  ...(relayState !== undefined && { RelayState: relayState }),
});
