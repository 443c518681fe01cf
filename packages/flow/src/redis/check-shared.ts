import { algorithmOf } from '../algorithms.ts';
import { capacityOf } from '../capacity.ts';
import type { AlgorithmRule, Rule } from '../rule.ts';
import { parametersOf } from './lua/kinds.ts';
import { shareOf } from './share.ts';

const LEASED: ReadonlySet<string> = new Set(['gcra', 'token_bucket', 'fixed_window', 'sliding_counter', 'quota']);
const SYNCED: ReadonlySet<string> = new Set(['gcra', 'fixed_window', 'quota']);
/** A minute: what is later than that is no limit any more. */
const MAX_SPAN_MS = 60_000;

/** Why these rules cannot live in Redis; undefined: they can. */
export function checkShared(rules: readonly Rule[], nodes: number): string | undefined {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  for (const rule of rules) {
    const flaw = checkRule(rule, nodes) ?? checkSpared(rule, byName);
    if (flaw !== undefined) return `rule ${rule.name}: ${flaw}`;
  }
  return undefined;
}

function checkRule(rule: Rule, nodes: number): string | undefined {
  const { share = 0.5, lease, sync } = rule;
  if (!(share > 0 && share <= 1)) return 'share must be above 0, and 1 at most';
  if (lease !== undefined && sync !== undefined) return 'lease and sync exclude each other';
  if (lease !== undefined && !(isSpan(lease.forMs) && Number.isSafeInteger(lease.units) && lease.units >= 1))
    return `a lease has whole units of 1 or more, and 1 to ${MAX_SPAN_MS} whole milliseconds`;
  if (sync !== undefined && !isSpan(sync.everyMs)) return `sync is every 1 to ${MAX_SPAN_MS} whole milliseconds`;
  for (const algorithm of [rule.algorithm, ...Object.values(rule.overrides?.values ?? {})]) {
    const flaw = checkAlgorithm(algorithm, rule, share, nodes);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function checkAlgorithm(algorithm: AlgorithmRule, { lease, sync }: Rule, share: number, nodes: number): string | undefined {
  const { kind } = algorithm;
  if (parametersOf(algorithm) === undefined) return `${kind} lives in one process alone`;
  if (lease !== undefined && !LEASED.has(kind)) return `${kind} cannot be leased`;
  if (sync !== undefined && !SYNCED.has(kind)) return `${kind} cannot be told later`;
  if (lease !== undefined && nodes * lease.units > wholeOf(algorithm) / 2)
    return `${nodes} processes with leases of ${lease.units} hold more than half of the ${'capacity' in algorithm ? 'capacity' : 'limit'}`;
  const alone = shareOf(algorithm, share);
  return algorithmOf(alone).check(alone);
}

/** Of what leases hold a part. */
function wholeOf(algorithm: AlgorithmRule): number {
  return 'limit' in algorithm ? algorithm.limit : capacityOf(algorithm);
}

/** Who is spared is decided with the other, in one place. */
function checkSpared(rule: Rule, byName: ReadonlyMap<string, Rule>): string | undefined {
  if (rule.spareFresh === undefined) return undefined;
  const other = byName.get(rule.spareFresh);
  const isApart = [rule, other].some((one) => one?.lease !== undefined || one?.sync !== undefined);
  return isApart ? 'spareFresh does not go with lease or sync' : undefined;
}

function isSpan(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 1 && ms <= MAX_SPAN_MS;
}
