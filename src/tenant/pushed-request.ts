/** An authorization request that a client left with the server (RFC 9126). It works once. */
export interface PushedRequest {
  /** SHA-256 of what follows `urn:ietf:params:oauth:request_uri:`, see `tokenDigest`. */
  readonly digest: string;
  readonly clientId: string;
  /** ISO instant of the server's clock. */
  readonly expiresAt: string;
  /** As sent, without what authenticated the client. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of the key that proved itself with the request (RFC 9449 10.1). */
  readonly dpopJkt?: string;
}
