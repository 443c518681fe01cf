import { clientsShape } from './client-shape.ts';
import { anyList, type Key, list, object, optional, reserved, withDefault } from './collection-shapes.ts';
import type {
  ClientConfig,
  Database,
  LimitsConfig,
  Listen,
  MailConfig,
  Mode,
  Network,
  Policies,
  ResourceConfig,
  Signing,
  UserConfig,
} from './config.ts';
import { databaseShape } from './database.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { gatewayShape } from './gateway-shape.ts';
import { readIssuer } from './issuer.ts';
import { LIMITED_ROUTE_SCHEMA } from './limit-rule-shape.ts';
import { BUILTIN_LIMIT_SCHEMA, limitsShape } from './limits-shape.ts';
import { LISTEN_FORMS, readListen } from './listen.ts';
import { mailShape } from './mail-shape.ts';
import { readNetwork } from './network.ts';
import { policiesShape } from './policies-shape.ts';
import { redisShape } from './redis.ts';
import { resourcesShape } from './resource-shape.ts';
import { choice, flag, text, textAs, textOrNumber, VARIABLE_SCHEMA } from './scalar-shapes.ts';
import type { Secret } from './secret.ts';
import type { JsonSchema, Shape } from './shape.ts';
import { signingShape } from './signing-shape.ts';
import type { Tls } from './tls-config.ts';
import { filePath, tlsShape } from './tls-shape.ts';
import type { Upstream } from './upstream-config.ts';
import { upstreamsShape } from './upstreams-shape.ts';
import { usersShape } from './user-shape.ts';

/** Every `mode`. */
export const MODES: readonly Mode[] = ['production', 'development', 'test'];

/** What a document says, before what it leaves out is filled in from the rest. */
export interface WrittenConfig {
  readonly issuer: string | undefined;
  readonly listen: Listen | undefined;
  readonly data_dir: string;
  readonly database: Database | undefined;
  readonly redis: Secret<string> | undefined;
  readonly mode: Mode | undefined;
  readonly tls: Tls | undefined;
  readonly trusted_proxies: readonly Network[];
  readonly signing: Signing;
  readonly clients: readonly ClientConfig[];
  readonly users: readonly UserConfig[];
  readonly resources: readonly ResourceConfig[];
  readonly gateway: GatewayConfig | undefined;
  readonly console: boolean;
  readonly limits: 'off' | LimitsConfig;
  readonly policies: Policies;
  readonly mail: MailConfig | undefined;
  readonly upstreams: readonly Upstream[];
  readonly tenants: undefined;
  readonly $schema: string | undefined;
}

/**
 * The one table of what `hufu.yaml` may hold. The reader and `hufu.schema.json` both derive from it. A feature that comes to life
 * turns its `reserved` into `optional`.
 */
const KEYS: ConfigKeys = {
  issuer: optional(
    textAs({
      allowed: ['https://host[:port][/path]', 'http on localhost, 127.0.0.1 and [::1]'],
      pattern: '^https?://[^/?#]+[^?#]*$',
      read: readIssuer,
    }),
    'Issuer identifier: the URL under which clients reach the server, byte for byte. http://localhost:4400 by default; required in mode production. HUFU_ISSUER overrides it.',
  ),
  listen: optional(
    textOrNumber({
      allowed: LISTEN_FORMS,
      pattern: '^(.*:)?[0-9]{1,5}$',
      number: { type: 'integer', minimum: 0, maximum: 65_535 },
      read: readListen,
    }),
    'Where it listens: host:port, [IPv6]:port, or :port or port for every interface. By default 127.0.0.1 and the port of an issuer on this machine, else 4400. HUFU_LISTEN overrides it.',
  ),
  data_dir: withDefault(
    filePath,
    './data',
    'Folder for what the server keeps: its database and its master key. Relative to the working directory. HUFU_DATA_DIR overrides it.',
  ),
  database: optional(
    databaseShape,
    'sqlite:PATH (relative to the working directory) or postgres://…; sqlite:<data_dir>/hufu.db by default. HUFU_DATABASE overrides it.',
  ),
  redis: optional(
    redisShape,
    'URL of Redis or Valkey: redis://… or rediss://… for TLS. With it limits of scope shared hold for all nodes together; without it for each. HUFU_REDIS overrides it.',
  ),
  mode: optional(
    choice(MODES),
    'production, development or test (which may set the clock). By default development where the issuer is http on this machine, else production. HUFU_MODE overrides it.',
  ),
  tls: optional(tlsShape, 'TLS on the listening port.'),
  trusted_proxies: withDefault(
    list(textAs({ allowed: ['a network (10.0.0.0/8)', 'an address'], maxLength: 64, read: readNetwork }), { max: 1000 }),
    [],
    'Networks of the proxies whose Forwarded and X-Forwarded-* headers are believed.',
  ),
  signing: withDefault(signingShape, {}, 'Keys that sign tokens.'),
  clients: withDefault(clientsShape, [], 'Clients: registration metadata (RFC 7591, OpenID Connect Registration) with client_id.'),
  users: withDefault(usersShape, [], 'Users that exist from the start.'),
  resources: withDefault(
    resourcesShape,
    [],
    'Protected resources (APIs), in order: a request that names none gets the first that offers the scopes.',
  ),
  gateway: optional(gatewayShape, 'The edge gateway: hufu gateway runs it alone, hufu start beside the server.'),
  console: withDefault(flag, true, 'Whether hufu start serves the administrators’ console at /console.'),
  limits: withDefault(limitsShape, {}, 'Flow control: how much there may be of what. off in mode test alone.'),
  policies: withDefault(policiesShape, {}, 'What is allowed and for how long.'),
  mail: optional(mailShape, 'How mail is sent. Without it nothing is, but mode development and test show mails at /dev/mail.'),
  upstreams: withDefault(upstreamsShape, [], 'Identity providers to sign in with, in the order of their buttons.'),
  tenants: reserved(anyList, 'Organizations with issuers of their own.'),
  $schema: optional(text(2048), 'Where editors find this schema. Means nothing to the server.'),
};

type ConfigKeys = { readonly [Name in keyof WrittenConfig]: Key<WrittenConfig[Name]> };

/** The whole document. */
export const configShape: Shape<WrittenConfig> = object({ keys: KEYS, build: (values: WrittenConfig) => values });

/** `hufu.schema.json`: JSON Schema 2020-12 for editors. */
export function configJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Hufu configuration',
    description: 'hufu.yaml. Text may hold ${NAME} or ${NAME:-default} from the environment; $$ stands for $.',
    ...configShape.schema,
    $defs: { variable: VARIABLE_SCHEMA, builtin_limit: BUILTIN_LIMIT_SCHEMA, limited_route: LIMITED_ROUTE_SCHEMA },
  };
}
