import { fapi2Security } from './fapi2-security.ts';
import { defineProfile, type Profile } from './profile.ts';

/**
 * FAPI 2.0 Message Signing, Final: the security profile, and requests, answers or both are signed: those that the client's registration
 * names (`require_signed_request_object`, `authorization_signed_response_alg`).
 */
export const fapi2MessageSigning: Profile = defineProfile({
  name: 'fapi2_message_signing',
  rules: {
    ...fapi2Security.rules,
    requestObject: { times: 'bounded', audience: 'required' },
    signedAnswer: 'if_registered',
  },
  findDemands(metadata) {
    const { requireSignedRequestObject: signsRequests, authorizationSignedResponseAlg: answerAlg } = metadata;
    const member = 'require_signed_request_object';
    const message = 'is not true, nor is there an authorization_signed_response_alg: FAPI 2.0 Message Signing signs one of them';
    const met = signsRequests || answerAlg !== undefined;
    return [
      ...fapi2Security.findDemands(metadata),
      {
        member,
        rule: 'either',
        values: ['authorization_signed_response_alg'],
        has: [...(signsRequests ? [member] : []), ...(answerAlg === undefined ? [] : ['authorization_signed_response_alg'])],
        faults: met ? [] : [{ member, message }],
      },
    ];
  },
});
