import { isLevel } from '@hufu/protocol/passport';
import { isScopeToken } from '@hufu/protocol/scope';
import { foldPath, normalisePath } from '../proxy/path.ts';
import type { Upstream } from '../proxy/upstream.ts';
import {
  DEFAULT_BODY_LIMIT,
  DEFAULT_PASSPORT,
  DEFAULT_REVOCATIONS,
  DEFAULT_TIMES,
  type GatewayHost,
  type RevocationRule,
  type Route,
  type RouteSettings,
} from './route.ts';

/** What routes refer to. */
export interface RouteGround {
  readonly hosts: readonly GatewayHost[];
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Who tokens are for, where a route does not say. */
  readonly audience: string | undefined;
  /** Whether there are sessions of browsers, and with them the edge's own paths. */
  readonly hasSessions: boolean;
  /** Whether Passports are made; they have a path of the edge's own, too. */
  readonly hasPassports?: boolean;
}

/** Below it are the edge's own endpoints. */
export const EDGE_PATH = '/edge';

const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const NEVER = new Set(['TRACE', 'TRACK', 'CONNECT']);
const MAX_SECONDS = 86_400;

/** @throws {TypeError} that says what about it cannot be */
export function checkRoute(settings: RouteSettings, ground: RouteGround): Route {
  const { name } = settings;
  if (typeof name !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/.test(name)) throw new TypeError(`a route has no name that is one: ${name}`);
  const upstream = ground.upstreams.get(settings.upstream);
  const fault =
    findPlaceFault(settings, ground) ??
    findMethodFault(settings) ??
    findTokenFault(settings, ground) ??
    findOriginFault(settings) ??
    findPassportFault(settings, ground) ??
    findBoundFault(settings);
  if (fault !== undefined) throw new TypeError(`route ${name}: ${fault}`);
  if (upstream === undefined) throw new TypeError(`route ${name}: there is no upstream ${settings.upstream}`);
  const { scopes = [], methods, hosts, cors } = settings;
  const byMethod = isList(scopes) ? undefined : new Map(Object.entries(scopes));
  return {
    name,
    path: settings.path,
    hosts,
    methods: methods === undefined ? (byMethod === undefined ? undefined : new Set(byMethod.keys())) : new Set(methods),
    upstream,
    upstreamName: settings.upstream,
    token: settings.token,
    scopesByMethod: byMethod,
    scopes: isList(scopes) ? scopes : [],
    acrValues: settings.acrValues,
    maxAgeSeconds: settings.maxAgeSeconds,
    audience: settings.token === 'none' ? '' : (settings.audience ?? ground.audience ?? ''),
    session: settings.session ?? false,
    bearer: settings.token !== 'none' && (settings.bearer ?? true),
    websocket: settings.websocket ?? false,
    bodyLimit: settings.bodyLimit ?? DEFAULT_BODY_LIMIT,
    cacheable: settings.cacheable ?? false,
    times: { ...DEFAULT_TIMES, ...settings.times },
    forwardToken: settings.forwardToken ?? false,
    corsOrigins: cors === undefined ? undefined : new Set(cors.origins),
    stripPrefix: settings.stripPrefix,
    revocations: settings.revocations ?? DEFAULT_REVOCATIONS,
    passport: { ...DEFAULT_PASSPORT, ...settings.passport },
  };
}

function isList(scopes: NonNullable<RouteSettings['scopes']>): scopes is readonly string[] {
  return Array.isArray(scopes);
}

function findPlaceFault(
  { path, hosts, stripPrefix }: RouteSettings,
  { hosts: known, hasSessions, hasPassports }: RouteGround,
): string | undefined {
  if (!path.startsWith('/') || normalisePath(path) !== path) return 'the path is not in its one form (normalised, beginning with a slash)';
  if (path !== '/' && path.endsWith('/')) return 'the path ends in a slash: it takes what is below it anyway';
  if (path.includes(';') || path.includes('%3B')) return 'the path has a parameter';
  if ((hasSessions || hasPassports === true) && `${foldPath(path)}/`.startsWith(`${EDGE_PATH}/`))
    return `what is below ${EDGE_PATH} is the edge's own`;
  if (hosts?.length === 0) return 'the list of hosts is empty';
  for (const host of hosts ?? []) if (!known.some(({ name }) => name === host)) return `the gateway has no host ${host}`;
  const isPrefix = stripPrefix === undefined || stripPrefix === '/' || path === stripPrefix || path.startsWith(`${stripPrefix}/`);
  return isPrefix ? undefined : 'what is stripped is no beginning of the path, by whole segments';
}

function findMethodFault({ methods, scopes }: RouteSettings): string | undefined {
  if (methods?.length === 0) return 'the list of methods is empty';
  const inScopes = scopes === undefined || isList(scopes) ? [] : Object.keys(scopes);
  for (const method of [...(methods ?? []), ...inScopes]) {
    if (!METHOD.test(method) || NEVER.has(method)) return `${method} is no method that is taken`;
    if (method === 'HEAD') return 'GET is for HEAD too';
  }
  for (const method of methods ?? []) if (inScopes.length > 0 && !inScopes.includes(method)) return `no scopes say who may ${method}`;
  for (const method of inScopes)
    if (methods !== undefined && !methods.includes(method)) return `scopes are of ${method}, which is not taken`;
  return undefined;
}

function findTokenFault(settings: RouteSettings, { audience: usual, hasSessions }: RouteGround): string | undefined {
  const { token, scopes, acrValues, maxAgeSeconds, audience = usual, session = false, bearer = true, forwardToken = false } = settings;
  if (!['user', 'client', 'any', 'none'].includes(token)) return `token is user, client, any or none, and not ${String(token)}`;
  const isAsked = scopes !== undefined || acrValues !== undefined || maxAgeSeconds !== undefined || session || forwardToken;
  if (token === 'none') return isAsked || settings.bearer === true ? 'it takes no token, and asks something of one' : undefined;
  if (audience === undefined || audience === '') return 'nobody says who its tokens are for';
  if (!session && !bearer) return 'it takes neither tokens nor sessions';
  if (session && !hasSessions) return 'there are no sessions here';
  if (session && token === 'client') return 'a session is of a user';
  if (token === 'client' && (acrValues !== undefined || maxAgeSeconds !== undefined)) return 'a client does not authenticate as users do';
  const all = scopes === undefined ? [] : isList(scopes) ? scopes : Object.values(scopes).flat();
  if (!all.every((scope) => typeof scope === 'string' && isScopeToken(scope))) return 'a scope is none (RFC 6749 §3.3)';
  if (acrValues?.length === 0 || acrValues?.some((value) => !isScopeToken(value)) === true) return 'an acr value is none';
  return maxAgeSeconds === undefined || isWhole(maxAgeSeconds, 0, 31_536_000) ? undefined : 'max_age is not a whole number of seconds';
}

function findOriginFault({ cors }: RouteSettings): string | undefined {
  if (cors === undefined) return undefined;
  if (cors.origins.length === 0 || cors.origins.length > 100) return 'the list of origins has 1 to 100';
  const wrong = cors.origins.find((origin) => URL.parse(origin)?.origin !== origin || !/^https?:/.test(origin));
  return wrong === undefined ? undefined : `${wrong} is no origin`;
}

function findPassportFault({ token, passport }: RouteSettings, { hasPassports }: RouteGround): string | undefined {
  if (passport === undefined) return undefined;
  const { send = true, minLevel = 0, actions = false } = passport;
  if (!isLevel(minLevel)) return 'a level is 0, 1, 2 or 3';
  if (token === 'none') return 'it takes no token, and says something of Passports';
  if (hasPassports !== true && (minLevel > 0 || actions)) return 'no Passports are made here';
  return !send && (minLevel > 0 || actions) ? 'it sends no Passport, and asks something of one' : undefined;
}

function findBoundFault({ bodyLimit = 0, times = {}, revocations = DEFAULT_REVOCATIONS }: RouteSettings): string | undefined {
  if (!isWhole(bodyLimit, 0, 2 ** 40)) return 'body_limit is not a number of bytes';
  if (!Object.values(times).every((ms) => isWhole(ms, 0, MAX_SECONDS * 1_000))) return 'a time is not whole milliseconds up to a day';
  return isRevocationRule(revocations) ? undefined : 'revocations are known for 2 to 3,600 seconds, and open for a day at most';
}

function isRevocationRule({ maxAgeSeconds, whenOlder }: RevocationRule): boolean {
  return isWhole(maxAgeSeconds, 2, 3_600) && (whenOlder === 'closed' || isWhole(whenOlder.openForSeconds, 1, MAX_SECONDS));
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
