import { checkAlgorithm } from '@hufu/flow/algorithms';
import { checkShared } from '@hufu/flow/redis/check-shared';
import type { KeyPart, Rule } from '@hufu/flow/rule';
import { type Key, type Keys, list, mapping, object, optional, required, type Values, withDefault } from './collection-shapes.ts';
import { LIMIT_KINDS, type LimitKind } from './limit-kinds.ts';
import { findNearest } from './nearest.ts';
import { readNetwork } from './network.ts';
import { type ConfigNode, findText, findValue } from './node.ts';
import { choice, flag, text, textAs, wholeNumber } from './scalar-shapes.ts';
import { FAILED, type Failed, type JsonSchema, Refused, type Shape, type Spot } from './shape.ts';

const MAX_OVERRIDES = 500;
const MAX_CLIENT_ID = 2_048;
const USUAL = 'gcra';
const KIND_DOC = 'The algorithm (docs/guides/limits.md).';

const exempt = object({
  keys: {
    addresses: withDefault(
      list(textAs({ allowed: ['a network (10.0.0.0/8)', 'an address'], maxLength: 64, read: readRange }), { max: 1_000 }),
      [],
      'Networks and addresses that it is not about.',
    ),
    clients: withDefault(
      list(text(MAX_CLIENT_ID), { max: 1_000 }),
      [],
      'Ids of clients that it is not about, once they have proved who they are.',
    ),
  },
  build: (values) => values,
});

const lease = object({
  keys: {
    units: required(
      wholeNumber(1, 1_000_000),
      'Most units. All nodes together may admit that many times the nodes more, which is half of the limit at most (limits.nodes).',
    ),
    for_ms: required(wholeNumber(10, 60_000), 'Milliseconds that they are good for.'),
  },
  build: ({ units, for_ms }) => ({ units, forMs: for_ms }),
});

const sync = object({
  keys: { every_ms: required(wholeNumber(10, 60_000), 'Milliseconds.') },
  build: ({ every_ms }) => ({ everyMs: every_ms }),
});

/** What every rule may say, whatever its algorithm and whatever it is about. */
function commonKeys({ parameters }: LimitKind) {
  return {
    cost: withDefault(wholeNumber(1, 1_000_000), 1, 'Units that a request takes.'),
    shadow: withDefault(flag, false, 'Counts, and refuses nobody: to see what a rule would do.'),
    when_absent: withDefault(
      choice(['one_key', 'skip']),
      'one_key',
      'Requests without something that it counts by: all of them under one key, or not counted.',
    ),
    exempt: withDefault(exempt, {}, 'Whom it is not about.'),
    overrides: withDefault(
      object({
        keys: {
          client: withDefault(
            mapping(parameters, { max: MAX_OVERRIDES, names: /^[\x21-\x7e]{1,255}$/, allowed: 'the id of a client' }),
            {},
            'Other parameters for some clients, by client id.',
          ),
        },
        build: ({ client }) => client,
      }),
      {},
      'Other parameters for some.',
    ),
    tell: withDefault(
      choice(['all', 'retry', 'nothing']),
      'retry',
      'What answers tell: RateLimit headers and when to come again, only when to come again, or nothing.',
    ),
    scope: withDefault(
      choice(['shared', 'node']),
      'shared',
      'Counted by all nodes together, where there is a redis, or by each by itself, which asks nobody.',
    ),
    on_store_error: withDefault(
      choice(['local', 'open', 'closed']),
      'local',
      'Where Redis does not answer: each node by itself with its share of the rate, nobody is refused, or everybody.',
    ),
    share: withDefault(wholeNumber(1, 100), 50, 'The share of a node then, in percent.'),
    lease: optional(lease, 'Units that a node takes from Redis at once. What all nodes admit may be more by as many as each may have.'),
    sync: optional(
      sync,
      'Each node decides by itself, and tells Redis what it took so often. What all admit may be more by what the others admit meanwhile.',
    ),
  };
}

type Common = Values<ReturnType<typeof commonKeys>>;

/** A rule as it was read, without its name. */
export interface ReadRule<Own extends Keys> {
  /** What it says in words of its place. */
  readonly own: Values<Own>;
  readonly key: readonly KeyPart[];
  /** It is of clients: it exempts some, has other parameters for some, or counts by them. */
  readonly isOfClients: boolean;
  rule(name: string): Rule;
}

/** What one place makes of a rule. */
export interface LimitPlace<Own extends Keys, T> {
  /** Which requests it is about, and whatever else is said there alone. */
  readonly keys: Own;
  /** What it may count by. */
  readonly key: Key<readonly KeyPart[]>;
  build(read: ReadRule<Own>, node: ConfigNode, spot: Spot): T | Failed;
}

/** A rule: what its `kind` and the place where it stands make of it. */
export function limitShape<Own extends Keys, T>(place: LimitPlace<Own, T>): Shape<T> {
  const shapes = new Map([...LIMIT_KINDS].map(([kind, algorithm]) => [kind, shapeOf(kind, algorithm, place)]));
  return {
    schema: { oneOf: [...shapes].map(([kind, shape]) => withKind(kind, shape.schema)) },
    read(node, spot) {
      const word = findValue(node, 'kind');
      const kind = word === undefined ? USUAL : (findText(word) ?? '');
      const shape = shapes.get(kind);
      if (shape !== undefined) return shape.read(node, spot);
      const kinds = [...shapes.keys()];
      return word === undefined
        ? FAILED
        : spot.at('kind').refuse(word, 'is not one of the allowed values', kinds, findNearest(kind, kinds));
    },
  };
}

function shapeOf<Own extends Keys, T>(kind: string, algorithm: LimitKind, place: LimitPlace<Own, T>): Shape<T> {
  const inner = object({
    keys: {
      kind: kind === USUAL ? withDefault(choice([kind]), kind, KIND_DOC) : required(choice([kind]), KIND_DOC),
      ...algorithm.keys,
      ...place.keys,
      key: place.key,
      ...commonKeys(algorithm),
    },
    build: (values) => values as Common & Values<Own> & Pick<ReadRule<Own>, 'key'> & Readonly<Record<string, unknown>>,
  });
  return {
    schema: inner.schema,
    read(node, spot) {
      const values = inner.read(node, spot);
      if (values === FAILED) return FAILED;
      const parameters = algorithm.build(values);
      const flaw = checkAlgorithm(parameters);
      if (flaw !== undefined) return spot.refuse(node, flaw);
      const { key } = values;
      const isOfClients = key.includes('client') || values.exempt.clients.length > 0 || values.overrides.length > 0;
      const built = place.build({ own: values, key, isOfClients, rule: (name) => ruleOf(name, parameters, values, key) }, node, spot);
      if (built === FAILED) return FAILED;
      const alone = findSharedFlaw(ruleOf('one', parameters, values, key));
      if (alone === undefined) return built;
      const part = alone.key === undefined ? undefined : findValue(node, alone.key);
      return part === undefined ? spot.refuse(node, alone.flaw) : spot.at(alone.key ?? '').refuse(part, alone.flaw);
    },
  };
}

function ruleOf(name: string, algorithm: Rule['algorithm'], values: Common, key: readonly KeyPart[]): Rule {
  const { addresses, clients } = values.exempt;
  return {
    name,
    algorithm,
    key,
    cost: values.cost,
    shadow: values.shadow,
    whenAbsent: values.when_absent,
    ...(addresses.length + clients.length === 0 ? {} : { exempt: { addresses, clients } }),
    ...(values.overrides.length === 0 ? {} : { overrides: { part: 'client', values: Object.fromEntries(values.overrides) } }),
    tell: values.tell,
    scope: values.scope === 'node' ? 'process' : 'shared',
    onStoreError: values.on_store_error,
    share: values.share / 100,
    ...(values.lease === undefined ? {} : { lease: values.lease }),
    ...(values.sync === undefined ? {} : { sync: values.sync }),
  };
}

/** Why the rule cannot live in Redis, and the key without which it could. Without one it is refused as well: a configuration is one for all nodes. */
function findSharedFlaw(rule: Rule): { readonly flaw: string; readonly key: 'lease' | 'sync' | undefined } | undefined {
  if (rule.scope === 'process') return undefined;
  const flaw = checkShared([rule], 1)?.replace(`rule ${rule.name}: `, '');
  if (flaw === undefined) return undefined;
  const { lease: _lease, ...unleased } = rule;
  const { sync: _sync, ...unsynced } = rule;
  if (rule.sync !== undefined && checkShared([unsynced], 1) === undefined) return { flaw, key: 'sync' };
  return { flaw, key: rule.lease !== undefined && checkShared([unleased], 1) === undefined ? 'lease' : undefined };
}

function readRange(range: string): string | Refused {
  const read = readNetwork(range);
  return read instanceof Refused ? read : range;
}

/** For rules with that word alone: an editor then tells what is wrong with one. */
function withKind(kind: string, schema: JsonSchema): JsonSchema {
  const { properties, required: needed } = schema;
  const own = typeof properties === 'object' && properties !== null && !Array.isArray(properties) ? properties : {};
  const names = Array.isArray(needed) ? needed : [];
  return {
    ...schema,
    properties: { ...own, kind: { description: KIND_DOC, const: kind } },
    required: kind === USUAL ? names : [...new Set([...names, 'kind'])],
  };
}
