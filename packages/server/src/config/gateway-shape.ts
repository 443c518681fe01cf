import { list, mapping, object, optional, required, withDefault } from './collection-shapes.ts';
import { duration } from './duration-shape.ts';
import type {
  GatewayConfig,
  GatewayCredentials,
  GatewayIssuerConfig,
  GatewayRevocations,
  GatewayRouteConfig,
  GatewayUpstreamConfig,
} from './gateway-config.ts';
import { gatewayLimitsShape } from './gateway-limits-shape.ts';
import { gatewayPassportShape, routePassportShape } from './gateway-passport-shape.ts';
import { edgeSecret, gatewaySessionShape } from './gateway-session-shape.ts';
import { gatewayRetries, gatewayTimeouts } from './gateway-times-shape.ts';
import { LISTEN_FORMS, readListen } from './listen.ts';
import { readNetwork } from './network.ts';
import { choice, flag, hidden, text, textAs, textOrNumber, wholeNumber } from './scalar-shapes.ts';
import { FAILED, Refused, type Shape } from './shape.ts';
import { existingFile, tlsShape } from './tls-shape.ts';

const NAMES = /^[A-Za-z0-9._-]{1,64}$/;

const name: Shape<string> = textAs({
  allowed: ['letters, digits, -, _ and .'],
  pattern: NAMES.source,
  maxLength: 64,
  read: (value) => (NAMES.test(value) ? value : new Refused('is no name')),
});

/** A scheme, a host and a port, as browsers write an origin. */
const origin: Shape<string> = textAs({
  allowed: ['https://host[:port]', 'http://host[:port]'],
  pattern: '^https?://[^/?#]+$',
  maxLength: 300,
  read: (value) => (/^https?:/.test(value) && URL.parse(value)?.origin === value ? value : new Refused('is no origin')),
});

const path: Shape<string> = textAs({
  allowed: ['a path that begins with a slash'],
  pattern: '^/',
  maxLength: 1_000,
  read: (value) => (value.startsWith('/') ? value : new Refused('is no path')),
});

const texts: Shape<readonly string[]> = list(text(255), { min: 1, max: 100, unique: [{ path: [] }] });
const scopesByMethod: Shape<Readonly<Record<string, readonly string[]>>> = mapped(
  mapping(list(text(255), { max: 100 }), { max: 20, names: /^[A-Z][A-Z-]{0,31}$/, allowed: 'a method, in capitals' }),
  (entries) => Object.fromEntries(entries),
);
const scopes: Shape<readonly string[] | Readonly<Record<string, readonly string[]>>> = {
  schema: { anyOf: [texts.schema, scopesByMethod.schema] },
  read: (node, spot) => (node.kind === 'map' ? scopesByMethod.read(node, spot) : texts.read(node, spot)),
};

const credentials: Shape<GatewayCredentials> = object({
  keys: {
    client_id: required(text(255), 'A client at the issuer.'),
    client_secret: required(hidden(text(1_024)), 'Its secret. Best as ${VARIABLE}.'),
  },
  build: ({ client_id, client_secret }) => ({ clientId: client_id, clientSecret: client_secret }),
});

const issuer: Shape<GatewayIssuerConfig> = object({
  keys: {
    issuer: required(text(2_048), 'Issuer identifier, byte for byte the iss of its tokens.'),
    jwks_uri: optional(text(2_048), 'Where its keys are, if its metadata does not say.'),
    users: optional(
      choice(['subject', 'authentication']),
      'How a token says whether it is a user’s: subject: unless sub is the client (as Hufu’s do). authentication (by default): one with auth_time or sid is.',
    ),
    introspection: optional(credentials, 'Asks it about tokens that are no JWTs (RFC 7662). For one issuer at most.'),
    revocations: optional(
      credentials,
      'Follows its revocation feed, which Hufu has; not needed for the server in the same process. Without it a JWT holds until its time is over.',
    ),
  },
  build: ({ jwks_uri, ...rest }) => ({ ...rest, jwksUri: jwks_uri }),
});

const target: Shape<GatewayUpstreamConfig['targets'][number]> = object({
  keys: {
    url: required(origin, 'Where it listens: scheme, host and port.'),
    weight: withDefault(wholeNumber(1, 1_000_000), 1, 'Its share of what its tier gets.'),
    tier: withDefault(wholeNumber(0, 100), 0, 'The lowest tier serves as long as enough of it lives.'),
  },
  build: (values) => values,
});

const adaptive: Shape<NonNullable<GatewayUpstreamConfig['adaptive']>> = object({
  keys: {
    min: withDefault(wholeNumber(1, 1_000_000), 4, 'Always so many.'),
    max: withDefault(wholeNumber(1, 1_000_000), 1_000, 'Never more.'),
    initial: withDefault(wholeNumber(1, 1_000_000), 32, 'Before anything is known.'),
  },
  build({ min, max, initial }) {
    return { minLimit: min, maxLimit: max, initialLimit: Math.min(Math.max(initial, min), max) };
  },
});

const upstream: Shape<Omit<GatewayUpstreamConfig, 'name'>> = object({
  keys: {
    targets: required(list(target, { min: 1, max: 1_000, unique: [{ path: ['url'] }] }), 'The servers behind it.'),
    connections: optional(wholeNumber(1, 100_000), 'Requests under way at one target at a time; 128 by default. Streams do not count.'),
    head_timeout: optional(duration('1s', '1h'), 'From the last byte of a request to the head of its answer; 30s by default.'),
    connect_timeout: optional(duration('1s', '1m'), 'Until a connection is there; 2s by default.'),
    streams: optional(wholeNumber(0, 1_000_000), 'Streams open at one target at a time; 10000 by default.'),
    retries: optional(gatewayRetries, 'When a request is sent once more.'),
    ca: optional(existingFile, 'PEM file: the authorities whose certificates its targets have, instead of those that the machine trusts.'),
    check: optional(
      object({
        keys: {
          path: required(path, 'What is asked for, by GET: an answer of 200 to 399 is well.'),
          interval: optional(duration('1s', '1h'), 'How often; 5s by default.'),
        },
        build: (values) => ({ path: values.path, intervalSeconds: values.interval }),
      }),
      'Asks each target how it does. Without it only what becomes of requests says it.',
    ),
    adaptive: optional(
      adaptive,
      'Takes as many requests at once as it serves without a queue, whatever that is just now, and refuses more at once.',
    ),
  },
  build: ({ head_timeout, connect_timeout, check, ...rest }) => ({
    ...rest,
    headTimeoutSeconds: head_timeout,
    connectTimeoutSeconds: connect_timeout,
    checks: check,
  }),
});

const revocations: Shape<GatewayRevocations> = object({
  keys: {
    max_age: withDefault(duration('2s', '1h'), '10s', 'How old what is known of revocations may be.'),
    open_for: optional(duration('1s', '1d'), 'For how long tokens go on after that which held before; left out, nothing passes.'),
  },
  build: (values) => ({ maxAgeSeconds: values.max_age, openForSeconds: values.open_for }),
});

const route: Shape<GatewayRouteConfig> = object({
  keys: {
    name: required(name, 'For decisions and metrics.'),
    hosts: optional(texts, 'Names of hosts among those of origins; all by default.'),
    path: required(path, 'It and everything below it, by whole segments. The longest one has a request.'),
    methods: optional(texts, 'Methods, in capitals; GET takes HEAD. All by default.'),
    upstream: required(name, 'One of upstreams.'),
    token: required(choice(['user', 'client', 'any', 'none']), 'Whose tokens it takes; none: anybody passes.'),
    scopes: optional(scopes, 'Scopes that are needed, all of them; or a mapping of methods to such lists.'),
    acr_values: optional(texts, 'Classes of authentication, one of which is needed (RFC 9470).'),
    max_age: optional(duration('0s', '365d'), 'For how long a user may have been authenticated (RFC 9470).'),
    audience: optional(text(2_048), 'Who tokens have to be for; that of the gateway by default.'),
    session: optional(flag, 'Takes sessions of browsers.'),
    bearer: optional(flag, 'Takes tokens in Authorization; true by default.'),
    websocket: optional(flag, 'Takes WebSockets.'),
    body_limit: optional(wholeNumber(0, 1_099_511_627_776), 'Bytes of a body; 10485760 by default.'),
    cacheable: optional(flag, 'Shared caches may keep answers to identified requests.'),
    forward_token: optional(flag, 'The upstream gets the token as it came.'),
    cors_origins: optional(list(origin, { min: 1, max: 100, unique: [{ path: [] }] }), 'Origins whose pages may call it.'),
    strip_prefix: optional(path, 'Whole segments that the path loses on its way inside.'),
    revocations: optional(revocations, 'What happens where nobody can say what was revoked: tokens that held go on for 5m by default.'),
    passport: optional(routePassportShape, 'What goes inside of who a request is from, where there is gateway.passport.'),
    timeouts: optional(
      gatewayTimeouts,
      'How long the parts of an exchange may take. Those before the head of an answer are its upstream’s.',
    ),
  },
  build: ({ acr_values, max_age, body_limit, forward_token, cors_origins, strip_prefix, ...rest }) => ({
    ...rest,
    acrValues: acr_values,
    maxAgeSeconds: max_age,
    bodyLimit: body_limit,
    forwardToken: forward_token,
    corsOrigins: cors_origins,
    stripPrefix: strip_prefix,
  }),
});

const listenShape = textOrNumber({
  allowed: LISTEN_FORMS,
  pattern: '^(.*:)?[0-9]{1,5}$',
  number: { type: 'integer', minimum: 0, maximum: 65_535 },
  read: readListen,
});

const metrics: Shape<NonNullable<GatewayConfig['metrics']>> = object({
  keys: {
    listen: required(listenShape, 'Where it listens, as listen does. Without a token it has to be a loopback address.'),
    token: optional(edgeSecret, 'What a scraper shows (Authorization: Bearer …). Without it programs on this machine read them.'),
  },
  build: (value) => value,
});

/** `gateway`. What routes and upstreams say together is checked by the gateway when it starts. */
export const gatewayShape: Shape<GatewayConfig> = object({
  keys: {
    listen: optional(
      listenShape,
      'Where it listens, as listen does. By default 127.0.0.1 and the port of the first of origins, where that is on this machine.',
    ),
    origins: required(
      list(origin, { min: 1, max: 100, unique: [{ path: [] }] }),
      'Where clients find it: scheme, host and port of each of its hosts. Requests for other hosts are refused.',
    ),
    name: withDefault(name, 'edge', 'The name of the edge: all its gateways say the same.'),
    secret: optional(
      edgeSecret,
      'What the keys of the edge are made of: the same at all its gateways. Inside hufu start it may be left out.',
    ),
    former_secrets: withDefault(list(edgeSecret, { max: 6 }), [], 'Those before it, whose sessions are still read.'),
    session: optional(gatewaySessionShape(origin), 'Sessions of browsers, below /edge: pages hold a cookie, and the tokens stay here.'),
    passport: optional(gatewayPassportShape(name, NAMES), 'Passports: who a request is from, signed for the service that gets it.'),
    audience: optional(text(2_048), 'Who tokens have to be for, where a route does not say.'),
    issuers: withDefault(
      list(issuer, { max: 20, unique: [{ path: ['issuer'] }] }),
      [],
      'Issuers whose tokens are taken. By default the issuer of this configuration.',
    ),
    upstreams: required(
      mapping(upstream, { max: 1_000, names: NAMES, allowed: 'letters, digits, -, _ and .' }),
      'Services behind it, by name.',
    ),
    routes: required(list(route, { max: 10_000, unique: [{ path: ['name'] }] }), 'What goes where, and what it takes.'),
    drop_headers: withDefault(list(text(255), { max: 100 }), [], 'Further request headers that never go inside; name* for a beginning.'),
    trusted_proxies: withDefault(
      list(textAs({ allowed: ['a network (10.0.0.0/8)', 'an address'], maxLength: 64, read: readNetwork }), { max: 1_000 }),
      [],
      'Networks of the proxies in front of the gateway whose X-Forwarded-* headers are believed.',
    ),
    max_streams: optional(wholeNumber(1, 1_000_000), 'Streams that one user or client may have open; 100 by default.'),
    limits: withDefault(gatewayLimitsShape, {}, 'How much there may be of what: see docs/guides/gateway.md.'),
    max_streams_per_address: optional(
      wholeNumber(1, 1_000_000),
      'Streams that may be open from one address (of IPv6: one /64); 1000 by default.',
    ),
    max_streams_per_route: optional(wholeNumber(1, 10_000_000), 'Streams that may be open on one route; 50000 by default.'),
    metrics: optional(
      metrics,
      'Where Prometheus reads what this gateway counts: GET /metrics on a port of its own. Not served without it.',
    ),
    tls: optional(tlsShape, 'TLS on the port of the gateway. Without it a proxy in front of it has to have that.'),
  },
  build: ({
    upstreams,
    secret,
    former_secrets,
    drop_headers,
    trusted_proxies,
    max_streams,
    max_streams_per_address,
    max_streams_per_route,
    ...rest
  }) => ({
    ...rest,
    secrets: [...(secret === undefined ? [] : [secret]), ...former_secrets],
    upstreams: upstreams.map(([called, one]) => ({ name: called, ...one })),
    dropHeaders: drop_headers,
    trustedProxies: trusted_proxies,
    maxStreams: max_streams,
    maxStreamsPerAddress: max_streams_per_address,
    maxStreamsPerRoute: max_streams_per_route,
  }),
});

function mapped<T, U>(shape: Shape<T>, build: (value: T) => U): Shape<U> {
  return {
    schema: shape.schema,
    read(node, spot) {
      const value = shape.read(node, spot);
      return value === FAILED ? FAILED : build(value);
    },
  };
}
