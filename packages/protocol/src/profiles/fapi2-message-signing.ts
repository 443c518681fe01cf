import { fapi2Security } from './fapi2-security.ts';
import type { Profile } from './profile.ts';

/**
 * FAPI 2.0 Message Signing, Final: the security profile, and requests, answers or both are signed: those that the client's registration
 * names (`require_signed_request_object`, `authorization_signed_response_alg`).
 */
export const fapi2MessageSigning: Profile = {
  name: 'fapi2_message_signing',
  rules: {
    ...fapi2Security.rules,
    requestObject: { times: 'bounded', audience: 'required' },
    signedAnswer: 'if_registered',
  },
  findFaults(metadata) {
    const faults = fapi2Security.findFaults(metadata);
    if (metadata.requireSignedRequestObject || metadata.authorizationSignedResponseAlg !== undefined) return faults;
    const message = 'is not true, nor is there an authorization_signed_response_alg: FAPI 2.0 Message Signing signs one of them';
    return [...faults, { member: 'require_signed_request_object', message }];
  },
};
