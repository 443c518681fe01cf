import { FAPI_AUTH_METHODS, requireAlgs } from './fapi2-security.ts';
import { defineProfile, NO_PROFILE, type Profile, type ProfileDemand, requireOneOf, requireOnly, requireSafeRedirects } from './profile.ts';

const WHY = 'FAPI 1.0 Advanced';
/** FAPI 1.0 Advanced §8.6. */
const ALGS = ['PS256', 'ES256'];
const GRANT_TYPES = ['authorization_code', 'implicit', 'refresh_token', 'client_credentials', 'urn:openid:params:grant-type:ciba'];

/** FAPI 1.0 Advanced §5.2.2: signed requests, signed answers (an ID token with them, or a JWT), tokens bound to certificates. */
export const fapi1Advanced: Profile = defineProfile({
  name: 'fapi1_advanced',
  rules: {
    ...NO_PROFILE,
    signedRequest: 'required',
    // Of typ it says nothing.
    requestObject: { times: 'bounded', audience: 'required' },
    codeChallenge: 'pushed',
    scopeAndNonce: 'required',
    // Of older clients, whose audiences are lists with other servers in them: its certification demands that they be taken.
    assertionAudience: 'among',
    signedAnswer: 'required',
    signatureAlgs: ALGS,
    rotation: 'off',
  },
  findDemands(metadata) {
    const { authorizationSignedResponseAlg: answerAlg, certificateBoundAccessTokens: bound, responseTypes } = metadata;
    const demands: ProfileDemand[] = [
      requireOneOf('token_endpoint_auth_method', metadata.tokenEndpointAuthMethod, FAPI_AUTH_METHODS, WHY),
      requireOnly('grant_types', metadata.grantTypes, GRANT_TYPES, WHY),
      requireOnly('response_types', responseTypes, ['code id_token', 'code'], WHY),
      ...requireSafeRedirects(metadata, WHY),
      ...requireAlgs(metadata, ALGS, WHY),
      requireThere(
        'tls_client_certificate_bound_access_tokens',
        bound ? 'true' : undefined,
        `is not true: ${WHY} binds tokens to certificates`,
      ),
    ];
    if (responseTypes.includes('code'))
      demands.push(
        requireThere('authorization_signed_response_alg', answerAlg, `is missing: ${WHY} signs the answer of response type code`),
      );
    return demands;
  },
});

function requireThere(member: string, value: string | undefined, message: string): ProfileDemand {
  const there = value !== undefined;
  return { member, rule: 'needed', values: [], has: there ? [value] : [], faults: there ? [] : [{ member, message }] };
}
