/** The shape of every refusal under `/api` and `/debug`: RFC 9457 problem details, made from a named error. */
import type { FieldError, MintmarkError } from '../../protocol/mintmark-error.js';
import type { BorderErrorCode } from './border-error.js';

export const PROBLEM_JSON = 'application/problem+json';

/** RFC 9457 3.1; `code` and `errors` are ours. Errors may add members of their own. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable; clients may switch on it. */
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly [extension: string]: unknown;
}

const BORDER_STATUS: Readonly<Record<BorderErrorCode, number>> = {
  invalid_json: 400,
  invalid_parameter: 400,
  invalid_request: 400,
  invalid_url: 400,
  admin_token_required: 401,
  cross_origin_refused: 403,
  route_not_found: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  url_too_long: 414,
  content_type_unsupported: 415,
  host_not_ours: 421,
};

/** What the codes of the other floors mean over HTTP; the first row that fits decides. */
const STATUS_BY_CODE: readonly (readonly [code: RegExp, status: number])[] = [
  [/_not_found$/, 404],
  [/^too_many_/, 429],
  [/_exists$/, 409],
  [/^transaction_/, 409],
  [/^action_(bound|not_deployed|limit_reached)$/, 409],
  // what is stored is at fault, and the caller can mend it
  [/^secret_unreadable$/, 409],
];

/** The HTTP status of an error code; a known error that no table names was caused by bad input. */
export function statusOf(code: string): number {
  if (Object.hasOwn(BORDER_STATUS, code)) return BORDER_STATUS[code as BorderErrorCode];
  return STATUS_BY_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
}

/** `client_not_found` reads "Client not found". */
const titleOf = (code: string): string => {
  const words = code.replaceAll('_', ' ').replace(/\b(saml|jwt|json|url)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export function problem(
  code: string,
  status: number,
  detail: string,
  more: {
    readonly errors?: readonly FieldError[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  } = {},
): ProblemDetails {
  return {
    ...more.extensions,
    type: `urn:mintmark:problem:${code}`,
    title: titleOf(code),
    status,
    code,
    detail,
    ...(more.errors?.length ? { errors: more.errors } : {}),
  };
}

/** The problem that a named error is over HTTP; its extensions are further members. */
export function problemOf(error: MintmarkError): ProblemDetails {
  return problem(error.code, statusOf(error.code), error.description, error);
}
