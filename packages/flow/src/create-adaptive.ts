import {
  type AdaptiveRule,
  type AdaptiveState,
  checkAdaptive,
  learnAdaptive,
  limitNow,
  newAdaptive,
  type Sample,
} from './algorithms/adaptive.ts';
import { Chain, type Link } from './chain.ts';

/** Somebody who was let in, and says once what came of it; the first word counts. */
export interface Admission {
  readonly kind: 'admission';
  answered(): void;
  /** Timed out, or was refused further on. */
  lost(): void;
  /** Nothing can be learned from it: cancelled, or of another kind. */
  ignored(): void;
}

export interface NoAdmission {
  readonly kind: 'refused';
  /** About as long as an answer takes: an estimate. */
  readonly retryAfterMs: number;
}

/** Lets in as many at once as are served without a queue. */
export interface Adaptive {
  admit(): Admission | NoAdmission;
  readonly inFlight: number;
  /** How many may be at once just now. */
  readonly limit: number;
}

export interface AdaptiveOptions {
  /** Milliseconds of a clock that is never set back; with fractions, where answers may take less than one. */
  nowMs(): number;
  /** After so many milliseconds whoever was let in and never said what came of it counts as lost: 60,000 where nothing is said. */
  readonly leaseMs?: number;
}

/** @throws TypeError for a rule that is none */
export function createAdaptive(rule: AdaptiveRule, { nowMs, leaseMs = 60_000 }: AdaptiveOptions): Adaptive {
  const flaw = checkAdaptive(rule);
  if (flaw !== undefined) throw new TypeError(flaw);
  let state: AdaptiveState = newAdaptive(rule);
  /** The first to come is the first to be given up. */
  const held = new Chain<Held>();

  const leave = (one: Held, now: number, result: 'answered' | 'lost' | 'ignored'): void => {
    if (one.link === undefined) return;
    held.remove(one.link);
    one.link = undefined;
    if (result !== 'ignored') state = learnAdaptive(state, now, { ...one.sample, lost: result === 'lost' }, rule);
  };
  const giveUp = (now: number): void => {
    for (let { first } = held; first !== undefined && now - first.value.sample.startedMs >= leaseMs; { first } = held) {
      leave(first.value, now, 'lost');
    }
  };
  return {
    admit() {
      const startedMs = nowMs();
      giveUp(startedMs);
      if (held.size >= limitNow(state, rule)) return { kind: 'refused', retryAfterMs: Math.max(1, Math.ceil(state.baseMs)) };
      const one: Held = { sample: { startedMs, inFlight: held.size + 1 }, link: undefined };
      one.link = held.add(one);
      return {
        kind: 'admission',
        answered: () => leave(one, nowMs(), 'answered'),
        lost: () => leave(one, nowMs(), 'lost'),
        ignored: () => leave(one, nowMs(), 'ignored'),
      };
    },
    get inFlight() {
      giveUp(nowMs());
      return held.size;
    },
    get limit() {
      return limitNow(state, rule);
    },
  };
}

interface Held {
  readonly sample: Omit<Sample, 'lost'>;
  /** Undefined: it is over. */
  link: Link<Held> | undefined;
}
