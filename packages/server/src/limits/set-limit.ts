import type { Store } from '@hufu/store/port';
import type { Json } from '../config/node.ts';
import { readEdgeLimit, readLimit } from '../config/read-limit.ts';
import type { Context } from '../context.ts';
import { edgeNameOf, edgeStandingOf } from './edge-limits.ts';
import { MAX_LIMIT_LENGTH, MAX_STORED_LIMITS, readStanding, storedLimitsOf } from './stored-limits.ts';

/** Who changes a limit, and what they know. */
export interface LimitChange {
  /** A client's id, or `cli`. */
  readonly by: string;
  /** The version that they have seen; undefined: whatever it is. */
  readonly version: number | undefined;
  readonly nowMs: number;
  /** In whose name it is written; by default the server’s own. */
  readonly store?: Store;
}

export type SetLimit =
  | { readonly kind: 'done'; readonly version: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'full' }
  /** Since the version that was seen; where none was, others kept on changing limits. */
  | { readonly kind: 'changed'; readonly version: number };

/** How often whoever has seen no version tries beside others who change limits. */
const MOST_TRIES = 10;

/** Sets a limit for every node, where it can stand beside the others. */
export async function setLimit(
  ctx: Context,
  name: string,
  value: Json,
  { by, version, nowMs, store = ctx.store }: LimitChange,
): Promise<SetLimit> {
  const rule = JSON.stringify(value);
  if (rule.length > MAX_LIMIT_LENGTH) return { kind: 'refused', reason: `has more than ${MAX_LIMIT_LENGTH} characters` };
  const ofEdge = edgeNameOf(name);
  const read = ofEdge === undefined ? readLimit(name, value) : readEdgeLimit(ofEdge, value);
  if (read.kind === 'refused') return read;
  const record = { name, rule, changedAt: Math.floor(nowMs / 1000), changedBy: by };
  for (let tries = 1; ; tries++) {
    const { version: seen, rules } = await ctx.store.listLimitRules(ctx.tenant);
    // It is the last of all, whatever the clocks say: what holds already stays.
    const others = rules.filter((other) => other.name !== name);
    const all = [...others, { ...record, changedAt: Number.POSITIVE_INFINITY }];
    const conflict = (ofEdge === undefined ? readStanding(ctx.config, all) : edgeStandingOf(ctx, all)).problems.get(name);
    if (conflict !== undefined) return { kind: 'refused', reason: conflict };
    // Beside those that were looked at, and no others.
    const set = await store.putLimitRule(ctx.tenant, record, version ?? seen, MAX_STORED_LIMITS);
    if (set.kind === 'changed' && version === undefined && tries < MOST_TRIES) continue;
    if (set.kind === 'done') await heed(ctx, 'set', name, by, set.version);
    return set;
  }
}

export type ResetLimit =
  | { readonly kind: 'done'; readonly version: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly version: number };

/** What the configuration says of it holds again. */
export async function resetLimit(
  ctx: Context,
  name: string,
  { by, version, store = ctx.store }: Omit<LimitChange, 'nowMs'>,
): Promise<ResetLimit> {
  const reset = await store.removeLimitRule(ctx.tenant, name, version);
  if (reset.kind === 'done') await heed(ctx, 'reset', name, by, reset.version);
  return reset;
}

async function heed(ctx: Context, act: 'set' | 'reset', name: string, by: string, version: number): Promise<void> {
  ctx.log.info('limits.changed', { act, name, by, version });
  await storedLimitsOf(ctx).follow();
}
