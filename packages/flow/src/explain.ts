import type { Outcome, RuleOutcome } from './limiter.ts';
import type { AlgorithmRule } from './rule.ts';

/**
 * What came of a request, in lines that a person can read: first all of it, then each rule. No keys, as these may be secrets. For whoever keeps the
 * limits, not for whoever is limited.
 */
export function explain(outcome: Outcome): readonly string[] {
  return [summaryOf(outcome), ...outcome.rules.map(lineOf)];
}

/** The parameters of an algorithm, in words. */
export function describeAlgorithm(algorithm: AlgorithmRule): string {
  const { kind, ...parameters } = algorithm;
  const said = Object.entries(parameters).map(
    ([name, value]) => `${NAMES.get(name) ?? name} ${name.endsWith('Ms') ? duration(Number(value)) : value}`,
  );
  return `${kind.replaceAll('_', ' ')}, ${said.join(', ')}`;
}

function summaryOf({ allowed, rule, rules, retryAfterMs, delayMs }: Outcome): string {
  if (rules.length === 0) return 'allowed: no rule applies';
  if (allowed) return delayMs > 0 ? `allowed, to go on in ${duration(delayMs)}` : 'allowed';
  return `refused by ${rule ?? 'no rule'}: ${again(retryAfterMs)}`;
}

function lineOf({ rule, kind, algorithm, decision }: RuleOutcome): string {
  const said = `${rule.name} (${describeAlgorithm(algorithm)})`;
  if (kind === 'exempt') return `${said}: exempt`;
  if (kind === 'spared') return `${said}: used up, but ${rule.spareFresh ?? 'another rule'} is untouched, so this one does not count`;
  if (kind === 'store_error') return `${said}: the store did not answer, and the rule is ${decision.allowed ? 'open' : 'closed'} then`;
  const left = `${decision.remaining} left, as if never used in ${duration(decision.resetAfterMs)}`;
  if (kind === 'shadow') return `${said}: ${decision.allowed ? 'would allow' : 'would refuse'}; ${left}; refuses nobody`;
  if (!decision.allowed) return `${said}: refuses, ${again(decision.retryAfterMs)}; ${left}`;
  return `${said}: allows${decision.delayMs > 0 ? ` in ${duration(decision.delayMs)}` : ''}; ${left}`;
}

function again(retryAfterMs: number): string {
  return Number.isFinite(retryAfterMs) ? `again in ${duration(retryAfterMs)}` : 'it never fits';
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['periodMs', 'in'],
  ['burst', 'at once'],
  ['intervalMs', 'each'],
  ['maxQueueMs', 'waiting at most'],
]);

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** In the largest unit that leaves a whole number. */
export function duration(ms: number): string {
  const [unitMs, name] = UNITS.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1, 'ms'];
  return `${ms / unitMs} ${name}`;
}
