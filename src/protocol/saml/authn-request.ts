/** SAML Core 3.4.1, as far as an IdP reads it. Every field comes from the root element and its direct children only. */
export interface AuthnRequest {
  readonly id: string;
  /** Whole text content of the direct child Issuer. */
  readonly issuer: string;
  readonly issueInstant: string;
  readonly destination?: string;
  readonly assertionConsumerServiceURL?: string;
  readonly assertionConsumerServiceIndex?: number;
  readonly protocolBinding?: string;
  readonly forceAuthn: boolean;
  readonly isPassive: boolean;
  readonly nameIDPolicy?: {
    readonly format?: string;
    readonly allowCreate?: boolean;
    readonly spNameQualifier?: string;
  };
  readonly requestedAuthnContext?: { readonly comparison: string; readonly classRefs: readonly string[] };
  /** NameID of the Subject: who is wanted. */
  readonly subject?: { readonly nameId: string; readonly format?: string };
  /** Whether the document carries an XML Signature; it is verified elsewhere. */
  readonly signed: boolean;
  /** The exact document. */
  readonly xml: string;
}
