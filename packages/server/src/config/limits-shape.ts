import { checkRules } from '@hufu/flow/check-rules';
import { checkShared } from '@hufu/flow/redis/check-shared';
import type { Rule } from '@hufu/flow/rule';
import { BUILTIN_NAMES, BUILTINS, type BuiltinName, type BuiltinRate, checkBuiltin, isBuiltinName, showPeriod } from '../limits/builtin.ts';
import { type Key, mapping, object, optional, required, withDefault } from './collection-shapes.ts';
import type { LimitsConfig } from './config.ts';
import { duration } from './duration-shape.ts';
import { limitRuleShape, type NamedRule } from './limit-rule-shape.ts';
import { type ConfigNode, findValue, type MapNode } from './node.ts';
import { isTestMode, refuseOutsideTest, wholeNumber } from './scalar-shapes.ts';
import { FAILED, type JsonSchema, type Shape, type Spot } from './shape.ts';

const MAX_RULES = 200;
export const RULE_NAME: RegExp = /^[a-z0-9-]{1,64}$/;

const rate: Shape<BuiltinRate> = object({
  keys: {
    limit: required(wholeNumber(1, 1_000_000), 'Units that flow back in each period.'),
    period: required(duration('1s', '366d'), 'Time in which they do.'),
    burst: required(wholeNumber(1, 1_000_000), 'Units that may come at once.'),
  },
  build: ({ limit, period, burst }) => ({ limit, periodMs: period * 1_000, burst }),
});

/** The definition that they refer to. */
export const BUILTIN_LIMIT_SCHEMA: JsonSchema = rate.schema;

/** One of the server's own limits: a rate and a burst, within bounds. */
export function builtinShape(name: BuiltinName): Shape<BuiltinRate> {
  return {
    // As the reference shows it.
    schema: { title: '`{ limit, period, burst }`', $ref: '#/$defs/builtin_limit' },
    read(node, spot) {
      const value = rate.read(node, spot);
      const flaw = value === FAILED ? undefined : checkBuiltin(name, value);
      return flaw === undefined ? value : spot.refuse(node, flaw);
    },
  };
}

function builtinKey(name: BuiltinName): readonly [BuiltinName, Key<BuiltinRate | undefined>] {
  const { title, rate: usual } = BUILTINS[name];
  return [
    name,
    optional(builtinShape(name), `${title} ${usual.limit} in ${showPeriod(usual.periodMs)}, ${usual.burst} at once by default.`),
  ];
}

const builtinKeys: Readonly<Record<string, Key<BuiltinRate | undefined>>> = Object.fromEntries(BUILTIN_NAMES.map(builtinKey));

const builtin: Shape<LimitsConfig['builtin']> = object({
  keys: builtinKeys,
  build: (values) =>
    new Map(
      Object.entries(values).flatMap(([name, value]) => (value !== undefined && isBuiltinName(name) ? [[name, value] as const] : [])),
    ),
});

const named: Shape<readonly (readonly [name: string, rule: NamedRule])[]> = mapping(limitRuleShape, {
  max: MAX_RULES,
  names: RULE_NAME,
  allowed: '1 to 64 lower-case letters, digits and -',
});

const rules: Shape<LimitsConfig['rules']> = {
  schema: named.schema,
  read(node, spot) {
    const read = named.read(node, spot);
    if (read === FAILED) return FAILED;
    const taken = node.kind === 'map' ? node.entries.find(({ key }) => isBuiltinName(key)) : undefined;
    if (taken !== undefined)
      return spot.at(taken.key).report(taken.place, 'is one of the server’s own limits: it stands in builtin', taken.key);
    const all = read.map(([name, rule]) => rule(name));
    return node.kind === 'map' && reportClashes(node, all, spot) ? FAILED : all;
  },
};

/** Reports rules that cannot stand beside those before them. */
function reportClashes(node: MapNode, all: LimitsConfig['rules'], spot: Spot): boolean {
  if (findClash(all.map(({ rule }) => rule)) === undefined) return false;
  const standing: Rule[] = [];
  for (const { rule } of all) {
    const flaw = findClash([...standing, rule]);
    if (flaw === undefined) standing.push(rule);
    else {
      const written = node.entries.find(({ key }) => key === rule.name);
      const kind = findValue(written?.value, 'kind');
      if (kind === undefined) spot.at(rule.name).report(written?.place ?? node.place, flaw, '');
      else spot.at(rule.name).at('kind').refuse(kind, flaw);
    }
  }
  return standing.length < all.length;
}

function findClash(rules: readonly Rule[]): string | undefined {
  try {
    checkRules(rules, ({ scope }) => scope !== 'process');
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

const whole: Shape<LimitsConfig> = object({
  keys: {
    builtin: withDefault(builtin, {}, 'The server’s own limits, each by its name: a quarter to four times what they are by default.'),
    rules: withDefault(rules, {}, 'Further limits, by names that you choose.'),
    nodes: withDefault(wholeNumber(1, 1_000), 1, 'Nodes at most. What they hold of leases together is no more than half of a limit.'),
  },
  build: (values) => values,
});

const { type: _, ...mappingOnly } = whole.schema;

/** `limits`: how much there may be of what; tests may switch it off. */
export const limitsShape: Shape<'off' | LimitsConfig> = {
  schema: { ...mappingOnly, anyOf: [{ const: 'off' }, { type: 'object' }, { $ref: '#/$defs/variable' }] },
  read(node, spot) {
    if (node.kind !== 'scalar') {
      const limits = whole.read(node, spot);
      return limits === FAILED || reportHeldBack(node, limits, spot) ? FAILED : limits;
    }
    if (node.value !== 'off') return spot.refuse(node, 'is not one of the allowed values', ['a mapping', 'off (in mode test)']);
    return isTestMode(spot) ? 'off' : refuseOutsideTest(node, spot, ['leave it out']);
  },
};

/** Reports leases that are too many for so many nodes. */
function reportHeldBack(node: ConfigNode, { rules, nodes }: LimitsConfig, spot: Spot): boolean {
  let isRefused = false;
  for (const { rule } of rules) {
    const flaw = rule.scope === 'process' ? undefined : checkShared([rule], nodes)?.replace(`rule ${rule.name}: `, '');
    if (flaw === undefined) continue;
    const lease = findValue(findValue(findValue(node, 'rules'), rule.name), 'lease');
    spot
      .at('rules')
      .at(rule.name)
      .at('lease')
      .refuse(lease ?? node, flaw);
    isRefused = true;
  }
  return isRefused;
}
