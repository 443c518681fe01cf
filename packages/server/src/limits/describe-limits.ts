import type { AllLimits, LimitView } from '@hufu/protocol/admin/limits';
import type { LimitRuleRecord } from '@hufu/store/port';
import type { Json } from '../config/node.ts';
import type { Context } from '../context.ts';
import { lookAtEdge } from '../edge-state.ts';
import { BUILTIN_NAMES, BUILTINS, type BuiltinRate, showPeriod } from './builtin.ts';
import { edgeLimitName, edgeNameOf, edgeStandingOf, nameOfEdgeLimit } from './edge-limits.ts';
import { readStanding, readStored } from './stored-limits.ts';

export type { AllLimits, LimitView } from '@hufu/protocol/admin/limits';

/** Every limit that there is: the server's own, then the rules. */
export async function describeLimits(ctx: Context): Promise<AllLimits> {
  const { version, rules } = await ctx.store.listLimitRules(ctx.tenant);
  const problems = new Map([...readStanding(ctx.config, rules).problems, ...edgeStandingOf(ctx, rules).problems]);
  const stored = new Map(rules.map((record) => [record.name, record]));
  const viewOf = (usual: LimitView): LimitView => viewWith(usual, stored.get(usual.name), problems.get(usual.name));
  const { limits } = ctx.config;
  const written = limits === 'off' ? undefined : limits;
  const own = BUILTIN_NAMES.map((name): LimitView => {
    const configured = written?.builtin.get(name);
    const source = configured === undefined ? 'default' : 'config';
    return viewOf({ name, kind: 'builtin', rule: showRate(configured ?? BUILTINS[name].rate), source });
  });
  const configured = (written?.rules ?? []).map(
    ({ rule, written }): LimitView => viewOf({ name: rule.name, kind: 'rule', rule: written, source: 'config' }),
  );
  const ofEdge = (ctx.config.gateway?.limits ?? []).map(
    (limit): LimitView => viewOf({ name: nameOfEdgeLimit(limit), kind: 'rule', rule: limit.written, source: 'config' }),
  );
  const known = new Set([...own, ...configured, ...ofEdge].map(({ name }) => name));
  const added = rules
    .filter(({ name }) => !known.has(name))
    .map(({ name }): LimitView => viewOf({ name, kind: 'rule', rule: null, source: 'default' }));
  const ofGateway = lookAtEdge(ctx)?.limits.map((one) => ({ ...one, name: edgeLimitName(one.name) })) ?? [];
  const counts = new Map([...ctx.limits.snapshot(), ...ofGateway].map(({ name, ...rest }) => [name, rest]));
  return {
    version,
    limits: [...own, ...configured, ...ofEdge, ...added].map((view) => {
      const found = counts.get(view.name);
      return found === undefined ? view : { ...view, counts: snakeCase(found) };
    }),
  };
}

function viewWith(usual: LimitView, record: LimitRuleRecord | undefined, problem: string | undefined): LimitView {
  if (record === undefined) return usual;
  const { changedAt: changed_at, changedBy: changed_by } = record;
  if (problem !== undefined) return { ...usual, changed_at, changed_by, problem };
  // It reads: somebody would say so otherwise.
  if (edgeNameOf(record.name) !== undefined)
    return { ...usual, rule: JSON.parse(record.rule) as Json, source: 'runtime', changed_at, changed_by };
  const read = readStored(record);
  if (read.kind === 'refused') return { ...usual, changed_at, changed_by, problem: read.reason };
  const rule = read.kind === 'builtin' ? showRate(read.rate) : read.rule.written;
  return { ...usual, rule, source: 'runtime', changed_at, changed_by };
}

function showRate({ limit, periodMs, burst }: BuiltinRate): Json {
  return { limit, period: showPeriod(periodMs), burst };
}

function snakeCase(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), count]),
  );
}
