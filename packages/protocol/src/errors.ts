/**
 * Every error code that OAuth, OpenID Connect and their extensions let us answer with, and its HTTP status.
 * The one table: nothing else enumerates codes.
 */
const STATUS = {
  // RFC 6749 §4.1.2.1, §5.2
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  access_denied: 403,
  server_error: 500,
  temporarily_unavailable: 503,
  // RFC 6750 §3.1
  invalid_token: 401,
  insufficient_scope: 403,
  // RFC 9470 §3
  insufficient_user_authentication: 401,
  // RFC 9449 §5, §8; 401 at a resource (§7.1)
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  // RFC 8707 §2
  invalid_target: 400,
  // RFC 7009 §2.2.1
  unsupported_token_type: 400,
  // RFC 7591 §3.2.2
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  invalid_software_statement: 400,
  unapproved_software_statement: 400,
  // OpenID Connect Core §3.1.2.6
  login_required: 400,
  consent_required: 400,
  interaction_required: 400,
  account_selection_required: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  // RFC 9101 §7, OpenID Connect Core §3.1.2.6
  invalid_request_uri: 400,
  invalid_request_object: 400,
  // RFC 9396 §5
  invalid_authorization_details: 400,
  // OpenID Connect Unmet Authentication Requirements 1.0 §2
  unmet_authentication_requirements: 400,
  // RFC 8628 §3.5, OpenID Connect CIBA §11
  authorization_pending: 400,
  expired_token: 400,
  // OpenID Connect CIBA §13
  unknown_user_id: 400,
  invalid_binding_message: 400,
  // RFC 8628 §3.5 (there 400: `status`); and ours, for the limits that RFC 6749 has no word for (RFC 6585 §4)
  slow_down: 429,
} as const;

/** An error code of RFC 6749 §5.2 or of one of its extensions. */
export type ErrorCode = keyof typeof STATUS;

/** All of them. */
export const ERROR_CODES: readonly string[] = Object.keys(STATUS);

/** What only the log and the decision record may see. */
export interface ErrorDetail {
  /** Why, with the values that led to it; never a secret. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Seconds, for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Where the status says more than the code, which has no word for it: RFC 8628 §3.5 answers all of its codes with 400, and what is not there is 404. */
  readonly status?: 400 | 404 | 405 | 413 | 414 | 415 | 421 | 429 | 501;
}

/**
 * A refusal the standards know. `description` is public (RFC 6749 §5.2 `error_description`: printable ASCII without
 * `"` and `\`); `detail` and `cause` go to the log and to the decision record.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly description: string;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, description: string, more: ErrorDetail = {}) {
    super(`${code}: ${description}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.status = more.status ?? STATUS[code];
    this.description = toDescription(description);
    this.detail = more.detail;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** RFC 6749 §5.2: `%x20-21 / %x23-5B / %x5D-7E`. Anything else becomes a space or an apostrophe. */
export function toDescription(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, ' ');
}
