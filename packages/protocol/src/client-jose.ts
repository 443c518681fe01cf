import type { FieldReader } from './field-reader.ts';
import { needsClientSecret } from './jose-algorithms.ts';

/** How something is encrypted to a client (OpenID Connect Registration §2): nested, signed first. */
export interface ClientEncryption {
  readonly alg: string;
  readonly enc: string;
}

/** The algorithms of a client's metadata (OpenID Connect Registration §2). */
export interface ClientJose {
  readonly idTokenSignedResponseAlg: string;
  readonly idTokenEncryption: ClientEncryption | undefined;
  /** Undefined: userinfo answers are plain JSON, unless they are encrypted. */
  readonly userinfoSignedResponseAlg: string | undefined;
  readonly userinfoEncryption: ClientEncryption | undefined;
  /** Of answers that are JWTs (JARM §3); undefined: RS256. */
  readonly authorizationSignedResponseAlg: string | undefined;
  readonly authorizationEncryption: ClientEncryption | undefined;
  /** Of introspection answers that are JWTs (RFC 9701 §6); undefined: RS256 where the server has it. */
  readonly introspectionSignedResponseAlg: string | undefined;
  readonly introspectionEncryption: ClientEncryption | undefined;
  /** The only algorithm that its request objects may have, `none` among them; undefined: any but `none`. */
  readonly requestObjectSigningAlg: string | undefined;
  readonly requestObjectEncryption: ClientEncryption | undefined;
  /** RFC 9101 §10.5: nothing outside a signed request object is heard. */
  readonly requireSignedRequestObject: boolean;
  /** The only algorithm that its assertions may have; undefined: any that its method allows. */
  readonly tokenEndpointAuthSigningAlg: string | undefined;
}

/** The same under wire names. */
export interface ClientJoseWire {
  readonly id_token_signed_response_alg?: string;
  readonly id_token_encrypted_response_alg?: string;
  readonly id_token_encrypted_response_enc?: string;
  readonly userinfo_signed_response_alg?: string;
  readonly userinfo_encrypted_response_alg?: string;
  readonly userinfo_encrypted_response_enc?: string;
  readonly authorization_signed_response_alg?: string;
  readonly authorization_encrypted_response_alg?: string;
  readonly authorization_encrypted_response_enc?: string;
  readonly introspection_signed_response_alg?: string;
  readonly introspection_encrypted_response_alg?: string;
  readonly introspection_encrypted_response_enc?: string;
  readonly request_object_signing_alg?: string;
  readonly request_object_encryption_alg?: string;
  readonly request_object_encryption_enc?: string;
  readonly require_signed_request_object?: boolean;
  readonly token_endpoint_auth_signing_alg?: string;
}

/** What of each kind there is to choose from. */
export interface JoseRegistries {
  /** ID tokens, signed userinfo and introspection, and answers that are JWTs. */
  readonly idTokenAlgs: readonly string[];
  /** Request objects, without `none`, and client assertions. */
  readonly verificationAlgs: readonly string[];
  readonly encryptionAlgs: readonly string[];
  readonly contentEncryptionAlgs: readonly string[];
}

/**
 * Reads the members about algorithms. Unsigned request objects (`none`) are an administrator's to allow, not a stranger's to ask for. `enc` defaults to A128CBC-HS256 and stands only
 * beside an `alg`.
 */
export function readClientJose(fields: FieldReader, registries: JoseRegistries, unsigned: 'allowed' | 'refused'): ClientJose {
  const requestObjectAlgs = unsigned === 'allowed' ? ['none', ...registries.verificationAlgs] : registries.verificationAlgs;
  return {
    idTokenSignedResponseAlg: fields.choice('id_token_signed_response_alg', registries.idTokenAlgs) ?? 'RS256',
    idTokenEncryption: readEncryption(fields, 'id_token_encrypted_response', registries),
    userinfoSignedResponseAlg: fields.choice('userinfo_signed_response_alg', registries.idTokenAlgs),
    userinfoEncryption: readEncryption(fields, 'userinfo_encrypted_response', registries),
    authorizationSignedResponseAlg: fields.choice('authorization_signed_response_alg', registries.idTokenAlgs),
    authorizationEncryption: readEncryption(fields, 'authorization_encrypted_response', registries),
    introspectionSignedResponseAlg: fields.choice('introspection_signed_response_alg', registries.idTokenAlgs),
    introspectionEncryption: readEncryption(fields, 'introspection_encrypted_response', registries),
    requestObjectSigningAlg: fields.choice('request_object_signing_alg', requestObjectAlgs),
    requestObjectEncryption: readEncryption(fields, 'request_object_encryption', registries),
    requireSignedRequestObject: fields.flag('require_signed_request_object') ?? false,
    tokenEndpointAuthSigningAlg: fields.choice('token_endpoint_auth_signing_alg', registries.verificationAlgs),
  };
}

/** Under wire names; undefined members are to be left out. */
export function writeClientJose(jose: ClientJose): { readonly [Name in keyof ClientJoseWire]: ClientJoseWire[Name] | undefined } {
  return {
    id_token_signed_response_alg: jose.idTokenSignedResponseAlg,
    id_token_encrypted_response_alg: jose.idTokenEncryption?.alg,
    id_token_encrypted_response_enc: jose.idTokenEncryption?.enc,
    userinfo_signed_response_alg: jose.userinfoSignedResponseAlg,
    userinfo_encrypted_response_alg: jose.userinfoEncryption?.alg,
    userinfo_encrypted_response_enc: jose.userinfoEncryption?.enc,
    authorization_signed_response_alg: jose.authorizationSignedResponseAlg,
    authorization_encrypted_response_alg: jose.authorizationEncryption?.alg,
    authorization_encrypted_response_enc: jose.authorizationEncryption?.enc,
    introspection_signed_response_alg: jose.introspectionSignedResponseAlg,
    introspection_encrypted_response_alg: jose.introspectionEncryption?.alg,
    introspection_encrypted_response_enc: jose.introspectionEncryption?.enc,
    request_object_signing_alg: jose.requestObjectSigningAlg,
    request_object_encryption_alg: jose.requestObjectEncryption?.alg,
    request_object_encryption_enc: jose.requestObjectEncryption?.enc,
    require_signed_request_object: jose.requireSignedRequestObject ? true : undefined,
    token_endpoint_auth_signing_alg: jose.tokenEndpointAuthSigningAlg,
  };
}

/** Whether any of it is keyed with the client's secret (OpenID Connect Core §10.1, §10.2). */
export function usesClientSecret(jose: ClientJose): boolean {
  const algs = [
    jose.idTokenSignedResponseAlg,
    jose.idTokenEncryption?.alg,
    jose.userinfoSignedResponseAlg,
    jose.userinfoEncryption?.alg,
    jose.authorizationSignedResponseAlg,
    jose.authorizationEncryption?.alg,
    jose.introspectionSignedResponseAlg,
    jose.introspectionEncryption?.alg,
    jose.requestObjectSigningAlg,
    jose.requestObjectEncryption?.alg,
  ];
  return algs.some((alg) => alg !== undefined && needsClientSecret(alg));
}

function readEncryption(fields: FieldReader, prefix: string, registries: JoseRegistries): ClientEncryption | undefined {
  const alg = fields.choice(`${prefix}_alg`, registries.encryptionAlgs);
  const enc = fields.choice(`${prefix}_enc`, registries.contentEncryptionAlgs);
  if (fields.take(`${prefix}_alg`) === undefined) {
    if (enc !== undefined) fields.fault([`${prefix}_enc`], `stands without ${prefix}_alg`);
    return undefined;
  }
  return alg === undefined ? undefined : { alg, enc: enc ?? 'A128CBC-HS256' };
}
