import { type PublicJwks, readPublicJwks } from './client-jwks.ts';
import {
  type ClientSettings,
  type ClientSettingsWire,
  DEFAULT_SETTINGS,
  readClientSettings,
  writeClientSettings,
} from './client-settings.ts';
import { OAuthError } from './errors.ts';
import { type Fault, FieldReader, type FieldRules, formatPath } from './field-reader.ts';
import { findDisplayFault, type Localized, readLocalized, writeLocalized } from './localized.ts';
import { type ApplicationType, findRedirectUriFault } from './redirect-uri.ts';
import { formatScope, readScope } from './scope.ts';
import { findWebUriFault, MAX_URI_LENGTH } from './web-uri.ts';

/** A client's metadata (RFC 7591 §2, OpenID Connect Registration §2), checked, with its defaults filled in. */
export interface ClientMetadata {
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
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  readonly softwareId: string | undefined;
  readonly softwareVersion: string | undefined;
  readonly idTokenSignedResponseAlg: string;
  readonly defaultMaxAgeSeconds: number | undefined;
  readonly requireAuthTime: boolean;
  readonly settings: ClientSettings;
}

/** The same as it stands in `hufu.yaml`, in the store and in a registration. */
export interface ClientMetadataWire {
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
  readonly jwks?: PublicJwks;
  readonly jwks_uri?: string;
  readonly software_id?: string;
  readonly software_version?: string;
  readonly id_token_signed_response_alg?: string;
  readonly default_max_age?: number;
  readonly require_auth_time?: boolean;
  readonly hufu?: ClientSettingsWire;
}

/** What a client may choose from. A new grant type, authentication method or algorithm is one line here. */
export interface ClientRegistries {
  readonly authMethods: Readonly<Record<string, AuthMethodRule>>;
  readonly grantTypes: Readonly<Record<string, GrantTypeRule>>;
  readonly responseTypes: Readonly<Record<string, ResponseTypeRule>>;
  readonly responseModes: readonly string[];
  readonly idTokenAlgs: readonly string[];
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

export interface ResponseTypeRule {
  /** The grant types that it belongs to (RFC 7591 §2.1). */
  readonly grantTypes: readonly string[];
}

export const CLIENT_REGISTRIES: ClientRegistries = {
  authMethods: {
    client_secret_basic: { secret: 'needed', client: 'confidential' },
    client_secret_post: { secret: 'needed', client: 'confidential' },
    none: { secret: 'none', client: 'public' },
  },
  grantTypes: {
    authorization_code: { clients: 'any', redirects: true, refreshes: true },
    refresh_token: { clients: 'any', redirects: false, refreshes: false },
    client_credentials: { clients: 'confidential', redirects: false, refreshes: false },
  },
  responseTypes: {
    code: { grantTypes: ['authorization_code'] },
  },
  responseModes: ['query', 'fragment', 'form_post'],
  idTokenAlgs: ['RS256', 'ES256', 'EdDSA', 'PS256', 'ES384', 'ES512', 'RS384', 'RS512', 'PS384', 'PS512'],
  profiles: [],
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
  checkGrants(metadata, fields, registries, rules);
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
    jwks: metadata.jwks,
    jwks_uri: metadata.jwksUri,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    id_token_signed_response_alg: metadata.idTokenSignedResponseAlg,
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
  const settings = rules.source === 'registration' ? undefined : fields.object('hufu');
  return {
    applicationType,
    redirectUris: fields.texts('redirect_uris', MAX_REDIRECT_URIS, redirect) ?? [],
    postLogoutRedirectUris: fields.texts('post_logout_redirect_uris', MAX_REDIRECT_URIS, redirect) ?? [],
    tokenEndpointAuthMethod: fields.choice('token_endpoint_auth_method', Object.keys(registries.authMethods)) ?? 'client_secret_basic',
    grantTypes,
    responseTypes:
      fields.choices('response_types', Object.keys(registries.responseTypes)) ??
      (grantTypes.includes('authorization_code') ? ['code'] : []),
    responseModes: fields.choices('response_modes', registries.responseModes),
    scopes: scope === undefined ? undefined : readScope(scope),
    clientName: readLocalized(fields, 'client_name', display),
    clientUri: readLocalized(fields, 'client_uri', uri),
    logoUri: readLocalized(fields, 'logo_uri', uri),
    policyUri: readLocalized(fields, 'policy_uri', uri),
    tosUri: readLocalized(fields, 'tos_uri', uri),
    contacts: fields.texts('contacts', 20, display) ?? [],
    initiateLoginUri: fields.text('initiate_login_uri', uri),
    jwks: jwks === undefined ? undefined : readPublicJwks(jwks),
    jwksUri: fields.text('jwks_uri', uri),
    softwareId: fields.text('software_id', display),
    softwareVersion: fields.text('software_version', display),
    idTokenSignedResponseAlg: fields.choice('id_token_signed_response_alg', registries.idTokenAlgs) ?? 'RS256',
    defaultMaxAgeSeconds: fields.integer('default_max_age', 0, MAX_SECONDS),
    requireAuthTime: fields.flag('require_auth_time') ?? false,
    settings: settings === undefined ? DEFAULT_SETTINGS : readClientSettings(settings, registries.profiles),
  };
}

/** RFC 7591 §2.1, and what follows from a client that has no secret. Says nothing about members that are already at fault. */
function checkGrants(metadata: ClientMetadata, fields: FieldReader, registries: ClientRegistries, rules: ClientMetadataRules): void {
  const faulty = new Set(fields.faults.map(({ path }) => path[0]));
  const sound = (...names: string[]): boolean => names.every((name) => !faulty.has(name));
  const grants = metadata.grantTypes.map((name) => ({ name, rule: registries.grantTypes[name] }));
  const method = registries.authMethods[metadata.tokenEndpointAuthMethod];
  if (!sound('grant_types')) return;

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
    const answered = metadata.responseTypes.some((type) => registries.responseTypes[type]?.grantTypes.includes(name));
    if (!answered && sound('response_types')) fields.fault(['response_types'], `has none that belongs to ${name}`);
  }
  for (const type of metadata.responseTypes) {
    for (const name of registries.responseTypes[type]?.grantTypes ?? []) {
      if (!metadata.grantTypes.includes(name)) fields.fault(['response_types'], `has ${type}, which needs the grant type ${name}`);
    }
  }
  if (!sound('token_endpoint_auth_method')) return;
  if (metadata.settings.refreshToken.rotation === 'off' && method?.client === 'public') {
    fields.fault(['hufu', 'refresh_token', 'rotation'], 'is off, which a client that cannot prove itself may not have (RFC 9700 §2.2.2)');
  }
  if (rules.secret === 'given' && method?.secret === 'none') {
    fields.fault(['client_secret'], `has no use: token_endpoint_auth_method is ${metadata.tokenEndpointAuthMethod}`);
  }
  if (rules.secret === 'absent' && method?.secret === 'needed') {
    fields.fault(['client_secret'], `is needed: token_endpoint_auth_method is ${metadata.tokenEndpointAuthMethod}`);
  }
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
