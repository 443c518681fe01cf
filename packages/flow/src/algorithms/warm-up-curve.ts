import type { State } from '../algorithm.ts';
import { checkRate, isCount, MAX_TICKS, type Rate, ticksOf } from '../rate.ts';

/** A rate that is reached in steps of use: from cold, a `coldFactor`-th of it. */
export interface WarmUpRate extends Rate {
  /** Whole milliseconds of full use from cold to the rate; as long without any use, and it is cold again. */
  readonly warmUpMs: number;
  /** Above 1, at most 1,000. */
  readonly coldFactor: number;
}

/**
 * How long a unit takes, by how warm it is: a straight line down from `coldFactor` intervals at 0 to one interval at `ramp`, and level from
 * there. Its area up to `ramp` is `warmUpMs`.
 *
 * Warmth is counted in units that were taken, and is lost while nothing waits to flow back: not by the clock as such, so that one unit a
 * minute is as good as a thousand a second.
 */
export interface WarmUpCurve {
  /** Ticks of a unit at the full rate, at least a million or so: what is rounded up to a whole tick is no more than a millionth. */
  readonly perUnit: number;
  readonly perMs: number;
  /** Units from cold to warm. */
  readonly ramp: number;
  /** Units beyond which it grows no warmer. */
  readonly most: number;
  /** By how many ticks a unit gets shorter with each unit. */
  readonly slope: number;
  /** Units lost in an idle tick. */
  readonly cooling: number;
}

/** What is remembered of a key, brought to now. */
export interface Warmth {
  /** Ticks that have not flowed back. */
  readonly level: number;
  readonly atMs: number;
  /** Units, 0: cold. */
  readonly warmth: number;
  /** The clock was set back too far to wait for it: the state must be kept as of now even where nothing is taken. */
  readonly moved: boolean;
}

/** The smallest ramp there is sense in: less than one request would be warmed up by itself, or never. */
const MIN_RAMP = 1;
const MAX_COLD_FACTOR = 1_000;

/** @param units that may be waiting to flow back, at most */
export function checkWarmUpRate(rate: WarmUpRate, units: number): string | undefined {
  const flaw = checkRate(rate);
  if (flaw !== undefined) return flaw;
  if (!isCount(rate.warmUpMs)) return 'the warm-up must be whole milliseconds, 1 or more';
  if (!(rate.coldFactor > 1 && rate.coldFactor <= MAX_COLD_FACTOR))
    return `the cold factor must be above 1, and ${MAX_COLD_FACTOR} at most`;
  const curve = curveOf(rate);
  if (curve.ramp < MIN_RAMP) return 'the warm-up is too short for so low a rate: not one request falls into it';
  if (units * coldest(curve, rate) + (rate.warmUpMs + 2) * curve.perMs >= MAX_TICKS) return 'the warm-up is too long for so high a rate';
  return undefined;
}

export function curveOf(rate: WarmUpRate): WarmUpCurve {
  const ticks = ticksOf(rate);
  const scale = scaleOf(ticks.perUnit);
  const perUnit = ticks.perUnit * scale;
  const perMs = ticks.perMs * scale;
  const units = (rate.warmUpMs * rate.limit) / rate.periodMs;
  const ramp = (2 * units) / (1 + rate.coldFactor);
  const most = ramp + units / (rate.coldFactor - 1);
  return { perUnit, perMs, ramp, most, slope: ((rate.coldFactor - 1) * perUnit) / ramp, cooling: most / (rate.warmUpMs * perMs) };
}

/** Whole ticks that each of `units` takes on the average, when they come after `warmth`. */
export function intervalOf({ perUnit, ramp, slope }: WarmUpCurve, warmth: number, units: number): number {
  const left = Math.max(0, ramp - warmth);
  const cold = Math.min(units, left);
  return perUnit + Math.ceil((cold * slope * (left - cold / 2)) / units);
}

/** The longest that a unit takes, in ticks. */
export function coldest({ perUnit }: WarmUpCurve, { coldFactor }: WarmUpRate): number {
  return Math.ceil(perUnit * coldFactor) + 1;
}

/**
 * Brings a state (ticks that have not flowed back, the millisecond of that, warmth) to now.
 * @param horizonMs how far a state may be ahead and is waited for; further, and it is taken as of now
 */
export function warmthAt(state: State | undefined, nowMs: number, curve: WarmUpCurve, horizonMs: number): Warmth {
  const [level = 0, atMs = nowMs, warmth = 0] = state ?? [];
  const sinceMs = nowMs - atMs;
  if (sinceMs < -horizonMs) return { level, atMs: nowMs, warmth, moved: true };
  if (sinceMs < 0) return { level, atMs, warmth, moved: false };
  const elapsed = Math.min(sinceMs, coldAfterMs(curve, level, warmth)) * curve.perMs;
  const idle = Math.max(0, elapsed - level);
  return { level: Math.max(0, level - elapsed), atMs: nowMs, warmth: Math.max(0, warmth - idle * curve.cooling), moved: false };
}

/** Takes so many units of one interval each. */
export function warmed(curve: WarmUpCurve, { level, atMs, warmth }: Warmth, units: number, interval: number): Warmth {
  return { level: level + units * interval, atMs, warmth: Math.min(curve.most, warmth + units), moved: false };
}

export function stateOf({ level, atMs, warmth }: Warmth): State {
  return [level, atMs, warmth];
}

/** The state that stays where nothing is taken: the one that came in, unless it had to be moved. */
export function untouched(state: State | undefined, now: Warmth): State | undefined {
  return now.moved ? stateOf(now) : state;
}

/** Whole milliseconds after which nothing is left of it. A millisecond more than reckoned: doubles do not come down to 0 by themselves. */
export function coldAfterMs({ perMs, cooling }: WarmUpCurve, level: number, warmth: number): number {
  return warmth === 0 ? 0 : Math.ceil((level + warmth / cooling) / perMs) + 1;
}

/** A factor by which short intervals are finer than a tick: powers of two, which change no product. */
function scaleOf(perUnit: number): number {
  if (perUnit < 2 ** 10) return 2 ** 20;
  return perUnit < 2 ** 20 ? 2 ** 10 : 1;
}
