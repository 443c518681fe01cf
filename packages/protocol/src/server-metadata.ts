import { MAC_ALGS } from './jose-algorithms.ts';
import { SCOPE_CLAIMS } from './scope.ts';
import { findWebUriFault } from './web-uri.ts';

/** The members of metadata that are addresses, under their registered names. */
export type EndpointName =
  | 'authorization_endpoint'
  | 'token_endpoint'
  | 'userinfo_endpoint'
  | 'jwks_uri'
  | 'registration_endpoint'
  | 'introspection_endpoint'
  | 'revocation_endpoint'
  | 'end_session_endpoint'
  | 'check_session_iframe'
  | 'device_authorization_endpoint'
  | 'pushed_authorization_request_endpoint'
  | 'backchannel_authentication_endpoint';

/** What the server says of itself. Lists are the server's registries in their order: nothing is told that isn't there. */
export interface ServerDescription {
  /** Byte for byte the `iss` of every token and answer. */
  readonly issuer: string;
  /** Paths below the issuer, such as `/oauth/token`; those that are absent are not offered. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, string>>>;
  readonly scopes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly responseModes: readonly string[];
  readonly grantTypes: readonly string[];
  /** Client authentication at the token endpoint; `none` is for clients without a secret. */
  readonly authMethods: readonly string[];
  readonly codeChallengeMethods: readonly string[];
  /** JOSE `alg`s that sign ID tokens and userinfo answers. */
  readonly idTokenAlgs: readonly string[];
  /** JOSE `alg`s that sign answers which are JWTs (JARM §4). */
  readonly authorizationAlgs: readonly string[];
  /** `alg`s of what clients sign: request objects and assertions. */
  readonly verificationAlgs: readonly string[];
  /** `alg`s that clients may have things encrypted to them with. */
  readonly encryptionAlgs: readonly string[];
  /** `alg`s that clients may encrypt request objects to us with. */
  readonly decryptionAlgs: readonly string[];
  readonly contentEncryptionAlgs: readonly string[];
  /** Types of `authorization_details` (RFC 9396 §10). */
  readonly authorizationDetailsTypes: readonly string[];
  /** `alg`s of DPoP proofs. */
  readonly dpopAlgs: readonly string[];
  /** Whether clients' certificates reach the server. */
  readonly clientCertificates: boolean;
  /** `alg`s of client attestations and of their proofs; left out where no attester is trusted. */
  readonly attestation?: { readonly algs: readonly string[]; readonly proofAlgs: readonly string[] };
  readonly displays: readonly string[];
  /** Whether client ID metadata documents are read. */
  readonly clientIdDocuments: boolean;
  readonly subjectTypes: readonly string[];
  readonly prompts: readonly string[];
  readonly uiLocales: readonly string[];
  /** Authentication context classes; empty where none is promised. */
  readonly acrValues?: readonly string[];
  /** Claims beyond those of the standard scopes. */
  readonly claims?: readonly string[];
  readonly serviceDocumentation?: string;
  readonly policyUri?: string;
  readonly tosUri?: string;
}

/** A metadata document, its members in the order that is sent. */
export type ServerMetadata = Readonly<Record<string, MemberValue>>;

type MemberValue = string | boolean | readonly string[] | Readonly<Record<string, string>>;

/**
 * Builds the OpenID discovery document (OpenID Connect Discovery 1.0 §3). What defaults to true, or is easily taken for true, is
 * said to be false. Only registered members: strangers' certification suites warn of others.
 */
export function buildOpenidConfiguration(server: ServerDescription): ServerMetadata {
  return pick([...oauthMembers(server), ...openidMembers(server)]);
}

/** Builds the authorization server's metadata (RFC 8414 §2): the same without what only OpenID Connect has. */
export function buildOauthMetadata(server: ServerDescription): ServerMetadata {
  return pick(oauthMembers(server));
}

/** Where the discovery document of an issuer lies on its host: behind the issuer's path (OpenID Connect Discovery 1.0 §4). */
export function openidConfigurationPath(issuer: string): string {
  return `${issuerPath(issuer)}/.well-known/openid-configuration`;
}

/** Where RFC 8414 §3.1 puts its document: in front of the issuer's path. */
export function oauthMetadataPath(issuer: string): string {
  return `/.well-known/oauth-authorization-server${issuerPath(issuer)}`;
}

/**
 * Why a text cannot be an issuer (RFC 8414 §2: https, no query, no fragment; http only to this very machine), as the end of a
 * sentence. A slash at the end is refused: it is the classical reason why two sides disagree.
 */
export function findIssuerFault(text: string): string | undefined {
  const fault = findWebUriFault(text, { fragment: 'refused' });
  if (fault !== undefined) return fault;
  if (text.includes('?')) return 'has a query';
  return text.endsWith('/') ? 'ends with a slash' : undefined;
}

type Member = readonly [name: string, value: MemberValue | undefined];

/** Claims that every ID token or userinfo answer can carry besides those of the scopes (OpenID Connect Core §2). */
const PROTOCOL_CLAIMS: readonly string[] = ['iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce'];

function oauthMembers(server: ServerDescription): readonly Member[] {
  const authenticated = server.authMethods.filter((method) => method !== 'none');
  // RFC 8414 §2: there where a method needs them, and `none` is never one.
  const assertionAlgs = server.authMethods.some((method) => method.endsWith('_jwt')) ? server.verificationAlgs : [];
  return [
    ['issuer', server.issuer],
    endpoint(server, 'authorization_endpoint'),
    endpoint(server, 'token_endpoint'),
    endpoint(server, 'jwks_uri'),
    endpoint(server, 'registration_endpoint'),
    ['scopes_supported', server.scopes],
    ['response_types_supported', server.responseTypes],
    ['response_modes_supported', server.responseModes],
    ['grant_types_supported', server.grantTypes],
    ['token_endpoint_auth_methods_supported', server.authMethods],
    ['token_endpoint_auth_signing_alg_values_supported', assertionAlgs],
    ['service_documentation', server.serviceDocumentation],
    ['ui_locales_supported', server.uiLocales],
    ['op_policy_uri', server.policyUri],
    ['op_tos_uri', server.tosUri],
    endpoint(server, 'revocation_endpoint'),
    ['revocation_endpoint_auth_methods_supported', has(server, 'revocation_endpoint', server.authMethods)],
    ['revocation_endpoint_auth_signing_alg_values_supported', has(server, 'revocation_endpoint', assertionAlgs)],
    endpoint(server, 'introspection_endpoint'),
    ['introspection_endpoint_auth_methods_supported', has(server, 'introspection_endpoint', authenticated)],
    ['introspection_endpoint_auth_signing_alg_values_supported', has(server, 'introspection_endpoint', assertionAlgs)],
    // RFC 9701 §7
    ['introspection_signing_alg_values_supported', has(server, 'introspection_endpoint', server.idTokenAlgs)],
    ['introspection_encryption_alg_values_supported', has(server, 'introspection_endpoint', server.encryptionAlgs)],
    ['introspection_encryption_enc_values_supported', has(server, 'introspection_endpoint', server.contentEncryptionAlgs)],
    // Attestation-Based Client Authentication §8
    ['client_attestation_signing_alg_values_supported', server.attestation?.algs],
    ['client_attestation_pop_signing_alg_values_supported', server.attestation?.proofAlgs],
    // RFC 9449 §5.1, RFC 8705 §3.3, §5
    ['dpop_signing_alg_values_supported', server.dpopAlgs],
    ['tls_client_certificate_bound_access_tokens', server.clientCertificates ? true : undefined],
    ['mtls_endpoint_aliases', server.clientCertificates ? aliases(server) : undefined],
    ['code_challenge_methods_supported', server.codeChallengeMethods],
    // RFC 9207 §3
    ['authorization_response_iss_parameter_supported', true],
    // RFC 8628 §4, RFC 9126 §5
    endpoint(server, 'device_authorization_endpoint'),
    endpoint(server, 'pushed_authorization_request_endpoint'),
    // JARM §4
    ['authorization_signing_alg_values_supported', server.authorizationAlgs],
    ['authorization_encryption_alg_values_supported', server.encryptionAlgs],
    ['authorization_encryption_enc_values_supported', server.contentEncryptionAlgs],
    // RFC 9396 §10
    ['authorization_details_types_supported', server.authorizationDetailsTypes],
    // RFC 9101 §4: with and without OpenID Connect.
    // `none` is for clients that an administrator allowed it; whoever reads this is not one of them.
    ['request_object_signing_alg_values_supported', server.verificationAlgs],
    ['request_object_encryption_alg_values_supported', server.decryptionAlgs],
    ['request_object_encryption_enc_values_supported', server.contentEncryptionAlgs],
    ['request_parameter_supported', true],
    ['request_uri_parameter_supported', true],
    // OpenID Connect Discovery §3: a request object is fetched only from a URI that its client registered.
    ['require_request_uri_registration', true],
    ['client_id_metadata_document_supported', server.clientIdDocuments ? true : undefined],
  ];
}

function openidMembers(server: ServerDescription): readonly Member[] {
  return [
    endpoint(server, 'userinfo_endpoint'),
    endpoint(server, 'end_session_endpoint'),
    endpoint(server, 'check_session_iframe'),
    endpoint(server, 'backchannel_authentication_endpoint'),
    // OpenID Connect CIBA §4
    ['backchannel_token_delivery_modes_supported', has(server, 'backchannel_authentication_endpoint', ['poll', 'ping', 'push'])],
    [
      'backchannel_authentication_request_signing_alg_values_supported',
      has(
        server,
        'backchannel_authentication_endpoint',
        server.verificationAlgs.filter((alg) => !MAC_ALGS.includes(alg)),
      ),
    ],
    ['backchannel_user_code_parameter_supported', has(server, 'backchannel_authentication_endpoint', false)],
    ['subject_types_supported', server.subjectTypes],
    ['id_token_signing_alg_values_supported', server.idTokenAlgs],
    ['id_token_encryption_alg_values_supported', server.encryptionAlgs],
    ['id_token_encryption_enc_values_supported', server.contentEncryptionAlgs],
    ['userinfo_signing_alg_values_supported', server.idTokenAlgs],
    ['userinfo_encryption_alg_values_supported', server.encryptionAlgs],
    ['userinfo_encryption_enc_values_supported', server.contentEncryptionAlgs],
    ['acr_values_supported', server.acrValues],
    ['display_values_supported', server.displays],
    ['claim_types_supported', ['normal']],
    ['claims_supported', supportedClaims(server)],
    ['claims_parameter_supported', true],
    ['frontchannel_logout_supported', has(server, 'end_session_endpoint', true)],
    ['frontchannel_logout_session_supported', has(server, 'end_session_endpoint', true)],
    ['backchannel_logout_supported', has(server, 'end_session_endpoint', true)],
    ['backchannel_logout_session_supported', has(server, 'end_session_endpoint', true)],
    // OpenID Connect Prompt Create 1.0 §4.2
    ['prompt_values_supported', server.prompts],
  ];
}

function supportedClaims(server: ServerDescription): readonly string[] {
  const offered = new Set(server.scopes);
  const released = Object.entries(SCOPE_CLAIMS).flatMap(([scope, claims]) => (offered.has(scope) ? claims : []));
  return [...new Set([...released, ...PROTOCOL_CLAIMS, ...((server.acrValues ?? []).length > 0 ? ['acr'] : []), ...(server.claims ?? [])])];
}

function endpoint(server: ServerDescription, name: EndpointName): Member {
  const path = server.endpoints[name];
  return [name, path === undefined ? undefined : server.issuer + path];
}

/** Certificates are asked for where everything else is asked for, too: the same addresses. */
function aliases(server: ServerDescription): Readonly<Record<string, string>> {
  const named = MTLS_ENDPOINTS.flatMap((name) => {
    const path = server.endpoints[name];
    return path === undefined ? [] : [[name, server.issuer + path] as const];
  });
  return Object.fromEntries(named);
}

/** Where a client shows its certificate (RFC 8705 §5). */
const MTLS_ENDPOINTS: readonly EndpointName[] = [
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'device_authorization_endpoint',
  'backchannel_authentication_endpoint',
];

function has<Value>(server: ServerDescription, name: EndpointName, value: Value): Value | undefined {
  return server.endpoints[name] === undefined ? undefined : value;
}

/** Without the members that have no value; an empty list says no more than none (RFC 8414 §3.2). */
function pick(members: readonly Member[]): ServerMetadata {
  const picked: Record<string, MemberValue> = {};
  for (const [name, value] of members) {
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) picked[name] = value;
  }
  return picked;
}

/** '' for an issuer that is a bare origin. */
function issuerPath(issuer: string): string {
  const slash = issuer.indexOf('/', issuer.indexOf('://') + 3);
  return slash < 0 ? '' : issuer.slice(slash);
}
