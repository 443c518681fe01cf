/**
 * Every refusal that ends on a page of ours instead of going back to the client, with its status and its one fixed phrase. The phrase
 * is part of the contract: it stands on the page in every language, conformance runs wait for it, and people search for it.
 */
export const ERROR_KINDS = {
  client_id_missing: { status: 400, phrase: 'client_id is missing' },
  /** Also for a client that is switched off or lives in another tenant: the three must look alike. */
  client_id_unknown: { status: 400, phrase: 'client_id is unknown' },
  redirect_uri_missing: { status: 400, phrase: 'redirect_uri is missing' },
  redirect_uri_not_registered: { status: 400, phrase: 'redirect_uri is not registered' },
  parameter_repeated: { status: 400, phrase: 'a parameter is repeated' },
  request_malformed: { status: 400, phrase: 'request is malformed' },
  request_too_large: { status: 413, phrase: 'request is too large' },
  request_object_invalid: { status: 400, phrase: 'request object is not valid' },
  request_uri_invalid: { status: 400, phrase: 'request_uri is not valid' },
  request_uri_expired: { status: 400, phrase: 'request_uri has expired' },
  request_expired: { status: 400, phrase: 'request has expired' },
  request_unknown: { status: 400, phrase: 'request is unknown' },
  form_not_verified: { status: 403, phrase: 'form could not be verified' },
  session_changed: { status: 409, phrase: 'session has changed' },
  cookies_blocked: { status: 400, phrase: 'cookies are blocked' },
  sign_up_off: { status: 403, phrase: 'sign-up is switched off' },
  sign_in_method_off: { status: 403, phrase: 'this way to sign in is switched off' },
  sign_in_too_weak: { status: 403, phrase: 'sign-in is not strong enough' },
  upstream_off: { status: 403, phrase: 'that provider is switched off' },
  upstream_attempt_unknown: { status: 403, phrase: 'sign-in was not begun in this browser' },
  upstream_failed: { status: 400, phrase: 'answer of the other service could not be verified' },
  upstream_unavailable: { status: 502, phrase: 'other service does not answer' },
  upstream_no_account: { status: 403, phrase: 'no account is linked' },
  upstream_account_off: { status: 403, phrase: 'account cannot be signed in to' },
  upstream_not_fresh: { status: 403, phrase: 'sign-in elsewhere is not recent' },
  account_not_allowed: { status: 403, phrase: 'account may not use this client' },
  post_logout_redirect_uri_not_registered: { status: 400, phrase: 'post_logout_redirect_uri is not registered' },
  id_token_hint_missing: { status: 400, phrase: 'id_token_hint is missing' },
  id_token_hint_invalid: { status: 400, phrase: 'id_token_hint is not valid' },
  id_token_hint_mismatch: { status: 400, phrase: 'client_id does not match id_token_hint' },
  not_found: { status: 404, phrase: 'page not found' },
  method_not_allowed: { status: 405, phrase: 'method is not allowed' },
  too_many_requests: { status: 429, phrase: 'too many requests' },
  server_error: { status: 500, phrase: 'internal error' },
  temporarily_unavailable: { status: 503, phrase: 'service is temporarily unavailable' },
} as const;

/** The name of a refusal that is shown as a page. */
export type ErrorKind = keyof typeof ERROR_KINDS;
