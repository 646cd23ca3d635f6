import { Injectable } from '@nestjs/common';
import { decodeJwt } from '../protocol/jwt/compact.js';
import { verifyJwt } from '../protocol/jwt/verification.js';
import { decodeBase64 } from '../protocol/saml/message-encoding.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import { summariseResponse, type ResponseSummary } from '../protocol/saml/summary.js';
import { verifySamlResponse } from '../protocol/saml/verification/verify-saml-response.js';
import type { Verification } from '../protocol/verification.js';
import { decodeUtf8 } from '../protocol/xml/parse.js';
import { entityIdOf } from '../tenant/tenant-settings.js';
import type { InspectedTenant } from './inspected-tenant.js';
import type { Transaction } from '../tenant/transaction.js';
import { inspect, type Inspection } from './inspection.js';
import { LoginError } from './login-error.js';
import { Clock } from './ports.js';
import { TenantService } from './tenant.service.js';
import { TransactionsService } from './transactions.service.js';
import type { VerifyBody } from './verify-body.js';

export type SamlVerdict = Verification & {
  /** `null` where it cannot be read. */
  readonly summary: ResponseSummary | null;
};
export type JwtVerdict = Verification & ReturnType<typeof decodeJwt>;

/** Looks into what was issued here, and into what anyone else issued. Changes nothing. */
@Injectable()
export class InspectionService {
  constructor(
    private readonly transactions: TransactionsService,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  async inspect(transaction: Transaction): Promise<Inspection> {
    return inspect(transaction, await this.#tenant());
  }

  /** The exact bytes of the SAML response. Throws `transaction_not_found`, and `artefact_not_found` where there is none. */
  async response(id: string): Promise<Buffer> {
    const { result, status } = await this.transactions.get(id);
    if (result && 'SAMLResponse' in result) return Buffer.from(result.SAMLResponse, 'base64');
    throw artefactNotFound(`the transaction ${id} is ${status} and has no SAML response`);
  }

  /** The assertion, as it was before it was encrypted where it was. Throws as `response` does. */
  async assertion(id: string): Promise<Buffer> {
    const assertionXml = (await this.inspect(await this.transactions.get(id))).saml?.assertionXml ?? null;
    if (assertionXml !== null) return Buffer.from(assertionXml);
    throw artefactNotFound(`the transaction ${id} has no assertion`);
  }

  /** Verifies what anyone sent. An invalid message is an answer too; only a body that makes no sense is an error. */
  async verify(body: VerifyBody): Promise<SamlVerdict | JwtVerdict> {
    const now = body.now === undefined ? this.clock.now() : new Date(body.now);
    const tenant = await this.#tenant();
    return body.jwt === undefined
      ? verifySaml(body.SAMLResponse!, body, now, tenant)
      : { ...(await verifyToken(body.jwt, body, now, tenant)), ...decodeJwt(body.jwt) };
  }

  async #tenant(): Promise<InspectedTenant> {
    const { settings, issuer } = await this.tenants.current();
    const [keys, jwks] = [await this.tenants.publishedKeys(), await this.tenants.jwks()];
    return {
      entityId: entityIdOf(settings),
      unmappedClaimPrefix: settings.unmapped_claim_prefix,
      issuer,
      accessTokenLifetimeInSeconds: settings.access_token_lifetime_in_seconds,
      jwks,
      certificates: keys.flatMap(({ kid, certificatePem }) =>
        certificatePem === null ? [] : [{ kid, pem: certificatePem }],
      ),
    };
  }
}

const artefactNotFound = (why: string): LoginError => new LoginError('artefact_not_found', why);

/** Copied from a log or a browser's tools it may be the XML itself. */
const isXml = (text: string): boolean => text.trimStart().startsWith('<');

function verifySaml(
  sent: string,
  { certificate, decryptionKey, inResponseTo, ...expected }: VerifyBody,
  now: Date,
  { certificates }: InspectedTenant,
): SamlVerdict {
  const { assertionXml, ...verification } = verifySamlResponse(
    isXml(sent) ? { xml: sent.trim() } : { SAMLResponse: sent },
    {
      certificates: certificate === undefined ? certificates.map(({ pem }) => pem) : [certificate],
      decryptionKey,
      issuer: expected.issuer,
      audience: expected.audience,
      recipient: expected.recipient,
      destination: expected.destination,
      inResponseTo,
      clockSkewInSeconds: expected.clockSkewInSeconds,
      now,
    },
  );
  return { ...verification, summary: summaryOf(sent, assertionXml) };
}

function summaryOf(sent: string, assertionXml: string | undefined): ResponseSummary | null {
  try {
    return summariseResponse(isXml(sent) ? sent.trim() : decodeUtf8(decodeBase64(sent)), assertionXml);
  } catch (error) {
    if (error instanceof SamlError) return null;
    throw error;
  }
}

const verifyToken = (
  jwt: string,
  { certificate, issuer, audience, nonce, clockSkewInSeconds }: VerifyBody,
  now: Date,
  { jwks }: InspectedTenant,
): Promise<Verification> =>
  verifyJwt(jwt, {
    keys: certificate ?? jwks,
    now,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(nonce !== undefined && { nonce }),
    ...(clockSkewInSeconds !== undefined && { clockToleranceInSeconds: clockSkewInSeconds }),
  });
