/**
 * Members of a discovery document that are registered (IANA, OAuth Authorization Server Metadata) or stand in OpenID Connect's own specifications. The
 * conformance suite warns of every other one.
 */
export const KNOWN_METADATA: ReadonlySet<string> = new Set(
  (
    'issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint scopes_supported response_types_supported ' +
    'response_modes_supported grant_types_supported token_endpoint_auth_methods_supported ' +
    'token_endpoint_auth_signing_alg_values_supported service_documentation ui_locales_supported op_policy_uri op_tos_uri ' +
    'revocation_endpoint revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported ' +
    'global_token_revocation_endpoint introspection_endpoint introspection_endpoint_auth_methods_supported ' +
    'introspection_endpoint_auth_signing_alg_values_supported code_challenge_methods_supported userinfo_endpoint ' +
    'end_session_endpoint check_session_iframe subject_types_supported id_token_signing_alg_values_supported ' +
    'id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported userinfo_signing_alg_values_supported ' +
    'userinfo_encryption_alg_values_supported userinfo_encryption_enc_values_supported ' +
    'request_object_signing_alg_values_supported request_object_encryption_alg_values_supported ' +
    'request_object_encryption_enc_values_supported display_values_supported claim_types_supported claims_supported ' +
    'claims_locales_supported claims_parameter_supported request_parameter_supported request_uri_parameter_supported ' +
    'require_request_uri_registration acr_values_supported frontchannel_logout_supported frontchannel_logout_session_supported ' +
    'backchannel_logout_supported backchannel_logout_session_supported dpop_signing_alg_values_supported ' +
    'pushed_authorization_request_endpoint require_pushed_authorization_requests authorization_details_types_supported ' +
    'backchannel_authentication_endpoint backchannel_token_delivery_modes_supported ' +
    'backchannel_authentication_request_signing_alg_values_supported backchannel_user_code_parameter_supported ' +
    'authorization_signing_alg_values_supported authorization_encryption_alg_values_supported ' +
    'authorization_encryption_enc_values_supported mtls_endpoint_aliases tls_client_certificate_bound_access_tokens ' +
    'signed_metadata authorization_response_iss_parameter_supported device_authorization_endpoint require_signed_request_object ' +
    'introspection_signing_alg_values_supported introspection_encryption_alg_values_supported ' +
    'introspection_encryption_enc_values_supported prompt_values_supported client_id_metadata_document_supported ' +
    'grant_management_endpoint protected_resources status_list_aggregation_endpoint'
  ).split(' '),
);
