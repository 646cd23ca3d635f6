import type { Jwks } from '../protocol/jwt/jwks.js';

/** What of the tenant an inspection needs: nothing secret. */
export interface InspectedTenant {
  readonly entityId: string;
  readonly unmappedClaimPrefix: string;
  /** `iss` of tokens. */
  readonly issuer: string;
  readonly accessTokenLifetimeInSeconds: number;
  readonly jwks: Jwks;
  /** Of every published key that signs SAML, the current one first. */
  readonly certificates: readonly { readonly kid: string; readonly pem: string }[];
}
