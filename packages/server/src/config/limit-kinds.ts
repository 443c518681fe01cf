import { checkAlgorithm } from '@hufu/flow/algorithms';
import type { AlgorithmRule } from '@hufu/flow/rule';
import { type Keys, object, required, type Values, withDefault } from './collection-shapes.ts';
import { duration } from './duration-shape.ts';
import { choice, text, wholeNumber } from './scalar-shapes.ts';
import { FAILED, type Shape } from './shape.ts';

/** An algorithm as a configuration has it. */
export interface LimitKind {
  readonly keys: Keys;
  /** Its parameters alone, as an override has them. */
  readonly parameters: Shape<AlgorithmRule>;
  /** From the values of `keys`, among others. */
  build(values: Readonly<Record<string, unknown>>): AlgorithmRule;
}

const MAX_UNITS = 1_000_000_000;

const limit = required(wholeNumber(1, MAX_UNITS), 'Units that a key has in each period.');
const period = required(duration('1s', '366d'), 'Length of a period.');

const max_queue_ms = required(wholeNumber(1, 30_000), 'Milliseconds that a request waits at most; who would wait longer is refused.');
const warming = {
  warm_up: required(duration('1s', '1d'), 'Time of full use from cold to the full rate; as long without any, and it is cold again.'),
  cold_factor: withDefault(wholeNumber(2, 1_000), 3, 'Cold, it begins with this part of the rate: 3 for a third.'),
} as const;

/** Every algorithm that a rule of a server may have, by `kind`. */
export const LIMIT_KINDS: ReadonlyMap<string, LimitKind> = new Map([
  [
    'gcra',
    kindOf({
      keys: { limit, period, burst: withDefault(wholeNumber(1, MAX_UNITS), 1, 'Units that may come at once.') },
      build: ({ limit, period, burst }) => ({ kind: 'gcra', limit, periodMs: period * 1_000, burst }),
    }),
  ],
  [
    'fixed_window',
    kindOf({ keys: { limit, period }, build: ({ limit, period }) => ({ kind: 'fixed_window', limit, periodMs: period * 1_000 }) }),
  ],
  [
    'sliding_counter',
    kindOf({ keys: { limit, period }, build: ({ limit, period }) => ({ kind: 'sliding_counter', limit, periodMs: period * 1_000 }) }),
  ],
  [
    'sliding_log',
    kindOf({ keys: { limit, period }, build: ({ limit, period }) => ({ kind: 'sliding_log', limit, periodMs: period * 1_000 }) }),
  ],
  [
    'token_bucket',
    kindOf({
      keys: {
        capacity: required(wholeNumber(1, MAX_UNITS), 'Units that the bucket holds.'),
        unit: withDefault(wholeNumber(1, MAX_UNITS), 1, 'Units that it gets at a time.'),
        interval: required(duration('1s', '366d'), 'Time between two of those times.'),
      },
      build: ({ capacity, unit, interval }) => ({ kind: 'token_bucket', capacity, unit, intervalMs: interval * 1_000 }),
    }),
  ],
  [
    'leaky_bucket',
    kindOf({
      keys: { limit, period, max_queue_ms },
      build: ({ limit, period, max_queue_ms }) => ({ kind: 'leaky_bucket', limit, periodMs: period * 1_000, maxQueueMs: max_queue_ms }),
    }),
  ],
  [
    'warm_up',
    kindOf({
      keys: {
        limit,
        period,
        ...warming,
        burst: withDefault(wholeNumber(1, MAX_UNITS), 1, 'Units that may come at once, at the rate of the moment.'),
      },
      build: ({ limit, period, warm_up, cold_factor, burst }) => ({
        kind: 'warm_up',
        limit,
        periodMs: period * 1_000,
        warmUpMs: warm_up * 1_000,
        coldFactor: cold_factor,
        burst,
      }),
    }),
  ],
  [
    'warm_up_pacing',
    kindOf({
      keys: { limit, period, ...warming, max_queue_ms },
      build: ({ limit, period, warm_up, cold_factor, max_queue_ms }) => ({
        kind: 'warm_up_pacing',
        limit,
        periodMs: period * 1_000,
        warmUpMs: warm_up * 1_000,
        coldFactor: cold_factor,
        maxQueueMs: max_queue_ms,
      }),
    }),
  ],
  [
    'quota',
    kindOf({
      keys: {
        limit,
        period: required(choice(['hour', 'day', 'week', 'month', 'year']), 'Period of the calendar.'),
        zone: withDefault(text(64), 'UTC', 'IANA time zone whose calendar it is.'),
      },
      build: ({ limit, period, zone }) => ({ kind: 'quota', limit, period, zone }),
    }),
  ],
]);

function kindOf<K extends Keys>({ keys, build }: { readonly keys: K; readonly build: (values: Values<K>) => AlgorithmRule }): LimitKind {
  return { keys, parameters: checked(object({ keys, build })), build: (values) => build(values as Values<K>) };
}

function checked(shape: Shape<AlgorithmRule>): Shape<AlgorithmRule> {
  return {
    schema: shape.schema,
    read(node, spot) {
      const rule = shape.read(node, spot);
      const flaw = rule === FAILED ? undefined : checkAlgorithm(rule);
      return flaw === undefined ? rule : spot.refuse(node, flaw);
    },
  };
}
