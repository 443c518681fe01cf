import { isCount } from '../rate.ts';

/** As many at once as somebody can serve without a queue, whoever that is and however fast just now. */
export interface AdaptiveRule {
  readonly kind: 'adaptive';
  readonly minLimit: number;
  readonly maxLimit: number;
  /** Before anything is known. */
  readonly initialLimit: number;
}

/** What is known of the one who serves. Times may have fractions: fast answers take less than a millisecond. */
export interface AdaptiveState {
  /** May have a fraction. */
  readonly limit: number;
  /** How long an answer takes where nothing waits; 0: not known yet. */
  readonly baseMs: number;
  /** How long one took in the last window in which the limit was used up; 0: it was not. */
  readonly fullMs: number;
  /** The limit after the last probe. */
  readonly probedLimit: number;
  /** A probe halves the limit, waits until those of before are gone, and measures how long an answer takes where nothing waits. */
  readonly phase: 'open' | 'settling' | 'probing';
  /** Windows until the next probe, and how many there were between the last two. */
  readonly windowsLeft: number;
  readonly windowsBetween: number;
  /** This window: answers, what they took together, the most at once, and whether one was lost. */
  readonly answers: number;
  readonly sumMs: number;
  readonly peak: number;
  readonly lost: boolean;
}

/** One answer. */
export interface Sample {
  readonly startedMs: number;
  /** How many there were at once when it was let in, itself among them. */
  readonly inFlight: number;
  /** Timed out, or refused by the one who serves: not an answer, but a sign. */
  readonly lost: boolean;
}

/** Why this is no rule; undefined: it is one. */
export function checkAdaptive({ minLimit, maxLimit, initialLimit }: AdaptiveRule): string | undefined {
  for (const limit of [minLimit, maxLimit, initialLimit]) {
    if (!isCount(limit) || limit > MOST) return `limits must be whole numbers from 1 to ${MOST}`;
  }
  if (minLimit > initialLimit || initialLimit > maxLimit) return 'the first limit must be between the least and the most';
  return undefined;
}

export function newAdaptive({ initialLimit }: AdaptiveRule): AdaptiveState {
  return {
    limit: initialLimit,
    baseMs: 0,
    fullMs: 0,
    probedLimit: initialLimit,
    phase: 'open',
    windowsLeft: 0,
    windowsBetween: FEWEST_WINDOWS,
    ...NEW_WINDOW,
  };
}

/** How many may be at once just now. */
export function limitNow({ limit, phase }: AdaptiveState, { minLimit }: AdaptiveRule): number {
  return Math.max(minLimit, Math.floor(phase === 'open' ? limit : limit / 2));
}

/**
 * Learns from an answer. Once in a window of some answers the limit goes towards `limit · base / taken + √limit`: as many as are served
 * (Little's law) and the root of it waiting. That is a fixed point, whatever the speed: a longer queue takes longer, and the limit falls.
 * Where the limit was not half used, nothing can be learned, and it stays.
 *
 * `base` is measured, and not the least ever seen: from time to time the limit is halved for a moment, and what was let in meanwhile met no
 * queue. Where as much is served then as before, half is enough.
 */
export function learnAdaptive(state: AdaptiveState, nowMs: number, sample: Sample, rule: AdaptiveRule): AdaptiveState {
  const window: AdaptiveState = {
    ...state,
    answers: state.answers + (sample.lost ? 0 : 1),
    sumMs: state.sumMs + (sample.lost ? 0 : Math.max(0, nowMs - sample.startedMs)),
    peak: Math.max(state.peak, sample.inFlight),
    lost: state.lost || sample.lost,
  };
  // Once a window: those that are lost are lost together.
  if (sample.lost && !state.lost) return { ...window, limit: within(state.limit * LOSS, rule) };
  if (window.answers < answersOf(window)) return window;
  const takenMs = window.sumMs / window.answers;
  switch (window.phase) {
    case 'open':
      return { ...opened(window, takenMs, rule), ...NEW_WINDOW };
    case 'settling':
      return { ...window, phase: 'probing', ...NEW_WINDOW };
    case 'probing':
      return { ...probed(window, takenMs, rule), ...NEW_WINDOW };
  }
}

const MOST = 1_000_000;
const NEW_WINDOW: Pick<AdaptiveState, 'answers' | 'sumMs' | 'peak' | 'lost'> = { answers: 0, sumMs: 0, peak: 0, lost: false };
/** Windows between two probes; they become rarer while nothing new comes of them. */
const FEWEST_WINDOWS = 6;
const MOST_WINDOWS = 64;
/** By how far the limit goes to where it should be, each window. */
const PACE = 0.3;
const LEAST_GRADIENT = 0.5;
const LOSS = 0.9;
/** Slower than it is without a queue, where the limit is not used up: there is one. */
const SLOW = 1.5;
/** A limit that fell by so much has perhaps fallen by what is served having become slower. */
const FALLEN = 0.7;
/** How far a new measurement counts: of a probe, and of a window in which hardly anybody was there. */
const PROBE_COUNTS = 0.5;
const QUIET_COUNTS = 0.1;
/** A base that is wrong by more is replaced, and measured again soon. */
const NEWS = 0.35;
/** What is served with half the limit is as much as with all of it, but for chance. */
const AS_MUCH = 0.85;

/** Enough of them for an average, and for those that came with another limit to be gone. */
function answersOf({ phase, limit }: AdaptiveState): number {
  switch (phase) {
    case 'open':
      return Math.max(32, limit);
    case 'settling':
      return Math.max(8, 2 * limit);
    case 'probing':
      return Math.max(48, limit);
  }
}

function opened(window: AdaptiveState, takenMs: number, rule: AdaptiveRule): AdaptiveState {
  const { limit, peak, lost } = window;
  const isFull = peak >= limitNow(window, rule);
  const fullMs = isFull ? takenMs : 0;
  if (window.baseMs === 0) return { ...window, baseMs: takenMs, fullMs, phase: isFull ? 'settling' : 'open' };
  const isQuiet = 2 * peak < limit || (!isFull && takenMs < SLOW * window.baseMs);
  if (isQuiet) return { ...window, fullMs, baseMs: window.baseMs + QUIET_COUNTS * (takenMs - window.baseMs) };
  const gradient = Math.max(LEAST_GRADIENT, Math.min(1, window.baseMs / Math.max(takenMs, Number.MIN_VALUE)));
  const target = limit * gradient + Math.sqrt(limit);
  const next = lost ? Math.min(limit, target) : target;
  const windowsLeft = isFull ? window.windowsLeft - 1 : window.windowsLeft;
  const nextLimit = within(limit + PACE * (next - limit), rule);
  const isDue = windowsLeft <= 0 || nextLimit < FALLEN * window.probedLimit;
  return { ...window, limit: nextLimit, fullMs, windowsLeft, phase: isDue ? 'settling' : 'open' };
}

function probed(window: AdaptiveState, takenMs: number, rule: AdaptiveRule): AdaptiveState {
  const { limit, baseMs, fullMs, peak } = window;
  const probe = limitNow(window, rule);
  // Little's law: what is served is how many there are by how long it takes them.
  const isEnough = fullMs > 0 && peak >= probe && probe * fullMs >= AS_MUCH * Math.floor(limit) * takenMs;
  const enough = probe + Math.sqrt(probe);
  if (isEnough && enough < FALLEN * limit) {
    const next = within(enough, rule);
    return { ...window, limit: next, probedLimit: next, baseMs: takenMs, phase: 'open', windowsLeft: 1, windowsBetween: FEWEST_WINDOWS };
  }
  const isNews = Math.abs(takenMs - baseMs) > NEWS * baseMs;
  const windowsBetween = isNews ? FEWEST_WINDOWS : Math.min(MOST_WINDOWS, 2 * window.windowsBetween);
  return {
    ...window,
    probedLimit: limit,
    baseMs: isNews && takenMs < baseMs ? takenMs : baseMs + PROBE_COUNTS * (takenMs - baseMs),
    phase: 'open',
    windowsBetween,
    windowsLeft: windowsBetween,
  };
}

function within(limit: number, { minLimit, maxLimit }: AdaptiveRule): number {
  return Math.min(maxLimit, Math.max(minLimit, limit));
}
