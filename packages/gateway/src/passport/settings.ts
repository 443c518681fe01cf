import { isLevel, type PassportAction, type PassportLevel } from '@hufu/protocol/passport';
import type { VerificationKey } from '@hufu/resource/key-set';

/** Passports as they are configured. */
export interface PassportSettings {
  /** The edge: `iss` of Passports. */
  readonly edge: string;
  /** How long one is good, in seconds: 60 by default, 120 at most. */
  readonly ttlSeconds?: number;
  /** What its keys are made of: 32 bytes at least each, the newest first; all gateways of the edge have the same. */
  readonly secrets: readonly Uint8Array[];
  readonly levels?: Partial<PassportLevels>;
  /** Which claims of a token name a device; left out, none does. */
  readonly deviceClaims?: { readonly id: string; readonly type?: string };
  /** Services that are more than the name of their upstream. */
  readonly services?: readonly PassportService[];
}

/** A service behind the edge. */
export interface PassportService {
  /** `aud` of its Passports, and `iss` of what it states. A service that is not listed is called as its upstream. */
  readonly name: string;
  /** Its upstreams. */
  readonly upstreams: readonly string[];
  /** Instead of the edge's key pair: 32 bytes at least, known to both (HS256). */
  readonly secret?: Uint8Array;
  /** What it signs statements with, by `kid`. */
  readonly keys?: ReadonlyMap<string, VerificationKey>;
  /** What it may ask of the edge. */
  readonly actions?: readonly PassportAction[];
}

/** Which level a source comes to. */
export interface PassportLevels {
  /** Of a user or client, by how the request says who it is from. */
  readonly session: PassportLevel;
  readonly bearer: PassportLevel;
  readonly dpop: PassportLevel;
  readonly mtls: PassportLevel;
  /** Of a device, by what names it: the key of DPoP, that of a certificate, or a claim. */
  readonly deviceDpop: PassportLevel;
  readonly deviceMtls: PassportLevel;
  readonly deviceClaim: PassportLevel;
  /** What a class of authentication lifts a user to. */
  readonly acr: ReadonlyMap<string, PassportLevel>;
  /** The most that tokens of an issuer come to. */
  readonly issuers: ReadonlyMap<string, PassportLevel>;
  /** `min`: the whole is as good as the weaker of user and device. `user`: the device is told, and does not count. */
  readonly rule: 'min' | 'user';
}

export const DEFAULT_LEVELS: PassportLevels = {
  session: 2,
  bearer: 2,
  dpop: 2,
  mtls: 2,
  deviceDpop: 3,
  deviceMtls: 3,
  deviceClaim: 2,
  acr: new Map(),
  issuers: new Map(),
  rule: 'min',
};
export const DEFAULT_TTL_SECONDS = 60;
const MAX_TTL_SECONDS = 120;

/** Services by the name of their upstreams. @throws {TypeError} that says what cannot be */
export function servicesOf(settings: PassportSettings, upstreams: readonly string[]): ReadonlyMap<string, PassportService> {
  const { edge, ttlSeconds = DEFAULT_TTL_SECONDS, services = [], levels = {} } = settings;
  if (edge === '' || edge.length > 255) throw new TypeError('the edge needs a name of 255 characters at most');
  if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 2 || ttlSeconds > MAX_TTL_SECONDS)
    throw new TypeError(`a Passport is good for 2 to ${MAX_TTL_SECONDS} seconds`);
  for (const level of levelsIn(levels)) if (!isLevel(level)) throw new TypeError('a level is 0, 1, 2 or 3');
  const byUpstream = new Map<string, PassportService>();
  const names = new Set<string>();
  for (const service of services) {
    const { name, actions = [], keys, upstreams: own } = service;
    if (names.has(name)) throw new TypeError(`two services are called ${name}`);
    // Its Passports would be good for the other one, too.
    if (upstreams.includes(name) && !own.includes(name))
      throw new TypeError(`the service ${name} is called as an upstream that is not its own`);
    if (actions.length > 0 && (keys === undefined || keys.size === 0))
      throw new TypeError(`the service ${name} may ask for actions, and has no key to sign them with`);
    names.add(name);
    for (const upstream of own) {
      if (!upstreams.includes(upstream)) throw new TypeError(`the service ${name} has an upstream ${upstream}, which there is not`);
      if (byUpstream.has(upstream)) throw new TypeError(`the upstream ${upstream} is of two services`);
      byUpstream.set(upstream, service);
    }
  }
  for (const name of upstreams) if (!byUpstream.has(name)) byUpstream.set(name, { name, upstreams: [name] });
  return byUpstream;
}

function levelsIn(levels: Partial<PassportLevels>): readonly unknown[] {
  const { acr, issuers, rule = 'min', ...bySource } = levels;
  if (rule !== 'min' && rule !== 'user') throw new TypeError('the rule is min or user');
  return [...Object.values(bySource), ...(acr?.values() ?? []), ...(issuers?.values() ?? [])];
}

/** Classes of authentication that lift a user to a level. */
export function acrValuesFor(level: PassportLevel, { acr }: PassportLevels): readonly string[] {
  return [...acr].filter(([, reached]) => reached >= level).map(([value]) => value);
}
