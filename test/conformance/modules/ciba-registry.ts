import type { CibaName } from '../ciba-plan.ts';
import * as asking from './ciba-asking.ts';
import type { CibaModule } from './ciba-module.ts';
import * as tokens from './ciba-tokens.ts';

const text = 'text/plain';

/** What each module does. A module of the plan without an entry does not compile. */
export const CIBA_MODULES: Readonly<Record<CibaName, CibaModule>> = {
  '': tokens.cibaServer,
  'discovery-end-point-verification': tokens.cibaDiscovery,
  'user-rejects-authentication': tokens.userRejects,
  'multiple-call-to-token-endpoint': tokens.manyPolls,
  'auth-req-id-expired': tokens.expired,
  'ensure-authorization-request-with-binding-message-succeeds': asking.bindingMessage,
  'ensure-other-scope-order-succeeds': asking.otherScopeOrder,
  'ensure-requested-expiry-as-string-succeeds': asking.expiryAsText,
  'ensure-authorization-request-with-potentially-bad-binding-message': asking.badBindingMessage,
  'ensure-request-object-missing-aud-fails': asking.without('aud'),
  'ensure-request-object-bad-aud-fails': asking.badAud,
  'ensure-request-object-missing-iss-fails': asking.without('iss'),
  'ensure-request-object-bad-iss-fails': asking.badIss,
  'ensure-request-object-missing-exp-fails': asking.without('exp'),
  'ensure-request-object-expired-exp-fails': asking.minutesFromNow('exp', -5),
  'ensure-request-object-exp-is-70-minutes-in-future-fails': asking.minutesFromNow('exp', 70),
  'ensure-request-object-missing-iat-fails': asking.without('iat'),
  'ensure-request-object-missing-nbf-fails': asking.without('nbf'),
  'ensure-request-object-nbf-is-10-minutes-in-future-fails': asking.minutesFromNow('nbf', 10),
  'ensure-request-object-nbf-is-70-minutes-in-past-fails': asking.minutesFromNow('nbf', -70),
  'ensure-request-object-missing-jti-fails': asking.without('jti'),
  'ensure-request-object-signature-algorithm-is-none-fails': asking.unsigned,
  'ensure-request-object-signature-algorithm-is-bad-fails': asking.badSignature,
  'ensure-request-object-signature-algorithm-is-RS256-fails': asking.rs256,
  'ensure-request-object-signed-by-other-client-fails': asking.otherKey,
  'ensure-authorization-request-with-multiple-hints-fails': asking.twoHints,
  'ensure-wrong-auth-req-id-in-token-endpoint-request': tokens.idOfAnother,
  'ensure-different-client-id-and-issuer-in-backchannel-authorization-request': asking.otherClientId,
  'ensure-wrong-client-id-in-token-endpoint-request': tokens.wrongClientId,
  'ensure-wrong-client-id-in-backchannel-authorization-request': asking.wrongClientId,
  'ensure-without-client-assertion-in-token-endpoint-request': tokens.withoutAssertion,
  'ensure-without-client-assertion-in-backchannel-authorization-request': asking.withoutAssertion,
  'ensure-client-assertion-signature-algorithm-in-backchannel-authorization-request-is-RS256-fails': asking.assertionRs256,
  'ensure-client-assertion-signature-algorithm-in-token-endpoint-request-is-RS256-fails': tokens.assertionRs256,
  'ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds': tokens.issuerAsAudience,
  'ping-backchannel-notification-endpoint-response-has-body': tokens.notified({ type: text, body: 'told' }),
  'ping-backchannel-notification-endpoint-response-401': tokens.notified({ status: 401, type: text, body: 'no' }),
  'ping-backchannel-notification-endpoint-response-403': tokens.notified({ status: 403, type: text, body: 'no' }),
  'ping-with-mtls-ciba-notification-endpoint-response-401-and-require-server-does-not-retry': tokens.notRepeated,
  'ping-backchannel-notification-endpoint-return-redirect-request': tokens.notRedirected,
  'ensure-unsigned-backchannel-authorization-request-fails': asking.withoutObject,
  'refresh-token': tokens.refreshToken,
  'ensure-mtls-holder-of-key-required': tokens.holderOfKey,
};
