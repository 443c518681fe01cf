import {
  type BackchannelAuthentication,
  checkBackchannelAuthentication,
  readBackchannelAuthentication,
  writeBackchannelAuthentication,
} from './client-backchannel.ts';
import {
  type ClientJose,
  type ClientJoseWire,
  type JoseRegistries,
  readClientJose,
  usesClientSecret,
  writeClientJose,
} from './client-jose.ts';
import { type PublicJwks, readPublicJwks } from './client-jwks.ts';
import { type ClientSender, type ClientSenderWire, checkClientSender, readClientSender, writeClientSender } from './client-sender.ts';
import {
  type ClientSettings,
  type ClientSettingsWire,
  DEFAULT_SETTINGS,
  readClientSettings,
  writeClientSettings,
} from './client-settings.ts';
import { OAuthError } from './errors.ts';
import { type Fault, FieldReader, type FieldRules, formatPath, type TextCheck, type TextRules } from './field-reader.ts';
import { CIBA, DEVICE_CODE } from './grant-type.ts';
import { ASYMMETRIC_ENCRYPTION_ALGS, CONTENT_ENCRYPTION_ALGS, ENCRYPTION_ALGS, MAC_ALGS, SIGNATURE_ALGS } from './jose-algorithms.ts';
import { findDisplayFault, type Localized, readLocalized, writeLocalized } from './localized.ts';
import { NO_PROFILE, type ProfileRules } from './profiles/profile.ts';
import { PROFILES } from './profiles/registry.ts';
import { type ApplicationType, findRedirectUriFault } from './redirect-uri.ts';
import { RESPONSE_TYPES } from './response-type.ts';
import { formatScope, readScope } from './scope.ts';
import { findWebUriFault, MAX_URI_LENGTH } from './web-uri.ts';

/** A client's metadata (RFC 7591 §2, OpenID Connect Registration §2), checked, with its defaults filled in. */
export interface ClientMetadata extends ClientJose, ClientSender {
  readonly applicationType: ApplicationType;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly tokenEndpointAuthMethod: string;
  readonly grantTypes: readonly string[];
  readonly responseTypes: readonly string[];
  /** Undefined: every one that the server has. */
  readonly responseModes: readonly string[] | undefined;
  /** Undefined: as the server has it. */
  readonly scopes: readonly string[] | undefined;
  readonly clientName: Localized | undefined;
  readonly clientUri: Localized | undefined;
  readonly logoUri: Localized | undefined;
  readonly policyUri: Localized | undefined;
  readonly tosUri: Localized | undefined;
  readonly contacts: readonly string[];
  readonly initiateLoginUri: string | undefined;
  readonly subjectType: 'public' | 'pairwise';
  readonly sectorIdentifierUri: string | undefined;
  /** Request objects that may be fetched (OpenID Connect Registration §2), each to the character, a fragment aside. */
  readonly requestUris: readonly string[];
  /** Whether its authorization requests come ahead, by `request_uri` (RFC 9126 §6). */
  readonly requirePushedAuthorizationRequests: boolean;
  /** Types of `authorization_details` (RFC 9396 §10) that it may ask for; undefined: as the server has it. */
  readonly authorizationDetailsTypes: readonly string[] | undefined;
  readonly frontchannelLogout: LogoutMetadata | undefined;
  readonly backchannelLogout: LogoutMetadata | undefined;
  /** Undefined where it has registered nothing about it. */
  readonly backchannelAuthentication: BackchannelAuthentication | undefined;
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  readonly softwareId: string | undefined;
  readonly softwareVersion: string | undefined;
  readonly defaultAcrValues: readonly string[];
  readonly defaultMaxAgeSeconds: number | undefined;
  readonly requireAuthTime: boolean;
  readonly settings: ClientSettings;
  /** What the profile of its settings asks of each request. */
  readonly rules: ProfileRules;
}

/** Where a client is told that a session has ended (OpenID Connect Front-Channel Logout §2, Back-Channel Logout §2.2). */
export interface LogoutMetadata {
  readonly uri: string;
  /** Whether it cannot do without `sid`. */
  readonly sessionRequired: boolean;
}

/** The same as it stands in `hufu.yaml`, in the store and in a registration. */
export interface ClientMetadataWire extends ClientJoseWire, ClientSenderWire {
  readonly application_type?: ApplicationType;
  readonly redirect_uris?: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
  readonly token_endpoint_auth_method?: string;
  readonly grant_types?: readonly string[];
  readonly response_types?: readonly string[];
  readonly response_modes?: readonly string[];
  readonly scope?: string;
  readonly client_name?: string;
  readonly client_uri?: string;
  readonly logo_uri?: string;
  readonly policy_uri?: string;
  readonly tos_uri?: string;
  /** `client_name#zh-CN` (RFC 7591 §2.2). */
  readonly [variant: `${'client_name' | 'client_uri' | 'logo_uri' | 'policy_uri' | 'tos_uri'}#${string}`]: string;
  readonly contacts?: readonly string[];
  readonly initiate_login_uri?: string;
  readonly subject_type?: 'public' | 'pairwise';
  readonly sector_identifier_uri?: string;
  readonly request_uris?: readonly string[];
  readonly require_pushed_authorization_requests?: boolean;
  readonly authorization_details_types?: readonly string[];
  readonly frontchannel_logout_uri?: string;
  readonly frontchannel_logout_session_required?: boolean;
  readonly backchannel_logout_uri?: string;
  readonly backchannel_logout_session_required?: boolean;
  readonly backchannel_token_delivery_mode?: BackchannelAuthentication['mode'];
  readonly backchannel_client_notification_endpoint?: string;
  readonly backchannel_authentication_request_signing_alg?: string;
  readonly backchannel_user_code_parameter?: boolean;
  readonly jwks?: PublicJwks;
  readonly jwks_uri?: string;
  readonly software_id?: string;
  readonly software_version?: string;
  readonly default_acr_values?: readonly string[];
  readonly default_max_age?: number;
  readonly require_auth_time?: boolean;
  readonly hufu?: ClientSettingsWire;
}

/** What a client may choose from. A new grant type, authentication method or algorithm is one line here. */
export interface ClientRegistries extends JoseRegistries {
  readonly authMethods: Readonly<Record<string, AuthMethodRule>>;
  readonly grantTypes: Readonly<Record<string, GrantTypeRule>>;
  readonly responseModes: readonly string[];
  readonly profiles: readonly string[];
}

export interface AuthMethodRule {
  /** Whether the client has a `client_secret`. */
  readonly secret: 'needed' | 'none';
  /** Whether the client proves who it is (RFC 6749 §2.1). */
  readonly client: 'confidential' | 'public';
}

export interface GrantTypeRule {
  /** Who may use it. */
  readonly clients: 'any' | 'confidential';
  /** Whether an answer comes back through the browser. */
  readonly redirects: boolean;
  /** Whether it can bring a refresh token. */
  readonly refreshes: boolean;
}

/** RFC 7523 §2.1. */
export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** RFC 7522 §2.1. */
export const SAML2_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

export const CLIENT_REGISTRIES: ClientRegistries = {
  authMethods: {
    client_secret_basic: { secret: 'needed', client: 'confidential' },
    client_secret_post: { secret: 'needed', client: 'confidential' },
    client_secret_jwt: { secret: 'needed', client: 'confidential' },
    private_key_jwt: { secret: 'none', client: 'confidential' },
    tls_client_auth: { secret: 'none', client: 'confidential' },
    self_signed_tls_client_auth: { secret: 'none', client: 'confidential' },
    attest_jwt_client_auth: { secret: 'none', client: 'confidential' },
    none: { secret: 'none', client: 'public' },
  },
  grantTypes: {
    authorization_code: { clients: 'any', redirects: true, refreshes: true },
    refresh_token: { clients: 'any', redirects: false, refreshes: false },
    client_credentials: { clients: 'confidential', redirects: false, refreshes: false },
    [DEVICE_CODE]: { clients: 'any', redirects: false, refreshes: true },
    [CIBA]: { clients: 'confidential', redirects: false, refreshes: true },
    implicit: { clients: 'any', redirects: true, refreshes: false },
    [JWT_BEARER_GRANT]: { clients: 'confidential', redirects: false, refreshes: false },
    [SAML2_BEARER_GRANT]: { clients: 'confidential', redirects: false, refreshes: false },
    [TOKEN_EXCHANGE_GRANT]: { clients: 'confidential', redirects: false, refreshes: false },
    password: { clients: 'confidential', redirects: false, refreshes: true },
  },
  responseModes: ['query', 'fragment', 'form_post', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
  idTokenAlgs: [...SIGNATURE_ALGS, ...MAC_ALGS],
  verificationAlgs: [...SIGNATURE_ALGS, ...MAC_ALGS],
  encryptionAlgs: ENCRYPTION_ALGS,
  contentEncryptionAlgs: CONTENT_ENCRYPTION_ALGS,
  profiles: [...PROFILES.keys()],
};

export interface ClientMetadataRules {
  /**
   * `configuration`: an administrator wrote it: unknown members are faults, `hufu` is read. `registration`: a stranger did: unknown
   * members are ignored and `hufu` is one of them (RFC 7591 §2). `store`: we did, perhaps a newer version of us.
   */
  readonly source: 'configuration' | 'registration' | 'store';
  /** `CLIENT_REGISTRIES` by default. */
  readonly registries?: ClientRegistries;
  /** Whether there is a `client_secret` beside the metadata; unsaid, nothing is checked about it. */
  readonly secret?: 'given' | 'absent';
  /** Members that somebody else reads, such as `client_id`. */
  readonly elsewhere?: readonly string[];
  /** Hosts that no URI may name except redirect URIs: private addresses, for what strangers register. See `WebUriRules`. */
  readonly isHostRefused?: (host: string) => boolean;
}

export type ClientMetadataReading =
  | { readonly kind: 'read'; readonly metadata: ClientMetadata }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

/** Reads client metadata of unknown shape. All faults are found in one pass, each with its path. */
export function readClientMetadata(input: unknown, rules: ClientMetadataRules): ClientMetadataReading {
  const registries = rules.registries ?? CLIENT_REGISTRIES;
  const faults: Fault[] = [];
  const fields = new FieldReader(input, [], faults, FIELD_RULES[rules.source]);
  for (const name of rules.elsewhere ?? []) fields.take(name);

  const metadata = readMembers(fields, registries, rules);
  fields.finish();
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
  return faults.length === 0 ? { kind: 'read', metadata } : { kind: 'refused', faults };
}

/** Writes metadata with its defaults, as the store and a registration's answer have it (RFC 7591 §3.2.1). `hufu` is with it. */
export function writeClientMetadata(metadata: ClientMetadata): ClientMetadataWire {
  return prune({
    application_type: metadata.applicationType,
    redirect_uris: metadata.redirectUris,
    post_logout_redirect_uris: metadata.postLogoutRedirectUris,
    token_endpoint_auth_method: metadata.tokenEndpointAuthMethod,
    grant_types: metadata.grantTypes,
    response_types: metadata.responseTypes,
    response_modes: metadata.responseModes,
    scope: metadata.scopes === undefined ? undefined : formatScope(metadata.scopes),
    ...Object.fromEntries([
      ...writeLocalized('client_name', metadata.clientName),
      ...writeLocalized('client_uri', metadata.clientUri),
      ...writeLocalized('logo_uri', metadata.logoUri),
      ...writeLocalized('policy_uri', metadata.policyUri),
      ...writeLocalized('tos_uri', metadata.tosUri),
    ]),
    contacts: metadata.contacts,
    initiate_login_uri: metadata.initiateLoginUri,
    subject_type: metadata.subjectType,
    sector_identifier_uri: metadata.sectorIdentifierUri,
    request_uris: metadata.requestUris.length === 0 ? undefined : metadata.requestUris,
    require_pushed_authorization_requests: metadata.requirePushedAuthorizationRequests ? true : undefined,
    authorization_details_types: metadata.authorizationDetailsTypes,
    frontchannel_logout_uri: metadata.frontchannelLogout?.uri,
    frontchannel_logout_session_required: metadata.frontchannelLogout?.sessionRequired,
    backchannel_logout_uri: metadata.backchannelLogout?.uri,
    backchannel_logout_session_required: metadata.backchannelLogout?.sessionRequired,
    ...writeBackchannelAuthentication(metadata.backchannelAuthentication),
    jwks: metadata.jwks,
    jwks_uri: metadata.jwksUri,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    ...writeClientJose(metadata),
    ...writeClientSender(metadata),
    default_acr_values: metadata.defaultAcrValues.length === 0 ? undefined : metadata.defaultAcrValues,
    default_max_age: metadata.defaultMaxAgeSeconds,
    require_auth_time: metadata.requireAuthTime,
    hufu: writeClientSettings(metadata.settings),
  }) as ClientMetadataWire;
}

/** The refusal of a registration: the first fault, under the code that RFC 7591 §3.2.2 has for it. */
export function refuseRegistration(faults: readonly Fault[]): OAuthError {
  const first = faults[0];
  if (first === undefined) throw new TypeError('nothing to refuse');
  const code = first.path[0] === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata';
  const where = formatPath(first.path).split('#')[0] ?? '';
  const detail = faults.map(({ path, message }) => `${formatPath(path)} ${message}`).join('; ');
  return new OAuthError(code, `${where === '' ? 'the metadata' : where} ${first.message}`, { detail });
}

const FIELD_RULES: Readonly<Record<ClientMetadataRules['source'], FieldRules>> = {
  configuration: { nulls: 'wrong', unknown: 'refused' },
  registration: { nulls: 'absent', unknown: 'ignored' },
  store: { nulls: 'absent', unknown: 'ignored' },
};
const MAX_REDIRECT_URIS = 100;
const MAX_REQUEST_URIS = 50;
const MAX_DETAIL_TYPES = 50;
const MAX_SECONDS = 36_525 * 86_400;

function readMembers(fields: FieldReader, registries: ClientRegistries, rules: ClientMetadataRules): ClientMetadata {
  const applicationType = fields.choice<ApplicationType>('application_type', ['web', 'native']) ?? 'web';
  const redirect = { max: MAX_URI_LENGTH, check: (text: string) => findRedirectUriFault(text, applicationType) };
  const hosts = rules.isHostRefused === undefined ? {} : { isHostRefused: rules.isHostRefused };
  const uri = { max: MAX_URI_LENGTH, check: (text: string) => findWebUriFault(text, hosts) };
  const display = { max: 200, check: findDisplayFault };
  const grantTypes = fields.choices('grant_types', Object.keys(registries.grantTypes)) ?? ['authorization_code'];
  const scope = fields.text('scope', { max: 2048, check: findScopeFault });
  const jwks = fields.object('jwks');
  const hufu = rules.source === 'registration' ? undefined : fields.object('hufu');
  const settings = hufu === undefined ? DEFAULT_SETTINGS : readClientSettings(hufu, registries.profiles);
  return {
    applicationType,
    redirectUris: fields.texts('redirect_uris', MAX_REDIRECT_URIS, redirect) ?? [],
    postLogoutRedirectUris: fields.texts('post_logout_redirect_uris', MAX_REDIRECT_URIS, redirect) ?? [],
    tokenEndpointAuthMethod: fields.choice('token_endpoint_auth_method', Object.keys(registries.authMethods)) ?? 'client_secret_basic',
    grantTypes,
    responseTypes:
      fields.choices('response_types', [...RESPONSE_TYPES.keys()]) ?? (grantTypes.includes('authorization_code') ? ['code'] : []),
    responseModes: fields.choices('response_modes', registries.responseModes),
    scopes: scope === undefined ? undefined : readScope(scope),
    clientName: readLocalized(fields, 'client_name', display),
    clientUri: readLocalized(fields, 'client_uri', uri),
    logoUri: readLocalized(fields, 'logo_uri', uri),
    policyUri: readLocalized(fields, 'policy_uri', uri),
    tosUri: readLocalized(fields, 'tos_uri', uri),
    contacts: fields.texts('contacts', 20, display) ?? [],
    initiateLoginUri: fields.text('initiate_login_uri', rules.source === 'registration' ? { ...uri, check: httpsOnly(uri.check) } : uri),
    subjectType: fields.choice<'public' | 'pairwise'>('subject_type', ['public', 'pairwise']) ?? 'public',
    sectorIdentifierUri: fields.text('sector_identifier_uri', uri),
    requestUris: fields.texts('request_uris', MAX_REQUEST_URIS, uri) ?? [],
    requirePushedAuthorizationRequests: fields.flag('require_pushed_authorization_requests') ?? false,
    authorizationDetailsTypes: fields.texts('authorization_details_types', MAX_DETAIL_TYPES, display),
    frontchannelLogout: readLogout(fields, 'frontchannel', uri),
    backchannelLogout: readLogout(fields, 'backchannel', {
      ...uri,
      check: (text) => findWebUriFault(text, { ...hosts, fragment: 'refused' }),
    }),
    backchannelAuthentication: readBackchannelAuthentication(fields, uri),
    jwks: jwks === undefined ? undefined : readPublicJwks(jwks),
    jwksUri: fields.text('jwks_uri', uri),
    softwareId: fields.text('software_id', display),
    softwareVersion: fields.text('software_version', display),
    ...readClientSender(fields),
    ...readClientJose(fields, registries, rules.source === 'registration' ? 'refused' : 'allowed'),
    defaultAcrValues: fields.texts('default_acr_values', 20, display) ?? [],
    defaultMaxAgeSeconds: fields.integer('default_max_age', 0, MAX_SECONDS),
    requireAuthTime: fields.flag('require_auth_time') ?? false,
    settings,
    rules: PROFILES.get(settings.profile ?? '')?.rules ?? NO_PROFILE,
  };
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
function checkSecret(metadata: ClientMetadata, fields: FieldReader, registries: ClientRegistries, rules: ClientMetadataRules): void {
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
  if (rules.secret === 'given' && method?.secret === 'none' && !keyed) {
    fields.fault(['client_secret'], `has no use: token_endpoint_auth_method is ${metadata.tokenEndpointAuthMethod}`);
  }
  if (rules.secret !== 'absent') return;
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

/** OpenID Connect Registration §2 knows https alone; an administrator may mean their own machine. */
function httpsOnly(check: TextCheck): TextCheck {
  return (text) => (text.startsWith('https:') ? check(text) : 'is not an https URI');
}

function readLogout(fields: FieldReader, channel: 'frontchannel' | 'backchannel', uri: TextRules): LogoutMetadata | undefined {
  const text = fields.text(`${channel}_logout_uri`, uri);
  const sessionRequired = fields.flag(`${channel}_logout_session_required`) ?? false;
  return text === undefined ? undefined : { uri: text, sessionRequired };
}

function findScopeFault(text: string): string | undefined {
  try {
    readScope(text);
    return undefined;
  } catch (error) {
    return error instanceof OAuthError ? `is not a scope: ${error.description}` : 'is not a scope';
  }
}

/** Without the members that are undefined, all the way down. */
function prune(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, prune(member)]),
  );
}
