/*
 * Which modules the plan for FAPI 1.0 Advanced, Final, has for authorization servers, and in which variants (`fapi_profile=plain_fapi`): facts of the
 * conformance suite's release 5.2.4, in its order.
 */

export const FAPI1_SUITE_NAME = 'fapi1-advanced-final-test-plan';
export const FAPI1_ID = 'fapi1-advanced';

/** What one run of a module varies in. */
export interface Fapi1Variant {
  readonly clientAuth: 'private_key_jwt' | 'mtls';
  /** Whether the request object is in the browser's address, or pushed (RFC 9126). */
  readonly request: 'by_value' | 'pushed';
  /** An ID token with the code signs the answer, or the answer is a JWT (JARM §2). */
  readonly response: 'plain' | 'jarm';
}

const VALUES_AND_PUSHED = [
  'discovery-end-point-verification',
  '',
  'user-rejects-authentication',
  'ensure-request-object-with-multiple-aud-succeeds',
  'ensure-authorization-request-without-state-success',
  'ensure-valid-pkce-succeeds',
  'ensure-other-scope-order-succeeds',
  'access-token-type-header-case-sensitivity',
  'ensure-response-mode-query',
  'ensure-different-nonce-inside-and-outside-request-object',
  'ensure-registered-redirect-uri',
  'ensure-request-object-with-long-nonce',
  'ensure-request-object-with-64-char-nonce-success',
  'ensure-request-object-with-long-state',
  'ensure-request-object-without-exp-fails',
  'ensure-request-object-without-nbf-fails',
  'ensure-request-object-without-scope-fails',
  'state-only-outside-request-object-not-used',
  'ensure-request-object-without-nonce-fails',
  'ensure-request-object-without-redirect-uri-fails',
  'ensure-expired-request-object-fails',
  'ensure-request-object-with-bad-aud-fails',
  'ensure-request-object-with-exp-over-60-fails',
  'ensure-request-object-with-nbf-over-60-fails',
  'ensure-signed-request-object-with-RS256-fails',
  'ensure-request-object-signature-algorithm-is-not-none',
  'ensure-request-object-with-invalid-signature-fails',
  'ensure-matching-key-in-authorization-request',
  'ensure-authorization-request-without-request-object-fails',
  'ensure-redirect-uri-in-authorization-request',
  'ensure-response-type-code-fails',
  'ensure-client-id-in-token-endpoint',
  'ensure-mtls-holder-of-key-required',
  'ensure-authorization-code-is-bound-to-client',
  'attempt-reuse-authorisation-code-after-one-second',
] as const;
const ASSERTIONS = [
  'ensure-signed-client-assertion-with-RS256-fails',
  'ensure-client-assertion-in-token-endpoint',
  'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails',
  'ensure-client-assertion-with-wrong-aud-fails',
  'ensure-client-assertion-with-no-sub-fails',
  'ensure-client-assertion-with-wrong-iss-fails',
  'ensure-client-assertion-with-wrong-sub-fails',
  'ensure-client-assertion-with-iss-aud-succeeds',
  'test-array-as-audience-for-client-JWT-assertion',
] as const;
const PUSHED = [
  'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds',
  'par-attempt-reuse-request_uri',
  'par-attempt-to-use-expired-request_uri',
  'par-attempt-to-use-request_uri-for-different-client',
  'par-authorization-request-containing-request_uri-form-param',
  'par-attempt-invalid-http-method',
  'par-ensure-pkce-required',
  'ensure-pkce-code-verifier-required',
  'incorrect-pkce-code-verifier-rejected',
  'par-plain-pkce-rejected',
  'par-pushed-authorization-url-as-audience-in-request-object',
  'par-attempt-invalid-redirect_uri',
  'par-authorization-request-containing-request_uri',
  'par-without-duplicate-parameters',
] as const;
const PUSHED_ASSERTIONS = [
  'par-test-pushed-authorization-url-as-audience-for-client-JWT-assertion',
  'par-token-endpoint-url-as-audience-for-client-JWT-assertion',
  'par-ensure-client-assertion-with-wrong-aud-fails',
  'par-ensure-client-assertion-with-wrong-iss-fails',
  'par-ensure-client-assertion-with-wrong-sub-fails',
] as const;
const REFRESH = 'refresh-token';
const PREFIX = 'fapi1-advanced-final';

/** A module by what its name has after `fapi1-advanced-final-`; the happy flow has nothing there. */
export type Fapi1Name =
  | (typeof VALUES_AND_PUSHED)[number]
  | (typeof ASSERTIONS)[number]
  | (typeof PUSHED)[number]
  | (typeof PUSHED_ASSERTIONS)[number]
  | typeof REFRESH;

const NAMES: readonly Fapi1Name[] = [...VALUES_AND_PUSHED, ...ASSERTIONS, REFRESH, ...PUSHED, ...PUSHED_ASSERTIONS];

const VARIANTS: readonly Fapi1Variant[] = (['private_key_jwt', 'mtls'] as const).flatMap((clientAuth) =>
  (['by_value', 'pushed'] as const).flatMap((request) =>
    (['plain', 'jarm'] as const).map((response): Fapi1Variant => ({ clientAuth, request, response })),
  ),
);

/** One test: a module in one variant. */
export interface Fapi1Test {
  readonly name: Fapi1Name;
  readonly variant: Fapi1Variant;
}

/** Everything that the suite itself would run in these variants. */
export const FAPI1_TESTS: readonly Fapi1Test[] = VARIANTS.flatMap((variant) =>
  NAMES.filter((name) => applies(name, variant)).map((name): Fapi1Test => ({ name, variant })),
);

/** The suite's name for a module. */
export function fapi1ModuleName(name: Fapi1Name): string {
  return name === '' ? PREFIX : `${PREFIX}-${name}`;
}

/** `private_key_jwt, pushed, jarm` */
export function fapi1VariantName({ clientAuth, request, response }: Fapi1Variant): string {
  return [clientAuth, request, response].join(', ');
}

/** What the suite's modules say they are not for. */
function applies(name: Fapi1Name, { clientAuth, request }: Fapi1Variant): boolean {
  const isOf = (names: readonly Fapi1Name[]): boolean => names.includes(name);
  if (clientAuth === 'mtls' && (isOf(ASSERTIONS) || isOf(PUSHED_ASSERTIONS))) return false;
  if (request === 'by_value') return !isOf(PUSHED) && !isOf(PUSHED_ASSERTIONS);
  return name !== 'ensure-valid-pkce-succeeds';
}
