/** What a Response is made from, and what comes of it, as values. */
import type { EncryptionRecipient } from '../xml/encryption.js';
import type { SigningPair } from '../xml/signature.js';
import type { MappedAttribute, Profile } from './attributes.js';
import type { AuthnRequest } from './authn-request.js';
import type { Checked } from './key-pairs.js';
import type { EffectiveConfiguration } from './layers.js';
import type { NameID } from './name-id.js';

/** Something a person should know that did not stop the Response. */
export interface SamlWarning {
  /** Stable, snake_case. */
  readonly code: string;
  readonly detail: string;
}
export interface Pairs {
  /** Of cert and key; `null` signs with the tenant's. */
  readonly own: Checked<SigningPair> | null;
  /** Of encryptionCert and encryptionPublicKey; `null` encrypts nothing. */
  readonly encryption: Checked<EncryptionRecipient> | null;
  readonly tenant: SigningPair;
}
export interface ResponseIds {
  readonly response: string;
  readonly assertion: string;
  readonly sessionIndex: string;
}
/** Everything a Response depends on, but the keys. */
export interface ResponseContext {
  readonly configuration: EffectiveConfiguration;
  /** The IdP's entityID. */
  readonly entityId: string;
  /** The validated address of delivery. */
  readonly acsUrl: string;
  /** `null` when the IdP initiates. */
  readonly request: AuthnRequest | null;
  readonly relayState: string | undefined;
  readonly now: Date;
  readonly ids: ResponseIds;
}
export interface LoginContext extends ResponseContext {
  readonly profile: Profile;
  readonly unmappedClaimPrefix: string;
  /** The audience when there is neither a request nor a setting: the client's entity ID, or its first callback URL. */
  readonly fallbackAudience: string;
  readonly authenticatedAt: Date;
  /** Refuse where the request names another subject than the one who logged in (SAML Core 3.4.1.4); else warn. */
  readonly subjectMustMatch?: boolean;
}
export interface IssuedResponse {
  /** The exact document. */
  readonly xml: string;
  /** The assertion before encryption; `null` when nothing was encrypted. */
  readonly assertionXml: string | null;
  readonly relayState: string | undefined;
  readonly nameID: NameID;
  readonly attributes: readonly MappedAttribute[];
  readonly signed: readonly ('assertion' | 'response')[];
  readonly encryptedWith: string | null;
  readonly warnings: readonly SamlWarning[];
}
