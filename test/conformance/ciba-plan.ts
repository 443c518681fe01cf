/*
 * Which modules the plan for FAPI-CIBA, Implementer's Draft 1, has for authorization servers, and in which variants (`fapi_ciba_profile=plain_fapi`,
 * static clients): facts of the conformance suite's release 5.2.4, in its order.
 */

export const CIBA_SUITE_NAME = 'fapi-ciba-id1-test-plan';
export const CIBA_ID = 'fapi-ciba';

/** What one run of a module varies in. */
export interface CibaVariant {
  readonly clientAuth: 'private_key_jwt' | 'mtls';
  readonly mode: 'poll' | 'ping';
}

const ALL = [
  'discovery-end-point-verification',
  '',
  'user-rejects-authentication',
  'multiple-call-to-token-endpoint',
  'auth-req-id-expired',
  'ensure-authorization-request-with-binding-message-succeeds',
  'ensure-other-scope-order-succeeds',
  'ensure-requested-expiry-as-string-succeeds',
  'ensure-authorization-request-with-potentially-bad-binding-message',
  'ensure-request-object-missing-aud-fails',
  'ensure-request-object-bad-aud-fails',
  'ensure-request-object-missing-iss-fails',
  'ensure-request-object-bad-iss-fails',
  'ensure-request-object-missing-exp-fails',
  'ensure-request-object-expired-exp-fails',
  'ensure-request-object-exp-is-70-minutes-in-future-fails',
  'ensure-request-object-missing-iat-fails',
  'ensure-request-object-missing-nbf-fails',
  'ensure-request-object-nbf-is-10-minutes-in-future-fails',
  'ensure-request-object-nbf-is-70-minutes-in-past-fails',
  'ensure-request-object-missing-jti-fails',
  'ensure-request-object-signature-algorithm-is-none-fails',
  'ensure-request-object-signature-algorithm-is-bad-fails',
  'ensure-request-object-signature-algorithm-is-RS256-fails',
  'ensure-request-object-signed-by-other-client-fails',
  'ensure-authorization-request-with-multiple-hints-fails',
  'ensure-wrong-auth-req-id-in-token-endpoint-request',
] as const;
const OF_CERTIFICATES = [
  'ensure-different-client-id-and-issuer-in-backchannel-authorization-request',
  'ensure-wrong-client-id-in-token-endpoint-request',
  'ensure-wrong-client-id-in-backchannel-authorization-request',
] as const;
const OF_ASSERTIONS = [
  'ensure-without-client-assertion-in-token-endpoint-request',
  'ensure-without-client-assertion-in-backchannel-authorization-request',
  'ensure-client-assertion-signature-algorithm-in-backchannel-authorization-request-is-RS256-fails',
  'ensure-client-assertion-signature-algorithm-in-token-endpoint-request-is-RS256-fails',
  'ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds',
] as const;
const OF_PING = [
  'ping-backchannel-notification-endpoint-response-has-body',
  'ping-backchannel-notification-endpoint-response-401',
  'ping-backchannel-notification-endpoint-response-403',
  'ping-with-mtls-ciba-notification-endpoint-response-401-and-require-server-does-not-retry',
  'ping-backchannel-notification-endpoint-return-redirect-request',
] as const;
const LAST = ['ensure-unsigned-backchannel-authorization-request-fails', 'refresh-token', 'ensure-mtls-holder-of-key-required'] as const;
const PREFIX = 'fapi-ciba-id1';

/** A module by what its name has after `fapi-ciba-id1-`; the happy flow has nothing there. */
export type CibaName =
  | (typeof ALL)[number]
  | (typeof OF_CERTIFICATES)[number]
  | (typeof OF_ASSERTIONS)[number]
  | (typeof OF_PING)[number]
  | (typeof LAST)[number];

const NAMES: readonly CibaName[] = [...ALL, ...OF_CERTIFICATES, ...OF_ASSERTIONS, ...OF_PING, ...LAST];

const VARIANTS: readonly CibaVariant[] = (['private_key_jwt', 'mtls'] as const).flatMap((clientAuth) =>
  (['poll', 'ping'] as const).map((mode): CibaVariant => ({ clientAuth, mode })),
);

/** One test: a module in one variant. */
export interface CibaTest {
  readonly name: CibaName;
  readonly variant: CibaVariant;
}

/** Everything that the suite itself would run in these variants. */
export const CIBA_TESTS: readonly CibaTest[] = VARIANTS.flatMap((variant) =>
  NAMES.filter((name) => applies(name, variant)).map((name): CibaTest => ({ name, variant })),
);

/** The suite's name for a module. */
export function cibaModuleName(name: CibaName): string {
  return name === '' ? PREFIX : `${PREFIX}-${name}`;
}

/** `private_key_jwt, ping` */
export function cibaVariantName({ clientAuth, mode }: CibaVariant): string {
  return `${clientAuth}, ${mode}`;
}

/** What the suite's modules say they are not for. */
function applies(name: CibaName, { clientAuth, mode }: CibaVariant): boolean {
  const isOf = (names: readonly CibaName[]): boolean => names.includes(name);
  if (isOf(OF_PING)) return mode === 'ping';
  return !isOf(clientAuth === 'mtls' ? OF_ASSERTIONS : OF_CERTIFICATES);
}
