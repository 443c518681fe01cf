import {
  askBreaker,
  type BreakerRule,
  type BreakerState,
  checkBreaker,
  NEW_BREAKER,
  tellBreaker,
  withdrawProbe,
} from './algorithms/breaker.ts';

/** Somebody who may pass, and says once what came of it; the first word counts. */
export interface Passage {
  readonly kind: 'passage';
  succeeded(): void;
  failed(): void;
  /** It never went. */
  withdraw(): void;
}

export interface NoPassage {
  readonly kind: 'refused';
  readonly retryAfterMs: number;
}

/** Leaves somebody alone who fails. */
export interface Breaker {
  pass(): Passage | NoPassage;
  readonly state: BreakerState['kind'];
}

export interface BreakerOptions {
  /** Milliseconds of a clock that is never set back. */
  nowMs(): number;
  /** Milliseconds after which a success is a failure. */
  readonly slowMs?: number;
}

/** @throws TypeError for a rule that is none */
export function createBreaker(rule: BreakerRule, { nowMs, slowMs = Number.POSITIVE_INFINITY }: BreakerOptions): Breaker {
  const flaw = checkBreaker(rule);
  if (flaw !== undefined) throw new TypeError(flaw);
  let state = NEW_BREAKER;
  return {
    pass() {
      const startedMs = nowMs();
      const asked = askBreaker(state, startedMs, rule);
      state = asked.state;
      const { allowed, retryAfterMs, epoch } = asked.decision;
      if (!allowed) return { kind: 'refused', retryAfterMs };
      let isOver = false;
      const end = (next: () => BreakerState): void => {
        if (isOver) return;
        isOver = true;
        state = next();
      };
      const tell = (failed: boolean): void => {
        const endedMs = nowMs();
        end(() => tellBreaker(state, endedMs, { epoch, failed: failed || endedMs - startedMs > slowMs }, rule));
      };
      return {
        kind: 'passage',
        succeeded: () => tell(false),
        failed: () => tell(true),
        withdraw: () => end(() => withdrawProbe(state, epoch)),
      };
    },
    get state() {
      return state.kind;
    },
  };
}
