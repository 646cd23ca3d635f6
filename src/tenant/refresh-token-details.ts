/** What is kept of a refresh token besides its times: grant.ts has the rest. */
export interface RefreshTokenDetails {
  /** What may be asked for with it; scopes space-separated. */
  readonly resourceServers: readonly { readonly audience: string | null; readonly scope: string }[];
  readonly device: {
    readonly initialIp?: string;
    readonly initialUserAgent?: string;
    readonly lastIp?: string;
    readonly lastUserAgent?: string;
  };
  readonly metadata: Readonly<Record<string, string>>;
  /** `online` ends with its session. */
  readonly access: 'offline' | 'online';
  readonly rotating: boolean;
  /** The client's setting when it was issued; `null` where idling does not end it. */
  readonly idleLifetimeInSeconds: number | null;
  readonly leewayInSeconds: number;
  readonly dpopJkt?: string;
}
