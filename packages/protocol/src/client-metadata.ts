import { readBackchannelAuthentication, writeBackchannelAuthentication } from './client-backchannel.ts';
import { checkConsistency } from './client-consistency.ts';
import { readClientJose, writeClientJose } from './client-jose.ts';
import { readPublicJwks } from './client-jwks.ts';
import type { ClientMetadata, ClientMetadataWire, LogoutMetadata } from './client-members.ts';
import { CLIENT_REGISTRIES, type ClientRegistries } from './client-registries.ts';
import { readClientSender, writeClientSender } from './client-sender.ts';
import { DEFAULT_SETTINGS, readClientSettings, writeClientSettings } from './client-settings.ts';
import { OAuthError } from './errors.ts';
import { type Fault, FieldReader, type FieldRules, formatPath, type TextCheck, type TextRules } from './field-reader.ts';
import { findDisplayFault, readLocalized, writeLocalized } from './localized.ts';
import { NO_PROFILE } from './profiles/profile.ts';
import { PROFILES } from './profiles/registry.ts';
import { type ApplicationType, findRedirectUriFault } from './redirect-uri.ts';
import { RESPONSE_TYPES } from './response-type.ts';
import { formatScope, readScope } from './scope.ts';
import { findWebUriFault, MAX_URI_LENGTH } from './web-uri.ts';

export type { ClientMetadata, ClientMetadataWire } from './client-members.ts';
export {
  CLIENT_REGISTRIES,
  type ClientRegistries,
  JWT_BEARER_GRANT,
  SAML2_BEARER_GRANT,
  TOKEN_EXCHANGE_GRANT,
} from './client-registries.ts';

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
  checkConsistency(metadata, fields, registries, rules);
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
