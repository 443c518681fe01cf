import {
  defineProfile,
  NO_PROFILE,
  type Profile,
  type ProfileDemand,
  type Registration,
  requireOneOf,
  requireOnly,
  requireSafeRedirects,
} from './profile.ts';

const WHY = 'FAPI 2.0';
/** FAPI 2.0 Security Profile §5.4.1. Both names of the one Edwards curve that it means. */
export const FAPI2_ALGS: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];
export const FAPI_AUTH_METHODS: readonly string[] = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'];
const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials', 'urn:openid:params:grant-type:ciba'];

/** FAPI 2.0 Security Profile, Final: pushed requests, PKCE, clients that prove themselves with keys, tokens bound to keys. */
export const fapi2Security: Profile = defineProfile({
  name: 'fapi2_security',
  rules: {
    ...NO_PROFILE,
    pushedRequest: 'required',
    codeChallenge: 'required',
    assertionAudience: 'issuer',
    signatureAlgs: FAPI2_ALGS,
    // §5.3.2.1 no. 10: a lost answer must not end a session, and a bound token gains nothing from rotation.
    rotation: 'off',
  },
  findDemands: (metadata) => [
    requireOneOf('token_endpoint_auth_method', metadata.tokenEndpointAuthMethod, FAPI_AUTH_METHODS, WHY),
    requireOnly('grant_types', metadata.grantTypes, GRANT_TYPES, WHY),
    requireOnly('response_types', metadata.responseTypes, ['code'], WHY),
    ...requireSafeRedirects(metadata, WHY),
    ...requireAlgs(metadata, FAPI2_ALGS, WHY),
    requireBound(metadata),
  ],
});

/** Whatever the client or we sign has one of these algorithms. The default of ID tokens, RS256, is none of them: the client has to say so. */
export function requireAlgs(metadata: Registration, algs: readonly string[], why: string): readonly ProfileDemand[] {
  const { responseTypes } = metadata;
  return [
    ...(responseTypes.length === 0
      ? []
      : [
          requireOneOf(
            'id_token_signed_response_alg',
            metadata.idTokenSignedResponseAlg,
            algs,
            `${why} (RS256 is what it is unless it is said)`,
          ),
        ]),
    requireOneOf('userinfo_signed_response_alg', metadata.userinfoSignedResponseAlg, algs, why),
    requireOneOf('authorization_signed_response_alg', metadata.authorizationSignedResponseAlg, algs, why),
    requireOneOf('introspection_signed_response_alg', metadata.introspectionSignedResponseAlg, algs, why),
    requireOneOf('request_object_signing_alg', metadata.requestObjectSigningAlg, algs, why),
    requireOneOf('token_endpoint_auth_signing_alg', metadata.tokenEndpointAuthSigningAlg, algs, why),
    requireOneOf('backchannel_authentication_request_signing_alg', metadata.backchannelAuthentication?.requestSigningAlg, algs, why),
  ];
}

function requireBound({ dpopBoundAccessTokens: dpop, certificateBoundAccessTokens: certificate }: Registration): ProfileDemand {
  const member = 'dpop_bound_access_tokens';
  const other = 'tls_client_certificate_bound_access_tokens';
  const message = `is not true, nor is ${other}: FAPI 2.0 binds every access token to a key`;
  return {
    member,
    rule: 'either',
    values: [other],
    has: [...(dpop ? [member] : []), ...(certificate ? [other] : [])],
    faults: dpop || certificate ? [] : [{ member, message }],
  };
}
