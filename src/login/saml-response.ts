/** The steps that answer a SAML login: with an assertion, or with an error Response (saml-output.md 14). */
import { issueErrorResponse, issueResponse } from '../protocol/saml/issue-response.js';
import { effectiveConfiguration } from '../protocol/saml/layers.js';
import { STATUS } from '../protocol/saml/names.js';
import type { ResponseContext } from '../protocol/saml/response-context.js';
import type { SamlStatus } from '../protocol/saml/response.js';
import { verifyRequestSignature } from '../protocol/saml/request-signature.js';
import { SamlError, type SamlErrorCode } from '../protocol/saml/saml-error.js';
import type { SigningPair } from '../protocol/xml/signature.js';
import { entityIdOf } from '../tenant/tenant-settings.js';
import type { SamlRequestPart, SamlResult, TimelineEvent, Transaction } from '../tenant/transaction.js';
import type { Circumstances } from './circumstances.js';
import { clockOf, failureOf, finish } from './finish.js';
import { artefactIds } from './ids.js';

/** What the SP is told when the login fails for a reason that is not its business; the debug view knows the cause. */
const RESPONDER: SamlStatus = { code: STATUS.responder, message: 'The login could not be completed.' };
const REQUEST_DENIED: SamlStatus = { code: STATUS.requester, subCode: STATUS.requestDenied };
const STATUSES: Partial<Record<SamlErrorCode, SamlStatus>> = {
  saml_request_unsigned: { ...REQUEST_DENIED, message: 'The request must be signed.' },
  saml_request_signature: {
    ...REQUEST_DENIED,
    message: 'The signature of the request could not be verified.',
  },
};

/** Issues, or throws SamlError and has signed nothing. */
export function issueSamlResponse(transaction: Transaction, circumstances: Circumstances): Transaction {
  const saml = transaction.saml!;
  const { tenant, random, readSigningPair, readEncryptionPair } = circumstances;
  const context = contextOf(transaction, saml, circumstances);
  const { signingCert } = context.configuration.settings;
  // only now: an Action may have set it
  if (context.request && signingCert.value !== undefined)
    verifyRequestSignature(context.request, signingCert.value);
  const pairs = {
    own: readSigningPair(context.configuration),
    encryption: readEncryptionPair(context.configuration),
    tenant: tenant.samlKey,
  };
  const issued = issueResponse(
    {
      ...context,
      profile: transaction.user,
      unmappedClaimPrefix: tenant.settings.unmapped_claim_prefix,
      fallbackAudience: saml.acsUrl,
      authenticatedAt: new Date(transaction.authenticatedAt),
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
): Transaction {
  return endWithError(
    transaction,
    'denied',
    { reason },
    { code: STATUS.responder, message: reason },
    circumstances,
  );
}

export function failSamlLogin(
  transaction: Transaction,
  error: SamlError,
  circumstances: Circumstances,
): Transaction {
  const status = STATUSES[error.code] ?? RESPONDER;
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
  const saml = transaction.saml!;
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

function contextOf(
  transaction: Transaction,
  saml: SamlRequestPart,
  { tenant, at, random }: Circumstances,
): ResponseContext {
  return {
    configuration: effectiveConfiguration(transaction.samlLayers),
    entityId: entityIdOf(tenant.settings),
    acsUrl: saml.acsUrl,
    request: saml.authnRequest ?? null,
    relayState: saml.RelayState,
    now: clockOf(transaction, at),
    ids: artefactIds(transaction.seed, random),
  };
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
