/** One field of the input that is at fault. */
export interface FieldError {
  /** JSON pointer (RFC 6901) to the field, relative to the body that was sent: `/samlResponse/audience`. */
  readonly pointer: string;
  /** What is wrong with it, and how to mend it. */
  readonly detail: string;
}

/**
 * A failure that is known and named. Each domain derives its own class with a closed set of codes.
 * The core throws them and never knows HTTP; one filter in `web/` maps `code` to a status.
 */
export abstract class MintmarkError<Code extends string = string> extends Error {
  constructor(
    /** Stable, snake_case; clients may switch on it. */
    readonly code: Code,
    /** Public: may be shown to the peer. Never holds a key, a PEM or a token. */
    readonly description: string,
    options: {
      /** Private: shown by the inspector and the log only. */
      cause?: unknown;
      /** The fields at fault, when the input has fields. */
      errors?: readonly FieldError[];
      /** Further public members of the answer, such as the transaction that is already finished. */
      extensions?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(description, { cause: options.cause });
    this.name = new.target.name;
    this.errors = options.errors ?? [];
    this.extensions = options.extensions ?? {};
  }

  readonly errors: readonly FieldError[];
  readonly extensions: Readonly<Record<string, unknown>>;
}
