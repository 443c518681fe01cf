import { checkBackchannelAuthentication } from './client-backchannel.ts';
import { usesClientSecret } from './client-jose.ts';
import type { ClientMetadata } from './client-members.ts';
import { type ClientRegistries, TOKEN_EXCHANGE_GRANT } from './client-registries.ts';
import { checkClientSender } from './client-sender.ts';
import type { FieldReader } from './field-reader.ts';
import { ASYMMETRIC_ENCRYPTION_ALGS, MAC_ALGS } from './jose-algorithms.ts';
import { PROFILES } from './profiles/registry.ts';
import { RESPONSE_TYPES } from './response-type.ts';

/** Of the rules that metadata is read by, those that have a say in what goes together. */
interface Asked {
  readonly source: 'configuration' | 'registration' | 'store';
  readonly secret?: 'given' | 'absent';
}

/** Notes what of a client's metadata does not go together, once each member was read. */
export function checkConsistency(metadata: ClientMetadata, fields: FieldReader, registries: ClientRegistries, rules: Asked): void {
  checkGrants(metadata, fields, registries);
  checkSecret(metadata, fields, registries, rules);
  checkKeys(metadata, fields);
  checkBackchannelAuthentication(metadata, fields);
  const { binding } = metadata.settings.devices;
  const sender = {
    ...metadata,
    dpopBoundAccessTokens: metadata.dpopBoundAccessTokens || binding === 'dpop',
    certificateBoundAccessTokens: metadata.certificateBoundAccessTokens || binding === 'mtls',
  };
  checkClientSender(sender, metadata, fields);
  checkSector(metadata, fields);
  if (rules.source !== 'store') {
    checkFrontchannelLogout(metadata, fields);
    checkProfile(metadata, fields);
  }
  if (fields.take('jwks') !== undefined && fields.take('jwks_uri') !== undefined)
    fields.fault(['jwks_uri'], 'stands beside jwks; one is enough');
}

/** RFC 7591 §2.1, and what follows from a client that has no secret. Says nothing about members that are already at fault. */
function checkGrants(metadata: ClientMetadata, fields: FieldReader, registries: ClientRegistries): void {
  const faulty = new Set(fields.faults.map(({ path }) => path[0]));
  const sound = (...names: string[]): boolean => names.every((name) => !faulty.has(name));
  const grants = metadata.grantTypes.map((name) => ({ name, rule: registries.grantTypes[name] }));
  const method = registries.authMethods[metadata.tokenEndpointAuthMethod];
  if (!sound('grant_types')) return;

  if (metadata.grantTypes.includes('password') && !metadata.settings.unsafePasswordGrant && sound('hufu')) {
    fields.fault(['grant_types'], 'has password, which needs hufu.unsafe_password_grant (RFC 9700 §2.4)');
  }
  if (metadata.settings.tokenExchange !== undefined && !metadata.grantTypes.includes(TOKEN_EXCHANGE_GRANT)) {
    fields.fault(['hufu', 'token_exchange'], `is of no use without the grant type ${TOKEN_EXCHANGE_GRANT}`);
  }
  const refreshes = grants.some(({ rule }) => rule?.refreshes);
  if (metadata.grantTypes.includes('refresh_token') && !refreshes) {
    fields.fault(['grant_types'], 'has refresh_token, but no grant type that brings a refresh token');
  }
  for (const { name, rule } of grants) {
    if (rule?.clients === 'confidential' && method?.client === 'public' && sound('token_endpoint_auth_method')) {
      fields.fault(['grant_types'], `has ${name}, which a client with token_endpoint_auth_method none may not use`);
    }
    if (!rule?.redirects) continue;
    if (metadata.redirectUris.length === 0 && sound('redirect_uris')) fields.fault(['redirect_uris'], `is needed for ${name}`);
    const answered = metadata.responseTypes.some((type) => RESPONSE_TYPES.get(type)?.grantTypes.includes(name));
    if (!answered && sound('response_types')) fields.fault(['response_types'], `has none that belongs to ${name}`);
  }
  for (const type of metadata.responseTypes) {
    for (const name of RESPONSE_TYPES.get(type)?.grantTypes ?? []) {
      if (!metadata.grantTypes.includes(name)) fields.fault(['response_types'], `has ${type}, which needs the grant type ${name}`);
    }
  }
}

/** What follows from having a secret or none. Says nothing about members that are already at fault. */
function checkSecret(metadata: ClientMetadata, fields: FieldReader, registries: ClientRegistries, { secret }: Asked): void {
  if (fields.faults.some(({ path }) => path[0] === 'token_endpoint_auth_method' || path[0] === 'grant_types')) return;
  const method = registries.authMethods[metadata.tokenEndpointAuthMethod];
  if (metadata.settings.refreshToken.rotation === 'off' && method?.client === 'public') {
    fields.fault(['hufu', 'refresh_token', 'rotation'], 'is off, which a client that cannot prove itself may not have (RFC 9700 §2.2.2)');
  }
  if (metadata.settings.pkce === 'optional' && method?.client === 'public') {
    fields.fault(['hufu', 'pkce'], 'is optional, which a client that cannot prove itself may not have (RFC 9700 §2.1.1)');
  }
  const keyed = usesClientSecret(metadata);
  if (keyed && method?.client === 'public') {
    fields.fault(['token_endpoint_auth_method'], 'is none, but an algorithm is keyed with the secret that such a client does not have');
    return;
  }
  if (secret === 'given' && method?.secret === 'none' && !keyed) {
    fields.fault(['client_secret'], `has no use: token_endpoint_auth_method is ${metadata.tokenEndpointAuthMethod}`);
  }
  if (secret !== 'absent') return;
  if (method?.secret === 'needed') {
    fields.fault(['client_secret'], `is needed: token_endpoint_auth_method is ${metadata.tokenEndpointAuthMethod}`);
  } else if (keyed) fields.fault(['client_secret'], 'is needed: an algorithm is keyed with it');
}

/** A client that proves itself with a key, or has things encrypted to one, says which (RFC 7591 §2, OpenID Connect Registration §2). */
function checkKeys(metadata: ClientMetadata, fields: FieldReader): void {
  checkAssertionAlg(metadata, fields);
  if (fields.take('jwks') !== undefined || fields.take('jwks_uri') !== undefined) return;
  const { tokenEndpointAuthMethod: method } = metadata;
  if (method === 'private_key_jwt' || method === 'self_signed_tls_client_auth')
    fields.fault(['jwks'], `is needed (or jwks_uri): token_endpoint_auth_method is ${method}`);
  for (const [name, encryption] of [
    ['id_token_encrypted_response_alg', metadata.idTokenEncryption],
    ['userinfo_encrypted_response_alg', metadata.userinfoEncryption],
    ['authorization_encrypted_response_alg', metadata.authorizationEncryption],
    ['introspection_encrypted_response_alg', metadata.introspectionEncryption],
  ] as const) {
    if (encryption !== undefined && ASYMMETRIC_ENCRYPTION_ALGS.includes(encryption.alg))
      fields.fault(['jwks'], `is needed (or jwks_uri): ${name} is ${encryption.alg}`);
  }
}

/** OpenID Connect Core §9: one method is keyed with the secret, the other with a key pair. */
function checkAssertionAlg({ tokenEndpointAuthMethod, tokenEndpointAuthSigningAlg }: ClientMetadata, fields: FieldReader): void {
  if (tokenEndpointAuthSigningAlg === undefined) return;
  const mac = MAC_ALGS.includes(tokenEndpointAuthSigningAlg);
  if ((tokenEndpointAuthMethod === 'private_key_jwt' && mac) || (tokenEndpointAuthMethod === 'client_secret_jwt' && !mac))
    fields.fault(
      ['token_endpoint_auth_signing_alg'],
      `is ${tokenEndpointAuthSigningAlg}, which ${tokenEndpointAuthMethod} cannot be done with`,
    );
}

/** What the profile that an administrator gave it wants of a client's registration. */
function checkProfile(metadata: ClientMetadata, fields: FieldReader): void {
  const faults = PROFILES.get(metadata.settings.profile ?? '')?.findFaults(metadata) ?? [];
  for (const { member, message } of faults) fields.fault([member], message);
}

/** OpenID Connect Core §8.1: without a `sector_identifier_uri` there is one sector, the host of all redirect URIs. */
function checkSector(metadata: ClientMetadata, fields: FieldReader): void {
  if (metadata.subjectType !== 'pairwise' || fields.take('sector_identifier_uri') !== undefined) return;
  const hosts = new Set(metadata.redirectUris.map((uri) => URL.parse(uri)?.host));
  if (hosts.size > 1)
    fields.fault(['sector_identifier_uri'], 'is needed: subject_type is pairwise and the redirect URIs have several hosts');
}

/** OpenID Connect Front-Channel Logout §2: the frame is of an origin that the client gets its answers at. */
function checkFrontchannelLogout({ frontchannelLogout, redirectUris }: ClientMetadata, fields: FieldReader): void {
  if (frontchannelLogout === undefined || fields.faults.some(({ path }) => path[0] === 'redirect_uris')) return;
  const origin = URL.parse(frontchannelLogout.uri)?.origin;
  if (!redirectUris.some((uri) => URL.parse(uri)?.origin === origin))
    fields.fault(['frontchannel_logout_uri'], 'has another scheme, host or port than every redirect URI');
}
