import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { choice, flag, list, maybe, members, object, type Shape, text, time, whole } from './shape.ts';

/** What a gateway of this process has seen since it runs. */
export interface RouteCounts {
  readonly requests: number;
  readonly refused: number;
  /** Open now. */
  readonly streams: number;
}

/** A route of the gateway, with its policy. What is absent is as it is usual, or not asked for. */
export interface RouteView {
  readonly name: string;
  /** Where hufu.yaml has it. */
  readonly setting: string;
  readonly path: string;
  /** Undefined: all of the gateway's. */
  readonly hosts?: readonly string[];
  readonly methods?: readonly string[];
  /** Of `gateway.upstreams`. */
  readonly upstream: string;
  readonly token: 'user' | 'client' | 'any' | 'none';
  readonly scopes: readonly string[];
  /** Instead of `scopes`: by method. */
  readonly scopes_by_method?: Readonly<Record<string, unknown>>;
  readonly acr_values?: readonly string[];
  readonly max_age?: number;
  readonly audience?: string;
  readonly session: boolean;
  readonly bearer: boolean;
  readonly websocket: boolean;
  readonly cacheable: boolean;
  readonly forward_token: boolean;
  readonly body_limit?: number;
  readonly cors_origins?: readonly string[];
  readonly strip_prefix?: string;
  readonly passport?: { readonly send: boolean; readonly min_level: number; readonly actions: boolean };
  /** As `limits.list` calls them. */
  readonly limits: readonly string[];
  readonly live?: RouteCounts;
}

export interface RouteList {
  /** Whether a gateway runs in the process that answers: without one there is nothing live. */
  readonly running: boolean;
  readonly origins: readonly string[];
  readonly items: readonly RouteView[];
}

/** How a target does, as the gateway of this process sees it. */
export interface TargetLive {
  readonly state: 'closed' | 'open' | 'half_open';
  /** Why it is not closed. */
  readonly cause?: 'errors' | 'connect' | 'checks';
  readonly in_flight: number;
  readonly streams: number;
  /** Connections that are kept for later. */
  readonly idle: number;
  readonly last_failure?: TargetFailure;
}

export interface TargetFailure {
  readonly kind: 'connect' | 'timeout' | 'reset' | 'refused' | 'protocol' | 'status';
  /** Of an answer that says that it cannot. */
  readonly status?: number;
  readonly at: number;
}

/** One of the servers behind an upstream of the gateway. */
export interface TargetView {
  readonly url: string;
  readonly tier: number;
  readonly weight: number;
  readonly live?: TargetLive;
}

/** A service behind the gateway: one of `gateway.upstreams`. */
export interface ServiceView {
  readonly name: string;
  readonly setting: string;
  /** Names of the routes that lead to it. */
  readonly routes: readonly string[];
  readonly targets: readonly TargetView[];
  readonly check?: { readonly path: string; readonly interval?: number };
  readonly adaptive?: { readonly min: number; readonly max: number };
  readonly live?: {
    readonly waiting: number;
    /** Where it finds out by itself how much fits. */
    readonly adaptive_limit?: number;
    readonly adaptive_in_flight?: number;
  };
}

export interface ServiceList {
  readonly running: boolean;
  readonly items: readonly ServiceView[];
}

const RUNNING = flag(
  'Whether a gateway runs in the process that answers: without one nothing is live here. Counters are of that process alone.',
);

const route: Shape<RouteView> = object<RouteView>('Route', {
  name: text('Its name in decisions and limits.'),
  setting: text('Where hufu.yaml has it: it is changed there.'),
  path: text('It and everything below it.'),
  hosts: maybe(list('Of the hosts of the gateway; absent: all.', text('A host.'))),
  methods: maybe(list('Absent: all.', text('A method.'))),
  upstream: text('Where its requests go.'),
  token: choice('Whose tokens it takes; `none`: anybody passes.', ['user', 'client', 'any', 'none']),
  scopes: list('Scopes that are needed, all of them.', text('A scope.')),
  scopes_by_method: maybe(members('Where methods need different ones: lists of scopes by method.')),
  acr_values: maybe(list('Classes of authentication, one of which is needed (RFC 9470).', text('An `acr`.'))),
  max_age: maybe(whole('For how many seconds a user may have been authenticated (RFC 9470).')),
  audience: maybe(text('Who tokens have to be for.')),
  session: flag('Whether it takes sessions of browsers.'),
  bearer: flag('Whether it takes tokens in Authorization.'),
  websocket: flag('Whether it takes WebSockets.'),
  cacheable: flag('Whether shared caches may keep answers to identified requests.'),
  forward_token: flag('Whether the service gets the token as it came.'),
  body_limit: maybe(whole('Bytes of a body; absent: 10485760.')),
  cors_origins: maybe(list('Origins whose pages may call it.', text('An origin.'))),
  strip_prefix: maybe(text('What the path loses on its way inside.')),
  passport: maybe(
    object<NonNullable<RouteView['passport']>>('', {
      send: flag('Whether one goes with each request that is somebody’s.'),
      min_level: whole('The least level that passes.'),
      actions: flag('Whether the service may state something in its answers.'),
    }),
  ),
  limits: list('Limits that its requests may meet, by the names of `limits.list`.', text('A limit.')),
  live: maybe(
    object<RouteCounts>('RouteCounts', {
      requests: whole('All that came since this process runs, refused ones too.'),
      refused: whole('Of those: refused at the edge, or taken by nobody behind it.'),
      streams: whole('Streams that are open now.'),
    }),
  ),
});

const target: Shape<TargetView> = object<TargetView>('Target', {
  url: text('Where it listens.'),
  tier: whole('The lowest tier serves as long as enough of it lives.'),
  weight: whole('Its share of what its tier gets.', { min: 1 }),
  live: maybe(
    object<TargetLive>('TargetLive', {
      state: choice('`open`: it is left alone. `half_open`: one request at a time tries it.', ['closed', 'open', 'half_open']),
      cause: maybe(choice('Why it is not closed.', ['errors', 'connect', 'checks'])),
      in_flight: whole('Requests under way at it, without streams.'),
      streams: whole('Streams that are open at it.'),
      idle: whole('Connections that are kept for later.'),
      last_failure: maybe(
        object<TargetFailure>('TargetFailure', {
          kind: choice('How the last try failed that did. `status`: by an answer that says that it cannot.', [
            'connect',
            'timeout',
            'reset',
            'refused',
            'protocol',
            'status',
          ]),
          status: maybe(whole('Of that answer: 502, 503 or 504.', { min: 100, max: 599 })),
          at: time('When that was.'),
        }),
      ),
    }),
  ),
});

const service: Shape<ServiceView> = object<ServiceView>('Service', {
  name: text('Its name in routes.'),
  setting: text('Where hufu.yaml has it: it is changed there.'),
  routes: list('Routes that lead to it.', text('A route.')),
  targets: list('The servers behind it.', target),
  check: maybe(
    object<NonNullable<ServiceView['check']>>('', {
      path: text('What each target is asked for.'),
      interval: maybe(whole('Every so many seconds; absent: 5.')),
    }),
  ),
  adaptive: maybe(
    object<NonNullable<ServiceView['adaptive']>>('', {
      min: whole('Always so many requests at once.'),
      max: whole('Never more.'),
    }),
  ),
  live: maybe(
    object<NonNullable<ServiceView['live']>>('', {
      waiting: whole('Requests that wait for a place.'),
      adaptive_limit: maybe(whole('How many requests at once fit now.')),
      adaptive_in_flight: maybe(whole('How many there are.')),
    }),
  ),
});

export interface GatewayOperations {
  readonly 'routes.list': Operation<never, Nothing, undefined, RouteList>;
  readonly 'services.list': Operation<never, Nothing, undefined, ServiceList>;
}

export const GATEWAY_OPERATIONS: GatewayOperations = {
  'routes.list': {
    method: 'GET',
    path: '/gateway/routes',
    summary: 'Routes of the gateway in the order of the file, each with what it takes, its limits, and what came to it.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: {
      status: 200,
      body: object<RouteList>('RouteList', {
        running: RUNNING,
        origins: list('Where clients find the gateway.', text('An origin.')),
        items: list('All there are.', route),
      }),
    },
  },
  'services.list': {
    method: 'GET',
    path: '/gateway/upstreams',
    summary: 'Services behind the gateway, each with its targets and how they do.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<ServiceList>('ServiceList', { running: RUNNING, items: list('All there are.', service) }) },
  },
};
