/** What a service provider has to know of us and of itself, and what the two agree on. */
import type { IdentityProvider } from '../../../login/identity-provider.js';
import { BINDINGS, NAME_ID_FORMATS, type Binding } from '../../../protocol/saml/names.js';
import type { Client } from '../../../tenant/client.js';
import { entityIdOfServiceProvider } from '../../../tenant/saml-addon.js';

export interface Relationship {
  readonly idp: {
    readonly entityId: string;
    readonly ssoUrl: string;
    readonly sloUrl: string;
    readonly metadataUrl: string;
    /** PEM. */
    readonly certificates: readonly string[];
  };
  readonly sp: {
    readonly name: string;
    readonly entityId: string;
    readonly acsUrl: string;
    readonly sloUrl: string | undefined;
    /** How logout messages come to it. */
    readonly sloBinding: Binding;
  };
  /** What assertions name as their Audience, whoever asked. */
  readonly audience: string;
  readonly nameIDFormat: string;
  /** What we sign. */
  readonly signs: { readonly assertion: boolean; readonly response: boolean };
  /** Whether assertions are encrypted for the SP, so that it needs its private key. */
  readonly encrypts: boolean;
  /** Whether its requests to log in, and its logout messages, must be signed. */
  readonly wantsSigned: { readonly requests: boolean; readonly logout: boolean };
}

/** `null` where the client is no SAML client, or has no callback yet. */
export function relationshipOf(client: Client, idp: IdentityProvider): Relationship | null {
  const { samlp } = client.addons;
  const acsUrl = client.callbacks.find((callback) => /^https?:/i.test(callback));
  if (!samlp || acsUrl === undefined) return null;
  // without either the Issuer of its requests decides; in a login that begins here the first callback is the Audience
  const entityId = entityIdOfServiceProvider(samlp) ?? acsUrl;
  const both = samlp.signBoth === true;
  const response = both || samlp.signResponse === true;
  return {
    idp: { ...idp, certificates: idp.certificates.map((certificate) => certificate.toString().trim()) },
    sp: {
      name: client.name,
      entityId,
      acsUrl,
      sloUrl: samlp.logout?.callback,
      sloBinding: samlp.binding ?? BINDINGS.httpPost,
    },
    audience: samlp.audience ?? entityId,
    nameIDFormat: samlp.nameIdentifierFormat ?? NAME_ID_FORMATS.unspecified,
    signs: { assertion: both || !response, response },
    encrypts: samlp.encryptionCert !== undefined,
    wantsSigned: {
      requests: samlp.signingCert !== undefined,
      logout: samlp.signingCert !== undefined || (samlp.spCertificates ?? []).length > 0,
    },
  };
}

/** Whether the SP signs or decrypts anything, and so needs a key of its own. */
export const needsKey = ({ wantsSigned, encrypts }: Relationship): boolean =>
  wantsSigned.requests || wantsSigned.logout || encrypts;
