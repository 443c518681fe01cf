import type { PassportLevel } from '@hufu/protocol/passport';
import type { ForwardTimes } from '../proxy/exchange-timers.ts';
import type { Upstream } from '../proxy/upstream.ts';

/** Whose requests a route takes: users' tokens, clients' own, both, or those of nobody. */
export type TokenPolicy = 'user' | 'client' | 'any' | 'none';

/** A route as it is configured. */
export interface RouteSettings {
  /** For decisions and metrics: letters, digits, `-`, `_` and `.`; 64 characters at most. */
  readonly name: string;
  /** Names of the gateway's hosts; left out: all of them. */
  readonly hosts?: readonly string[];
  /** It and everything below it, by whole segments: `/notes` takes `/notes/7`, and not `/notes7`. */
  readonly path: string;
  /** In capitals; GET takes HEAD. Left out: all. */
  readonly methods?: readonly string[];
  /** One of the gateway's upstreams. */
  readonly upstream: string;
  readonly token: TokenPolicy;
  /** All of these; or those of each method (GET is for HEAD too): a method that is in no list is not taken. */
  readonly scopes?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** One of these classes of authentication (RFC 9470 §3). */
  readonly acrValues?: readonly string[];
  /** Seconds since the user authenticated, at most (RFC 9470 §3). */
  readonly maxAgeSeconds?: number;
  /** Who tokens have to be for; by default the gateway's audience. */
  readonly audience?: string;
  /** Takes sessions of browsers. By default not. */
  readonly session?: boolean;
  /** Takes tokens in `Authorization`. By default so. */
  readonly bearer?: boolean;
  /** Takes WebSockets. */
  readonly websocket?: boolean;
  /** Bytes of a body: 10 MiB by default. */
  readonly bodyLimit?: number;
  /** Shared caches may keep answers, as the upstream says. */
  readonly cacheable?: boolean;
  readonly times?: Partial<ForwardTimes>;
  /** The upstream gets the token as it came: where it is one that verifies tokens itself. */
  readonly forwardToken?: boolean;
  /** Pages of these origins may call it: the edge answers what browsers ask first. */
  readonly cors?: { readonly origins: readonly string[] };
  /** Whole segments that the path loses on its way inside. */
  readonly stripPrefix?: string;
  readonly revocations?: RevocationRule;
  readonly passport?: Partial<RoutePassport>;
}

/** What goes inside of who a request is from, where the gateway makes Passports. */
export interface RoutePassport {
  /** By default one goes with each request that is somebody's. */
  readonly send: boolean;
  /** The least level that passes: 0 by default. */
  readonly minLevel: PassportLevel;
  /** The service may state something in its answers. By default not. */
  readonly actions: boolean;
}

/** What happens where nobody can say what was revoked. */
export interface RevocationRule {
  /** How old what is known may be. */
  readonly maxAgeSeconds: number;
  /** `closed`: 503 then. Otherwise tokens that are not known to be revoked go on for so long. */
  readonly whenOlder: 'closed' | { readonly openForSeconds: number };
}

/** A host of the gateway. */
export interface GatewayHost {
  /** As `Host` is compared: lower case, without a port. */
  readonly name: string;
  /** Where clients find it: scheme, name and port. */
  readonly origin: string;
}

/** A route that was checked, with everything that is left out filled in. */
export interface Route {
  readonly name: string;
  readonly path: string;
  readonly hosts: readonly string[] | undefined;
  readonly methods: ReadonlySet<string> | undefined;
  readonly upstream: Upstream;
  readonly upstreamName: string;
  readonly token: TokenPolicy;
  /** By method; `undefined` where all methods need the same. */
  readonly scopesByMethod: ReadonlyMap<string, readonly string[]> | undefined;
  readonly scopes: readonly string[];
  readonly acrValues: readonly string[] | undefined;
  readonly maxAgeSeconds: number | undefined;
  /** '' where no token is taken. */
  readonly audience: string;
  readonly session: boolean;
  readonly bearer: boolean;
  readonly websocket: boolean;
  readonly bodyLimit: number;
  readonly cacheable: boolean;
  readonly times: ForwardTimes;
  readonly forwardToken: boolean;
  readonly corsOrigins: ReadonlySet<string> | undefined;
  readonly stripPrefix: string | undefined;
  readonly revocations: RevocationRule;
  readonly passport: RoutePassport;
}

/** Milliseconds of the parts of an exchange, where a route says nothing. Streams may last. */
export const DEFAULT_TIMES: ForwardTimes = { bodyIdleMs: 10_000, answerIdleMs: 0, stallMs: 60_000, wholeMs: 0 };
export const DEFAULT_BODY_LIMIT = 10_485_760;
export const DEFAULT_REVOCATIONS: RevocationRule = { maxAgeSeconds: 10, whenOlder: { openForSeconds: 300 } };
export const DEFAULT_PASSPORT: RoutePassport = { send: true, minLevel: 0, actions: false };
