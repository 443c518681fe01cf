import fc from 'fast-check';
import type { CalendarPeriod } from '../algorithms/calendar.ts';
import { checkAlgorithm } from '../algorithms.ts';
import type { ReferenceRule } from './reference.ts';

/** Some milliseconds later, somebody asks for so much. */
export interface Step {
  readonly gapMs: number;
  readonly cost: number;
}

export interface Scene<Rule extends ReferenceRule = ReferenceRule> {
  readonly rule: Rule;
  readonly startMs: number;
  readonly steps: readonly Step[];
}

type RuleOf<Kind extends ReferenceRule['kind']> = Extract<ReferenceRule, { readonly kind: Kind }>;

/** Rules of a kind, small and uneven ones first; rates above one a millisecond among them. */
export const rules: { readonly [Kind in ReferenceRule['kind']]: fc.Arbitrary<RuleOf<Kind>> } = {
  gcra: fc.record({
    kind: fc.constant('gcra'),
    ...rate(5_000),
    burst: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 200 })),
  }),
  fixed_window: fc.record({ kind: fc.constant('fixed_window'), ...rate(200) }),
  sliding_log: fc.record({ kind: fc.constant('sliding_log'), ...rate(200) }),
  sliding_counter: fc.record({ kind: fc.constant('sliding_counter'), ...rate(200) }),
  leaky_bucket: fc.record({ kind: fc.constant('leaky_bucket'), ...rate(5_000), maxQueueMs: fc.integer({ min: 1, max: 2_000 }) }),
  token_bucket: fc
    .record({
      kind: fc.constant('token_bucket'),
      capacity: fc.integer({ min: 1, max: 100 }),
      unit: fc.integer({ min: 1, max: 100 }),
      intervalMs: periodMs(),
    })
    .map((rule) => ({ ...rule, unit: Math.min(rule.unit, rule.capacity) })),
  quota: fc.record({
    kind: fc.constant('quota'),
    limit: fc.integer({ min: 1, max: 20 }),
    period: fc.constantFrom<CalendarPeriod>('hour', 'day', 'week', 'month', 'year'),
    zone: fc.constantFrom(
      'UTC',
      'Asia/Shanghai',
      'Asia/Kolkata',
      'Europe/Berlin',
      'America/Santiago',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    ),
  }),
};

export const kinds: readonly ReferenceRule['kind'][] = [
  'fixed_window',
  'gcra',
  'leaky_bucket',
  'quota',
  'sliding_counter',
  'sliding_log',
  'token_bucket',
];

/** A rule of that kind, and traffic that knows its weak spots. */
export function scenes<Kind extends ReferenceRule['kind']>(kind: Kind, length = 120): fc.Arbitrary<Scene<RuleOf<Kind>>> {
  return rules[kind]
    .filter((rule) => checkAlgorithm(rule) === undefined)
    .chain((rule) =>
      fc.record({
        rule: fc.constant(rule),
        startMs: fc.integer({ min: 1_000_000_000_000, max: 2_000_000_000_000 }),
        steps: fc.array(fc.record({ gapMs: gaps(rule), cost: costs(rule) }), { minLength: 1, maxLength: length, size: 'max' }),
      }),
    );
}

/** How long it takes until a unit is back, until all are, and a millisecond to each side of it. */
export function weakSpots(rule: ReferenceRule): readonly number[] {
  const spots = spansOf(rule).flatMap((spanMs) => [spanMs - 1, spanMs, spanMs + 1]);
  return [...new Set([0, 1, ...spots.map(Math.floor).filter((ms) => ms >= 0)])];
}

/** The longest that a key of the rule is remembered. */
export function horizonOf(rule: ReferenceRule): number {
  switch (rule.kind) {
    case 'gcra':
      return Math.ceil((2 * rule.burst * rule.periodMs) / rule.limit) + 2;
    case 'token_bucket':
      return Math.ceil((2 * rule.capacity) / rule.unit) * rule.intervalMs;
    case 'leaky_bucket':
      return rule.maxQueueMs + rule.periodMs;
    case 'sliding_log':
      return rule.periodMs;
    case 'quota':
      return 2 * QUOTA_MS[rule.period];
    default:
      return 2 * rule.periodMs;
  }
}

const HOUR_MS = 3_600_000;
const QUOTA_MS: Readonly<Record<CalendarPeriod, number>> = {
  hour: HOUR_MS,
  day: 25 * HOUR_MS,
  week: 169 * HOUR_MS,
  month: 745 * HOUR_MS,
  year: 8_785 * HOUR_MS,
};

function periodMs(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1_000, 60_000, 3_600_000), fc.integer({ min: 1, max: 100_000 }));
}

function rate(most: number): { readonly limit: fc.Arbitrary<number>; readonly periodMs: fc.Arbitrary<number> } {
  return { limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: most })), periodMs: periodMs() };
}

function spansOf(rule: ReferenceRule): readonly number[] {
  switch (rule.kind) {
    case 'token_bucket':
      return [rule.intervalMs, Math.ceil(rule.capacity / rule.unit) * rule.intervalMs];
    case 'quota':
      return [QUOTA_MS[rule.period], QUOTA_MS[rule.period] / 25, QUOTA_MS[rule.period] / 2];
    case 'gcra':
      return [rule.periodMs / rule.limit, (rule.burst * rule.periodMs) / rule.limit, rule.periodMs];
    case 'leaky_bucket':
      return [rule.periodMs / rule.limit, rule.maxQueueMs, rule.periodMs];
    default:
      return [rule.periodMs / rule.limit, rule.periodMs, 2 * rule.periodMs];
  }
}

function gaps(rule: ReferenceRule): fc.Arbitrary<number> {
  const [unitMs = 1, fullMs = 1] = spansOf(rule);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(...weakSpots(rule)) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: Math.ceil(unitMs) + 1 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: Math.ceil(fullMs) + 1 }) },
  );
}

function costs(rule: ReferenceRule): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(1) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: mostOf(rule) }) },
    { weight: 2, arbitrary: fc.constant(mostOf(rule)) },
    { weight: 1, arbitrary: fc.constant(mostOf(rule) + 1) },
    { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 31) },
  );
}

/** What may be taken at once from a key that was never used. */
function mostOf(rule: ReferenceRule): number {
  switch (rule.kind) {
    case 'gcra':
      return rule.burst + Math.ceil(rule.limit / rule.periodMs) - 1;
    case 'token_bucket':
      return rule.capacity;
    default:
      return rule.limit;
  }
}
