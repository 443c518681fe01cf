import {
  DEFAULT_DEVICES,
  type DeviceSettings,
  type DeviceSettingsWire,
  readDeviceSettings,
  writeDeviceSettings,
} from './device-settings.ts';
import { type ExchangeSettings, readExchangeSettings, writeExchangeSettings } from './exchange-settings.ts';
import type { FieldReader } from './field-reader.ts';
import { findResourceFault, MAX_URI_LENGTH } from './web-uri.ts';

/** Hufu's own settings of a client: the `hufu` member of its metadata. Never taken from a stranger's registration. */
export interface ClientSettings {
  /** Identifiers of the resources (RFC 8707 §2) whose tokens this client may introspect. */
  readonly resourceServerOf: readonly string[];
  /** Whether it may follow the revocation log; whoever serves a resource may anyway. */
  readonly followsRevocations: boolean;
  /** A profile that tightens the rules; undefined for none. */
  readonly profile: string | undefined;
  /** The house's own application: its users are not asked for consent. */
  readonly firstParty: boolean;
  /**
   * Whether a code needs a `code_challenge` (RFC 7636). Undefined: yes, but for confidential clients that registered themselves, as
   * OpenID Connect Core knows none. A public client always needs one.
   */
  readonly pkce: 'required' | 'optional' | undefined;
  /** Whether each DPoP proof of it needs a nonce of ours (RFC 9449 §8). */
  readonly dpopNonce: 'required' | 'optional';
  /** Undefined: as the resource has it. */
  readonly accessTokenTtlSeconds: number | undefined;
  readonly refreshToken: RefreshTokenSettings;
  /** Live grants of one user; the oldest falls. */
  readonly maxGrantsPerUser: number;
  /** How long a `client_secret` stays good after the configuration has another. 0: not at all. */
  readonly secretOverlapSeconds: number;
  /** Undefined: it exchanges no tokens. */
  readonly tokenExchange: ExchangeSettings | undefined;
  /** Whether it may send passwords of users (RFC 6749 §4.3), which RFC 9700 §2.4 forbids. */
  readonly unsafePasswordGrant: boolean;
  readonly signIn: SignInSettings;
  readonly devices: DeviceSettings;
}

/** How its users sign in. */
export interface SignInSettings {
  /** The weakest authentication context class that they may come with; undefined: as the server has it. */
  readonly acr: AuthenticationClass | undefined;
}

/** Authentication context classes of Hufu, from the weakest to the strongest: by how many factors, and whether one of them is a passkey. */
export type AuthenticationClass = 'urn:hufu:acr:1' | 'urn:hufu:acr:2' | 'urn:hufu:acr:3';
export const AUTHENTICATION_CLASSES: readonly AuthenticationClass[] = ['urn:hufu:acr:1', 'urn:hufu:acr:2', 'urn:hufu:acr:3'];

/** Undefined members are as the server has them. */
export interface RefreshTokenSettings {
  /** From the grant's beginning, whatever happens. */
  readonly absoluteSeconds: number | undefined;
  /** From the last use. */
  readonly idleSeconds: number | undefined;
  readonly rotation: 'on' | 'off' | undefined;
}

/** The `hufu` member as it is written. Durations are read in every form of `readDuration` and written as seconds. */
export interface ClientSettingsWire {
  readonly resource_server_of?: readonly string[];
  readonly follows_revocations?: boolean;
  readonly profile?: string;
  readonly first_party?: boolean;
  readonly pkce?: 'required' | 'optional';
  readonly dpop_nonce?: 'required' | 'optional';
  readonly access_token_ttl?: number | string;
  readonly refresh_token?: {
    readonly absolute?: number | string;
    readonly idle?: number | string;
    readonly rotation?: 'on' | 'off' | boolean;
  };
  readonly max_grants_per_user?: number;
  readonly secret_overlap?: number | string;
  readonly token_exchange?: {
    readonly audiences?: readonly string[];
    readonly scopes?: readonly string[];
    readonly impersonation?: boolean;
    readonly id_jag?: readonly { readonly audience: string; readonly client_id: string; readonly scopes?: readonly string[] }[];
  };
  readonly unsafe_password_grant?: boolean;
  readonly sign_in?: { readonly acr?: AuthenticationClass };
  readonly devices?: DeviceSettingsWire;
}

/** Of a client that has no `hufu` member. */
export const DEFAULT_SETTINGS: ClientSettings = {
  resourceServerOf: [],
  followsRevocations: false,
  profile: undefined,
  firstParty: false,
  pkce: undefined,
  dpopNonce: 'optional',
  accessTokenTtlSeconds: undefined,
  refreshToken: { absoluteSeconds: undefined, idleSeconds: undefined, rotation: undefined },
  maxGrantsPerUser: 100,
  secretOverlapSeconds: 0,
  tokenExchange: undefined,
  unsafePasswordGrant: false,
  signIn: { acr: undefined },
  devices: DEFAULT_DEVICES,
};

/** Reads the `hufu` member. */
export function readClientSettings(fields: FieldReader, profiles: readonly string[]): ClientSettings {
  const settings: ClientSettings = {
    resourceServerOf: fields.texts('resource_server_of', 100, { max: MAX_URI_LENGTH, check: findResourceFault }) ?? [],
    followsRevocations: fields.flag('follows_revocations') ?? false,
    profile: fields.choice('profile', profiles),
    firstParty: fields.flag('first_party') ?? false,
    pkce: fields.choice<'required' | 'optional'>('pkce', ['required', 'optional']),
    dpopNonce: fields.choice<'required' | 'optional'>('dpop_nonce', ['required', 'optional']) ?? 'optional',
    accessTokenTtlSeconds: fields.duration('access_token_ttl', 1, MAX_ACCESS_TOKEN_SECONDS),
    refreshToken: readRefreshToken(fields),
    maxGrantsPerUser: fields.integer('max_grants_per_user', 1, 10_000) ?? DEFAULT_SETTINGS.maxGrantsPerUser,
    secretOverlapSeconds: fields.duration('secret_overlap', 0, MAX_OVERLAP_SECONDS) ?? DEFAULT_SETTINGS.secretOverlapSeconds,
    tokenExchange: readExchangeSettings(fields),
    unsafePasswordGrant: fields.flag('unsafe_password_grant') ?? false,
    signIn: readSignIn(fields),
    devices: readDeviceSettings(fields),
  };
  fields.finish();
  return settings;
}

/** As plain members; those that are undefined are to be left out. */
export function writeClientSettings(settings: ClientSettings): Readonly<Record<string, unknown>> {
  const { absoluteSeconds, idleSeconds, rotation } = settings.refreshToken;
  const refreshToken = { absolute: absoluteSeconds, idle: idleSeconds, rotation };
  return {
    resource_server_of: settings.resourceServerOf,
    follows_revocations: settings.followsRevocations ? true : undefined,
    profile: settings.profile,
    first_party: settings.firstParty,
    pkce: settings.pkce,
    dpop_nonce: settings.dpopNonce === 'required' ? 'required' : undefined,
    access_token_ttl: settings.accessTokenTtlSeconds,
    refresh_token: Object.values(refreshToken).every((value) => value === undefined) ? undefined : refreshToken,
    max_grants_per_user: settings.maxGrantsPerUser,
    secret_overlap: settings.secretOverlapSeconds === 0 ? undefined : settings.secretOverlapSeconds,
    token_exchange: writeExchangeSettings(settings.tokenExchange),
    unsafe_password_grant: settings.unsafePasswordGrant ? true : undefined,
    sign_in: settings.signIn.acr === undefined ? undefined : { acr: settings.signIn.acr },
    devices: writeDeviceSettings(settings.devices),
  };
}

/** What a tally has room for: 24 bits of seconds. */
const MAX_ACCESS_TOKEN_SECONDS = 2 ** 24 - 1;
const MAX_REFRESH_SECONDS = 36_525 * 86_400;
const MAX_OVERLAP_SECONDS = 90 * 86_400;

function readRefreshToken(fields: FieldReader): RefreshTokenSettings {
  const inner = fields.object('refresh_token');
  if (inner === undefined) return DEFAULT_SETTINGS.refreshToken;
  const absoluteSeconds = inner.duration('absolute', 1, MAX_REFRESH_SECONDS);
  const idleSeconds = inner.duration('idle', 1, MAX_REFRESH_SECONDS);
  if (absoluteSeconds !== undefined && idleSeconds !== undefined && idleSeconds > absoluteSeconds) {
    inner.fault(['idle'], 'is longer than absolute, which ends the grant before');
  }
  const rotation = readSwitch(inner, 'rotation');
  inner.finish();
  return { absoluteSeconds, idleSeconds, rotation };
}

function readSignIn(fields: FieldReader): SignInSettings {
  const inner = fields.object('sign_in');
  if (inner === undefined) return DEFAULT_SETTINGS.signIn;
  const acr = inner.choice<AuthenticationClass>('acr', AUTHENTICATION_CLASSES);
  inner.finish();
  return { acr };
}

/** YAML 1.2 reads `on` as a text, 1.1 as true; people write both. */
function readSwitch(fields: FieldReader, name: string): 'on' | 'off' | undefined {
  const value = fields.take(name);
  if (value === undefined || value === 'on' || value === 'off') return value;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  fields.fault([name], 'is neither on nor off');
  return undefined;
}
