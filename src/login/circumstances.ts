/** What the steps that issue something need from outside the transaction. */
import type { X509Certificate } from 'node:crypto';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import type { JwtSigningKey } from '../protocol/jwt/sign.js';
import type { EncryptionRecipient } from '../protocol/xml/encryption.js';
import type { SigningPair } from '../protocol/xml/signature.js';
import type { Checked } from '../protocol/saml/key-pairs.js';
import type { EffectiveConfiguration } from '../protocol/saml/layers.js';
import type { PemField } from '../protocol/saml/pem.js';
import type { DeployedAction, TriggerId } from '../tenant/action.js';
import type { TokenAlgorithm } from '../tenant/client.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
import type { Transaction } from '../tenant/transaction.js';

/** The tenant as it stands under one revision: settings, and keys parsed once. */
export interface Tenant {
  readonly settings: TenantSettings;
  /** With its trailing slash. */
  readonly issuer: string;
  /** Signs SAML; also the current RS256 key. */
  readonly samlKey: SigningPair & { readonly kid: string };
  readonly jwtKeys: Readonly<Record<TokenAlgorithm, JwtSigningKey>>;
  /** What each trigger runs, in order. */
  readonly triggers: Readonly<Record<TriggerId, readonly DeployedAction[]>>;
  /** Why they cannot be told, and so each login fails; `null` where they can. */
  readonly triggersFault: MintmarkError | null;
}

/** See `AuthorizationsService`. */
export interface Authorizations {
  readonly apiAt: (audience: string) => Promise<ResourceServer | null>;
  readonly permissionsAt: (audience: string, userId: string) => Promise<readonly string[] | null>;
  readonly isMember: (organizationId: string, userId: string) => Promise<boolean>;
}

export interface Circumstances {
  readonly tenant: Tenant;
  /** What it says now. */
  readonly clock: () => Date;
  /** The server's clock when the step began; a transaction with a clock of its own does not look at it. */
  readonly at: Date;
  readonly random: (bytes: number) => Buffer;
  /** Whether an access token of this very text was revoked. */
  readonly wasRevoked: (accessToken: string) => Promise<boolean>;
  /** Runs the Actions of the transaction's trigger, from where they stopped. Throws ActionError; then it fails. */
  readonly runActions: (transaction: Transaction) => Promise<Transaction>;
  /** What the user of an OIDC login may have. */
  readonly authorizations: Authorizations;
  /** The pair of cert and key, `null` where neither is set; throws SamlError. */
  readonly readSigningPair: (configuration: EffectiveConfiguration) => Checked<SigningPair> | null;
  /** A certificate of the SP, parsed once; throws SamlError `saml_pem_invalid`. */
  readonly readCertificate: (pem: string, field: PemField) => X509Certificate;
  /** The pair of encryptionCert and encryptionPublicKey likewise. */
  readonly readEncryptionPair: (configuration: EffectiveConfiguration) => Checked<EncryptionRecipient> | null;
}
