import { MintmarkError, type FieldError } from '../../protocol/mintmark-error.js';

/** Every way in which a request is refused before a controller sees it. */
export type BorderErrorCode =
  | 'invalid_json'
  | 'invalid_parameter'
  | 'invalid_request'
  | 'invalid_url'
  | 'admin_token_required'
  | 'cross_origin_refused'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'url_too_long'
  | 'content_type_unsupported'
  | 'host_not_ours';

export class BorderError extends MintmarkError<BorderErrorCode> {
  /** What the answer carries besides its body: `www-authenticate`, `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: BorderErrorCode,
    description: string,
    options: {
      cause?: unknown;
      errors?: readonly FieldError[];
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(code, description, options);
    this.headers = options.headers ?? {};
  }
}
