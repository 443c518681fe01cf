import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Fetch } from '@hufu/resource/fetch-document';
import type { Replays } from '@hufu/resource/replays';
import { type Clock, systemClock, systemNowMs } from './clock.ts';
import type { EdgeDecisions } from './decisions.ts';
import { type Identify, identifier } from './identify/identify.ts';
import { type GatewayIssuer, issuerVerifiers } from './identify/issuers.ts';
import type { SessionSource } from './identify/session-source.ts';
import { endpointLimits } from './limits/endpoint-limits.ts';
import { joinEndpoints } from './own-endpoints.ts';
import { type EdgeLimits, Exchange, type OwnEndpoints, type PassportSource, type PipelineParts } from './pipeline.ts';
import { answerClientError } from './proxy/client-error.ts';
import { cookieCut } from './proxy/cookies.ts';
import { headerNames } from './proxy/header-names.ts';
import { receive } from './proxy/receive.ts';
import type { Refusal } from './proxy/refusal.ts';
import { HEADERS_TOO_LARGE, readFraming } from './proxy/strict.ts';
import { readTarget } from './proxy/target.ts';
import { asksForWebSocket, upgradeResponse } from './proxy/upgrade.ts';
import { writeRefusal } from './proxy/write-refusal.ts';
import { type RouteCount, RouteCounts } from './route-counts.ts';
import type { GatewayHost, Route, RouteSettings } from './routes/route.ts';
import { routeTable } from './routes/route-table.ts';
import { type StreamBounds, Streams } from './streams.ts';
import { type PeerNetwork, trustedPeers } from './trusted-peers.ts';
import { createUpstream, type RunningUpstream, type TargetChange, type UpstreamState } from './upstreams/create-upstream.ts';
import type { UpstreamSettings } from './upstreams/settings.ts';

/** A gateway as it is configured. */
export interface GatewaySettings {
  /** Where clients find it: scheme, host and port of each of its hosts. */
  readonly origins: readonly string[];
  readonly routes: readonly RouteSettings[];
  readonly upstreams: readonly UpstreamSettings[];
  /** Who tokens are for, where a route says nothing. */
  readonly audience?: string;
  readonly trustedProxies?: readonly PeerNetwork[];
  /** Further request headers that never go inside; one that ends in `*` is a beginning of names. */
  readonly dropHeaders?: readonly string[];
  /** Beginnings of names of further cookies that stay at the edge: those of the authorization server, where it has the same host. */
  readonly ownCookies?: readonly string[];
  /** JWTs that are remembered: 20,000 by default. */
  readonly maxCachedTokens?: number;
  /** Streams that one user or client may have open: 100 by default. */
  readonly maxStreams?: number;
  /** Streams that may be open from one address (of IPv6: one /64): 1,000 by default. */
  readonly maxStreamsPerAddress?: number;
  /** Streams that may be open on one route: 50,000 by default. */
  readonly maxStreamsPerRoute?: number;
  /** Milliseconds without a byte after which a WebSocket ends; 0, which is the default: never. */
  readonly websocketIdleMs?: number;
}

export interface GatewayParts {
  readonly settings: GatewaySettings;
  readonly issuers: readonly GatewayIssuer[];
  readonly decisions: EdgeDecisions;
  /** 48 hexadecimal digits of chance. */
  readonly newTrace: () => string;
  readonly sessions?: SessionSource;
  readonly passport?: PassportSource;
  readonly endpoints?: OwnEndpoints;
  readonly limits?: EdgeLimits;
  /** Which DPoP proofs were used: in this process by default. */
  readonly replays?: Replays;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly nowMs?: () => number;
  /** Called with each change of a target's health. */
  readonly onChange?: (change: TargetChange) => void;
}

/** A gateway that runs: listeners for a server of node:http. */
export interface Gateway {
  /** The names of its hosts, as `Host` is compared. */
  readonly hosts: ReadonlySet<string>;
  /** What is worth saying at the start. */
  readonly warnings: readonly string[];
  /** For `request`, `checkContinue` and `checkExpectation`. */
  readonly onRequest: RequestListener;
  /** For `upgrade`. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** For `shouldUpgradeCallback`. */
  shouldUpgrade(request: IncomingMessage): boolean;
  /** For `clientError`. */
  onClientError(error: Error, socket: Duplex): void;
  state(): GatewayState;
  /** Ends what stays open, and lets go of connections inside; what is under way goes on. */
  close(): Promise<void>;
}

export interface GatewayState {
  readonly streams: number;
  /** In the order of the settings; `streams`: open now. */
  readonly routes: readonly (RouteCount & { readonly streams: number })[];
  readonly upstreams: readonly UpstreamState[];
}

const DEFAULT_TOKENS = 20_000;
const DEFAULT_STREAMS: StreamBounds = { perIdentity: 100, perAddress: 1_000, perRoute: 50_000 };
const TOLERANCE_SECONDS = 10;

/**
 * A gateway in front of upstreams.
 *
 * @throws {TypeError} that says what about its settings cannot be
 */
export function createGateway(gateway: GatewayParts): Gateway {
  const { settings, sessions, decisions, clock = systemClock, nowMs = systemNowMs } = gateway;
  const { onChange } = gateway;
  const hosts = settings.origins.map(readHostOf);
  const parts = onChange === undefined ? { clock } : { clock, onChange };
  const upstreams = new Map<string, RunningUpstream>();
  const followers = gateway.issuers.flatMap(({ follower }) => (follower === undefined ? [] : [follower]));
  const streams = new Streams({
    followers,
    timers: clock,
    nowMs,
    askLife: sessions === undefined ? undefined : (id) => sessions.livesUntil(id),
    toleranceSeconds: TOLERANCE_SECONDS,
    bounds: {
      perIdentity: settings.maxStreams ?? DEFAULT_STREAMS.perIdentity,
      perAddress: settings.maxStreamsPerAddress ?? DEFAULT_STREAMS.perAddress,
      perRoute: settings.maxStreamsPerRoute ?? DEFAULT_STREAMS.perRoute,
    },
  });
  try {
    for (const one of settings.upstreams) {
      if (upstreams.has(one.name)) throw new TypeError(`two upstreams are called ${one.name}`);
      upstreams.set(one.name, createUpstream(one, parts));
    }
    const pipeline = pipelineOf(gateway, { hosts, upstreams, streams, clock, nowMs });
    const stopSessions = sessions?.onEnd((id) => streams.endSession(id));
    return listeners(pipeline, {
      hosts: new Set(hosts.map(({ name }) => name)),
      warnings: warningsOf(gateway, pipeline.table.routes),
      state: () => ({
        streams: streams.size,
        routes: pipeline.counts.state().map((count) => ({ ...count, streams: streams.onRoute(count.name) })),
        upstreams: [...upstreams.values()].map((upstream) => upstream.state()),
      }),
      async close() {
        stopSessions?.();
        streams.close();
        await closeAll(upstreams);
      },
    });
  } catch (error) {
    streams.close();
    void closeAll(upstreams);
    throw error;
  }

  function listeners(pipeline: PipelineParts, rest: Pick<Gateway, 'hosts' | 'warnings' | 'state' | 'close'>): Gateway {
    const { endpoints } = pipeline;
    const refuse = (request: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
      const { status, code, detail } = refusal;
      const nobody = { cause: undefined, route: undefined, clientId: undefined };
      const id = decisions.refuse({ check: 'edge_request', status, code, detail, ...nobody });
      const { cookie } = request.headers;
      const clearing = refusal === HEADERS_TOO_LARGE && cookie !== undefined ? (sessions?.clearing?.(cookie) ?? []) : [];
      const headers = clearing.flatMap((line) => ['set-cookie', line]);
      writeRefusal(request, response, headers.length === 0 ? refusal : { ...refusal, headers }, id, clock);
    };
    const through = (head: Buffer | undefined): RequestListener =>
      receive(pipeline.names, {
        refuse,
        accept: (request, response, target, framing) => new Exchange(pipeline, request, response, { target, framing, head }).start(),
      });
    return {
      ...rest,
      onRequest: through(undefined),
      onUpgrade: (request, _socket, head) => through(head)(request, upgradeResponse(request)),
      shouldUpgrade(request) {
        if (!asksForWebSocket(request)) return false;
        const framing = readFraming(request, pipeline.names);
        const target = framing.kind === 'refused' ? framing : readTarget(request.url ?? '', framing.host);
        if (target.kind === 'refused' || endpoints?.takes(target) === true) return false;
        const found = pipeline.table.find(target.host, target.path, 'GET');
        return found.kind === 'route' && found.route.websocket;
      },
      onClientError: (error, socket) => answerClientError(error, socket, clock),
    };
  }
}

interface Ground {
  readonly hosts: readonly GatewayHost[];
  readonly upstreams: ReadonlyMap<string, RunningUpstream>;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly nowMs: () => number;
}

function pipelineOf(gateway: GatewayParts, { hosts, upstreams, streams, clock, nowMs }: Ground): PipelineParts {
  const { settings, sessions, fetch, replays } = gateway;
  const table = routeTable(settings.routes, {
    hosts,
    upstreams,
    audience: settings.audience,
    hasSessions: sessions !== undefined,
    hasPassports: gateway.passport !== undefined,
  });
  const issuers = issuerVerifiers(gateway.issuers, {
    nowMs,
    monotonicMs: () => clock.monotonicMs(),
    maxCachedTokens: settings.maxCachedTokens ?? DEFAULT_TOKENS,
    maxStaleMs: maxStaleMs(table.routes),
    ...(fetch === undefined ? {} : { fetch }),
    ...(replays === undefined ? {} : { replays }),
  });
  if (gateway.issuers.length === 0 && table.routes.some(({ token }) => token !== 'none')) throw new TypeError('there is no issuer');
  const identifiers = new Map<Route, ReadonlyMap<string, Identify>>();
  for (const route of table.routes) {
    if (route.token === 'none') continue;
    const own = hosts.filter(({ name }) => route.hosts === undefined || route.hosts.includes(name));
    identifiers.set(route, new Map(own.map((host) => [host.name, identifier(route, host, { issuers, sessions })])));
  }
  return {
    table,
    names: headerNames(settings.dropHeaders),
    cookies: cookieCut(settings.ownCookies),
    identifierOf: (route, host) => identifiers.get(route)?.get(host.name),
    issuerOf: ({ token }) => issuers.issuerOf(token),
    streams,
    decisions: gateway.decisions,
    counts: new RouteCounts(table.routes),
    timers: clock,
    isTrusted: trustedPeers(settings.trustedProxies ?? []),
    newTrace: gateway.newTrace,
    passport: gateway.passport,
    endpoints: joinEndpoints(gateway.endpoints, gateway.passport?.endpoint),
    endpointLimits: endpointLimits({ monotonicMs: () => clock.monotonicMs(), wallMs: nowMs }),
    limits: gateway.limits,
    websocketIdleMs: settings.websocketIdleMs ?? 0,
  };
}

/** No longer than the route that goes on for longest without its issuer: the keys are of all. */
function maxStaleMs(routes: readonly Route[]): number {
  const seconds = routes.map(({ revocations: { maxAgeSeconds, whenOlder } }) =>
    whenOlder === 'closed' ? maxAgeSeconds : maxAgeSeconds + whenOlder.openForSeconds,
  );
  return Math.max(0, ...seconds) * 1_000;
}

function readHostOf(origin: string): GatewayHost {
  const url = URL.parse(origin);
  if (url === null || url.origin !== origin || !/^https?:$/.test(url.protocol)) throw new TypeError(`${origin} is no origin of a host`);
  return { name: url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''), origin };
}

function warningsOf({ issuers }: GatewayParts, routes: readonly Route[]): readonly string[] {
  const taking = routes.filter(({ token }) => token !== 'none');
  const asking = taking.filter(({ token }) => token !== 'any').map(({ name }) => name);
  const silent = issuers.filter(({ users }) => users === undefined).map(({ issuer }) => issuer);
  const unheard = issuers.filter(({ follower }) => follower === undefined).map(({ issuer }) => issuer);
  return [
    ...(asking.length === 0 || silent.length === 0
      ? []
      : [`${silent.join(', ')}: nothing says which tokens are users’, so auth_time or sid has to (routes ${asking.join(', ')})`]),
    ...(taking.length === 0 || unheard.length === 0
      ? []
      : [
          `${unheard.join(', ')}: nobody hears what is revoked there, so a JWT passes until its time is over (gateway.issuers[].revocations)`,
        ]),
  ];
}

async function closeAll(upstreams: ReadonlyMap<string, RunningUpstream>): Promise<void> {
  await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
}
