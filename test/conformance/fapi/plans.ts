import { eachVariant, type FapiVariant } from './variant.ts';

/*
 * Which modules the certification plans of the OpenID Foundation's conformance suite have for authorization servers of FAPI 2.0 (the profile
 * `plain_fapi`), and in which variants: facts of its release 5.2.4, in its order.
 */

const ANY = 'any';
/** For whom a module is: what of the variant it needs. */
const OPENID = { openid: 'openid_connect' } as const;
const ASSERTION = { clientAuth: 'private_key_jwt' } as const;
const PROOF = { senderConstrain: 'dpop' } as const;
const OBJECT = { request: 'signed' } as const;

const MODULES = {
  'discovery-end-point-verification': ANY,
  'happy-flow': ANY,
  'user-rejects-authentication': ANY,
  'ensure-request-object-with-multiple-aud-succeeds': OBJECT,
  'ensure-authorization-request-without-state-success': ANY,
  'ensure-authorization-request-without-nonce-success': OPENID,
  'ensure-authorization-request-with-64-char-nonce-success': OPENID,
  'ensure-other-scope-order-succeeds': OPENID,
  'test-claims-parameter-identity-claims': OPENID,
  'access-token-type-header-case-sensitivity': ANY,
  'ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted': OBJECT,
  'check-dpop-proof-nbf-exp': PROOF,
  'ensure-dpopproof-with-iat-10seconds-before-succeeds': PROOF,
  'ensure-dpopproof-with-iat-10seconds-after-succeeds': PROOF,
  'ensure-mismatched-dpop-jkt-fails': PROOF,
  'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt': PROOF,
  'ensure-token-endpoint-fails-with-mismatched-dpop-jkt': PROOF,
  'ensure-dpopproof-at-par-endpoint-binding-success': PROOF,
  'ensure-dpop-auth-code-binding-success': PROOF,
  'ensure-different-nonce-inside-and-outside-request-object': OPENID,
  'ensure-different-state-inside-and-outside-request-object': ANY,
  'ensure-authorization-request-with-long-nonce': OPENID,
  'ensure-authorization-request-with-long-state': ANY,
  'ensure-request-object-without-exp-fails': OBJECT,
  'ensure-request-object-without-nbf-fails': OBJECT,
  'state-only-outside-request-object-not-used': ANY,
  'ensure-request-object-without-redirect-uri-fails': ANY,
  'ensure-expired-request-object-fails': OBJECT,
  'ensure-request-object-with-bad-aud-fails': OBJECT,
  'ensure-request-object-with-exp-over-60-fails': OBJECT,
  'ensure-request-object-with-nbf-over-60-fails': OBJECT,
  'ensure-signed-request-object-with-RS256-fails': OBJECT,
  'ensure-request-object-signature-algorithm-is-not-none': OBJECT,
  'ensure-request-object-with-invalid-signature-fails': OBJECT,
  'ensure-matching-key-in-authorization-request': OBJECT,
  'ensure-unsigned-request-at-par-endpoint-fails': OBJECT,
  'plain-fapi-tolerate-unregistered-redirect-uri': ANY,
  'ensure-unsigned-authorization-request-without-using-par-fails': ANY,
  'ensure-redirect-uri-in-authorization-request': ANY,
  'ensure-response-type-code-idtoken-fails': ANY,
  'ensure-response-type-token-fails': ANY,
  'ensure-client-id-in-token-endpoint': ANY,
  'ensure-holder-of-key-required': ANY,
  'ensure-authorization-code-is-bound-to-client': ANY,
  'attempt-reuse-authorization-code-after-one-second': ANY,
  'ensure-token-endpoint-fails-with-expired-auth-code': ANY,
  'ensure-signed-client-assertion-with-RS256-fails': ASSERTION,
  'ensure-client-assertion-in-token-endpoint': ASSERTION,
  'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails': ASSERTION,
  'ensure-client-assertion-with-wrong-aud-fails': ASSERTION,
  'ensure-client-assertion-with-no-sub-fails': ASSERTION,
  'dpop-negative-tests': PROOF,
  'refresh-token': ANY,
  'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds': ANY,
  'par-attempt-reuse-request_uri': ANY,
  'par-attempt-to-use-expired-request_uri': ANY,
  'par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted': ASSERTION,
  'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails': ASSERTION,
  'par-attempt-to-use-request_uri-for-different-client': ANY,
  'par-authorization-request-containing-request_uri-form-param': ANY,
  'par-attempt-invalid-http-method': ANY,
  'par-ensure-pkce-required': ANY,
  'ensure-pkce-code-verifier-required': ANY,
  'incorrect-pkce-code-verifier-rejected': ANY,
  'par-plain-pkce-rejected': ANY,
  'par-authorization-request-containing-request_uri': OBJECT,
  'par-without-duplicate-parameters': ANY,
  'par-test-array-as-audience-fails': ASSERTION,
  'par-test-par-endpoint-url-as-audience-fails': ASSERTION,
  'par-test-token-endpoint-url-as-audience-fails': ASSERTION,
} as const satisfies Readonly<Record<string, typeof ANY | Partial<FapiVariant>>>;

/** A module of the suite by its name, without what all of them begin with. */
export type FapiModuleName = keyof typeof MODULES;

export interface FapiPlan {
  readonly id: string;
  /** The suite's name for it. */
  readonly suiteName: string;
  readonly variants: readonly FapiVariant[];
}

/** One test: a module of a plan in one variant. */
export interface FapiTest {
  readonly plan: FapiPlan;
  readonly name: FapiModuleName;
  /** In the suite's words. */
  readonly module: string;
  readonly variant: FapiVariant;
}

export const FAPI_PLANS: readonly FapiPlan[] = [
  {
    id: 'fapi2-security-profile',
    suiteName: 'fapi2-security-profile-final-test-plan',
    variants: eachVariant('unsigned', 'plain'),
  },
  {
    id: 'fapi2-message-signing',
    suiteName: 'fapi2-message-signing-final-test-plan',
    variants: [...eachVariant('signed', 'jarm'), ...eachVariant('signed', 'plain'), ...eachVariant('unsigned', 'jarm')],
  },
];

/** The tests of a plan in order: everything that the suite itself would run in these variants. */
export function fapiTestsOf(plan: FapiPlan): readonly FapiTest[] {
  return plan.variants.flatMap((variant) =>
    names()
      .filter((name) => applies(name, variant))
      .map((name): FapiTest => ({ plan, name, module: `fapi2-security-profile-final-${name}`, variant })),
  );
}

function names(): readonly FapiModuleName[] {
  const found: FapiModuleName[] = [];
  for (const name in MODULES) if (isName(name)) found.push(name);
  return found;
}

function isName(name: string): name is FapiModuleName {
  return name in MODULES;
}

function applies(name: FapiModuleName, variant: FapiVariant): boolean {
  const needs: typeof ANY | Partial<FapiVariant> = MODULES[name];
  if (needs === ANY) return true;
  const has: Readonly<Record<string, string>> = { ...variant };
  return Object.entries(needs).every(([member, value]) => has[member] === value);
}
