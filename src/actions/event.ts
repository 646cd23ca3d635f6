/** What an Action is told: `event` of actions-api.md 12 and 13. Plain JSON; the members here are those that `api` looks at. */
export interface ActionEvent {
  readonly request: {
    readonly ip?: string;
    readonly method?: string;
    readonly hostname?: string;
    readonly query?: Readonly<Record<string, unknown>>;
    readonly body?: Readonly<Record<string, unknown>>;
    readonly [name: string]: unknown;
  };
  readonly transaction?: {
    readonly protocol?: string;
    readonly metadata?: Readonly<Record<string, unknown>>;
    readonly target_scopes?: readonly string[];
    readonly [name: string]: unknown;
  };
  readonly user?: {
    readonly user_id?: string;
    readonly user_metadata?: unknown;
    readonly app_metadata?: unknown;
    readonly [name: string]: unknown;
  };
  readonly session?: {
    readonly id?: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly cookie?: { readonly mode?: string };
    readonly [name: string]: unknown;
  };
  readonly refresh_token?: {
    readonly id?: string;
    readonly access?: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly [name: string]: unknown;
  };
  readonly authorization?: { readonly roles?: readonly string[] };
  readonly [name: string]: unknown;
}
