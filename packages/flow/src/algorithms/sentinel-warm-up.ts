import { type Algorithm, type Decision, requireCost, type State } from '../algorithm.ts';
import { isCount } from '../rate.ts';

/** The parameters of Sentinel's flow rule with warm-up. */
export interface SentinelWarmUpRule {
  readonly kind: 'sentinel_warm_up';
  /** A second; may have a fraction. */
  readonly count: number;
  readonly warmUpSeconds: number;
  /** A whole number of 2 or more. */
  readonly coldFactor: number;
}

/**
 * Sentinel's warm-up to the digit, with all that it cuts off (`warm_up` is the one to use): for who moves from it and wants the very same
 * admissions. Passes are counted in two halves of a second, the level is reckoned once a second with the passes of the second before.
 *
 * Two things differ: a clock that was set back stands still, where the original loses what it counted; and a second in which every request
 * was refused is reckoned with the next one that passes, as the original does for a second without requests.
 *
 * State: stored tokens, the second they are of; the half second, its passes, those of the half before; the second, its passes, those of the
 * second before.
 */
export const sentinelWarmUp: Algorithm<SentinelWarmUpRule> = {
  kind: 'sentinel_warm_up',
  check(rule) {
    if (!(rule.count > 0 && rule.count < 2 ** 31)) return 'count must be above 0';
    if (!isCount(rule.warmUpSeconds)) return 'the warm-up must be whole seconds, 1 or more';
    if (!isCount(rule.coldFactor) || rule.coldFactor < 2) return 'the cold factor must be a whole number of 2 or more';
    if (rule.warmUpSeconds * rule.count >= 2 ** 31) return 'the warm-up is too long for so high a count';
    const level = levelOf(rule);
    if (!(rateOf(level, rule, coldTokens(level)) >= 1)) return 'it would never admit anything: warm_up does';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const level = levelOf(rule);
    const now = passesAt(state, nowMs, level, rule);
    const rate = rateOf(level, rule, now.stored);
    const left = now.moved ? stateOf(now) : state;
    if (!(now.half + now.halfBefore + cost <= rate)) {
      const retryAfterMs = passesAgainAtMs(left, now.atMs, cost, rule) - nowMs;
      return { state: left, decision: decisionOf(level, rule, now, rate, nowMs, left, retryAfterMs) };
    }
    const next: Passes = { ...now, half: now.half + cost, second: now.second + cost };
    const kept = cost === 0 ? left : stateOf(next);
    return { state: kept, decision: decisionOf(level, rule, next, rate, nowMs, kept, 0) };
  },
  refund: (state) => state,
};

const HALF_MS = 500;
const SECOND_MS = 1_000;
/** So many half seconds on, no pass counts any more; what does not pass by then never does. */
const HALVES_TO_FORGET = 6;

interface Level {
  readonly warning: number;
  readonly max: number;
  readonly slope: number;
}

interface Passes {
  readonly atMs: number;
  readonly stored: number;
  /** Passes of this half second, of the half before, of this second, and of the second before. */
  readonly half: number;
  readonly halfBefore: number;
  readonly second: number;
  readonly secondBefore: number;
  /** The clock was set back too far to wait for it: the state must be kept as of now even where nothing is taken. */
  readonly moved: boolean;
}

function levelOf({ count, warmUpSeconds, coldFactor }: SentinelWarmUpRule): Level {
  const warning = Math.trunc(Math.trunc(warmUpSeconds * count) / (coldFactor - 1));
  const max = warning + Math.trunc((2 * warmUpSeconds * count) / (1 + coldFactor));
  return { warning, max, slope: (coldFactor - 1) / count / (max - warning) };
}

/** The tokens after the first request of all. A level that warns at 0 is never filled. */
function coldTokens({ warning, max }: Level): number {
  return warning > 0 ? max : 0;
}

/** What may pass in a second; NaN where the original divides by nothing, and lets nothing pass. */
function rateOf({ warning, slope }: Level, { count }: SentinelWarmUpRule, stored: number): number {
  return stored >= warning ? nextUp(1 / ((stored - warning) * slope + 1 / count)) : count;
}

function passesAt(state: State | undefined, clockMs: number, level: Level, rule: SentinelWarmUpRule): Passes {
  if (state === undefined)
    return { atMs: clockMs, stored: coldTokens(level), half: 0, halfBefore: 0, second: 0, secondBefore: 0, moved: false };
  const [stored = 0, ownMs = 0, half = 0, halfBefore = 0, second = 0, secondBefore = 0] = state;
  if (clockMs < ownMs) {
    const moved = ownMs - clockMs > horizonMs(level, rule);
    return { atMs: moved ? clockMs : ownMs, stored, half, halfBefore, second, secondBefore, moved };
  }
  const halves = Math.floor(clockMs / HALF_MS) - Math.floor(ownMs / HALF_MS);
  const seconds = Math.floor(clockMs / SECOND_MS) - Math.floor(ownMs / SECOND_MS);
  const before = seconds === 0 ? secondBefore : seconds === 1 ? second : 0;
  return {
    atMs: clockMs,
    stored: seconds === 0 ? stored : refilled(stored, seconds, before, level, rule),
    half: halves === 0 ? half : 0,
    halfBefore: halves === 0 ? halfBefore : halves === 1 ? half : 0,
    second: seconds === 0 ? second : 0,
    secondBefore: before,
    moved: false,
  };
}

function stateOf({ atMs, stored, half, halfBefore, second, secondBefore }: Passes): State {
  return [stored, atMs, half, halfBefore, second, secondBefore];
}

/** Once a second: filled up for all seconds since, less what passed in the last of them alone. */
function refilled(
  stored: number,
  seconds: number,
  passedBefore: number,
  { warning, max }: Level,
  { count, coldFactor }: SentinelWarmUpRule,
): number {
  const isFilling = stored < warning || (stored > warning && passedBefore < Math.trunc(Math.trunc(count) / coldFactor));
  const filled = isFilling ? Math.trunc(stored + (seconds * SECOND_MS * count) / 1_000) : stored;
  return Math.max(0, Math.min(filled, max) - passedBefore);
}

/** The half second in which it does: what passes changes with it alone. `Infinity`: in none. */
function passesAgainAtMs(state: State | undefined, atMs: number, cost: number, rule: SentinelWarmUpRule): number {
  const level = levelOf(rule);
  const first = (Math.floor(atMs / HALF_MS) + 1) * HALF_MS;
  for (let halves = 0; halves < HALVES_TO_FORGET; halves++) {
    const thenMs = first + halves * HALF_MS;
    const then = passesAt(state, thenMs, level, rule);
    if (then.half + then.halfBefore + cost <= rateOf(level, rule, then.stored)) return thenMs;
  }
  return Number.POSITIVE_INFINITY;
}

function decisionOf(
  level: Level,
  rule: SentinelWarmUpRule,
  now: Passes,
  rate: number,
  nowMs: number,
  kept: State | undefined,
  retryAfterMs: number,
): Decision {
  const room = Math.floor(rate - now.half - now.halfBefore);
  return {
    allowed: retryAfterMs === 0,
    remaining: room > 0 ? room : 0,
    retryAfterMs,
    resetAfterMs: kept === undefined ? 0 : Math.max(0, resetAtMs(level, rule, kept) - nowMs),
    delayMs: 0,
  };
}

/** When the first request is met as the very first: `Infinity` where the level stays for ever. */
function resetAtMs(level: Level, rule: SentinelWarmUpRule, [stored = 0, ownMs = 0]: State): number {
  const cold = coldTokens(level);
  const second = Math.floor(ownMs / SECOND_MS);
  // No pass counts any more in the second after the next.
  const least = Math.min(Math.max(2, Math.ceil((cold - stored) / rule.count)), MOST_SECONDS);
  for (const seconds of [least, least + 1]) {
    if (refilled(stored, seconds, 0, level, rule) === cold) return (second + seconds) * SECOND_MS;
  }
  return Number.POSITIVE_INFINITY;
}

const MOST_SECONDS = 2 ** 40;

function horizonMs({ max }: Level, { count }: SentinelWarmUpRule): number {
  return (Math.ceil(max / count) + 3) * SECOND_MS;
}

/** The double above. */
function nextUp(value: number): number {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) return value;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}
