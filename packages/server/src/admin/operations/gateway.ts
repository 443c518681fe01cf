import type { GatewayOperations, RouteView, ServiceView, TargetLive, TargetView } from '@hufu/protocol/admin/gateway';
import type { GatewayConfig, GatewayLimitConfig, GatewayRouteConfig, GatewayUpstreamConfig } from '../../config/gateway-config.ts';
import { type EdgeState, type EdgeTargetState, lookAtEdge } from '../../edge-state.ts';
import { edgeStandingOf, nameOfEdgeLimit } from '../../limits/edge-limits.ts';
import type { Perform } from '../call.ts';

/** The gateway of hufu.yaml, and how the one of this process does. hufu.yaml owns both lists: nothing here changes them. */
export const GATEWAY: { readonly [N in keyof GatewayOperations]: Perform<N> } = {
  'routes.list': async ({ ctx }) => {
    const { gateway } = ctx.config;
    const edge = lookAtEdge(ctx);
    if (gateway === undefined) return { body: { running: false, origins: [], items: [] } };
    // Those that were set while it runs count too.
    const { limits } = edgeStandingOf(ctx, (await ctx.store.listLimitRules(ctx.tenant)).rules);
    const items = gateway.routes.map((route, index) => routeView(gateway, route, { index, limits, edge }));
    return { body: { running: edge !== undefined, origins: gateway.origins, items } };
  },

  'services.list': async ({ ctx, nowMs }) => {
    const { gateway } = ctx.config;
    const edge = lookAtEdge(ctx);
    const items = gateway?.upstreams.map((upstream) => serviceView(gateway, upstream, edge, nowMs)) ?? [];
    return { body: { running: edge !== undefined, items } };
  },
};

function routeView(
  gateway: GatewayConfig,
  route: GatewayRouteConfig,
  { index, limits, edge }: { readonly index: number; readonly limits: readonly GatewayLimitConfig[]; readonly edge: EdgeState | undefined },
): RouteView {
  const { name, path, upstream, token, scopes, passport } = route;
  const count = edge?.routes.find((one) => one.name === name);
  const audience = token === 'none' ? undefined : (route.audience ?? gateway.audience);
  return {
    name,
    setting: `gateway.routes[${index}]`,
    path,
    upstream,
    token,
    scopes: isList(scopes) ? scopes : [],
    ...(scopes !== undefined && !isList(scopes) && { scopes_by_method: scopes }),
    ...given({
      hosts: route.hosts,
      methods: route.methods,
      acr_values: route.acrValues,
      max_age: route.maxAgeSeconds,
      audience,
      body_limit: route.bodyLimit,
      cors_origins: route.corsOrigins,
      strip_prefix: route.stripPrefix,
    }),
    session: route.session ?? false,
    bearer: token !== 'none' && (route.bearer ?? true),
    websocket: route.websocket ?? false,
    cacheable: route.cacheable ?? false,
    forward_token: route.forwardToken ?? false,
    ...(passport !== undefined && { passport: { send: passport.send, min_level: passport.minLevel, actions: passport.actions } }),
    limits: limits.filter(({ rule }) => rule.routes?.includes(name) !== false).map(nameOfEdgeLimit),
    ...(count !== undefined && { live: { requests: count.requests, refused: count.refused, streams: count.streams } }),
  };
}

function serviceView(gateway: GatewayConfig, upstream: GatewayUpstreamConfig, edge: EdgeState | undefined, nowMs: number): ServiceView {
  const { name, checks, adaptive } = upstream;
  const state = edge?.upstreams.find((one) => one.name === name);
  return {
    name,
    setting: `gateway.upstreams.${name}`,
    routes: gateway.routes.filter((route) => route.upstream === name).map((route) => route.name),
    targets: upstream.targets.map(({ url, tier, weight }): TargetView => {
      const live = state?.targets.find((one) => one.url === url);
      return { url, tier, weight, ...(live !== undefined && { live: targetLive(live, nowMs) }) };
    }),
    ...(checks !== undefined && {
      check: { path: checks.path, ...given({ interval: checks.intervalSeconds }) },
    }),
    ...(adaptive !== undefined && { adaptive: { min: adaptive.minLimit, max: adaptive.maxLimit } }),
    ...(state !== undefined && {
      live: {
        waiting: state.waiting,
        ...(state.adaptive !== undefined && {
          adaptive_limit: Math.floor(state.adaptive.limit),
          adaptive_in_flight: state.adaptive.inFlight,
        }),
      },
    }),
  };
}

function targetLive({ phase, cause, underWay, streams, idle, lastFailure }: EdgeTargetState, nowMs: number): TargetLive {
  return {
    state: phase,
    ...given({ cause }),
    in_flight: underWay,
    streams,
    idle,
    ...(lastFailure !== undefined && {
      last_failure: {
        kind: lastFailure.kind,
        ...given({ status: lastFailure.status }),
        at: Math.max(0, Math.floor((nowMs - lastFailure.agoMs) / 1_000)),
      },
    }),
  };
}

function isList(scopes: GatewayRouteConfig['scopes']): scopes is readonly string[] {
  return Array.isArray(scopes);
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without what is undefined: a reply leaves it out. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
