import { checkGate, type GateRule, gateLimit, learnGate, NEW_GATE } from './algorithms/gate.ts';
import type { Admission, NoAdmission } from './create-adaptive.ts';

/** Lets everybody in while there is no overload, and then as many at once as were served before. */
export interface Gate {
  admit(): Admission | NoAdmission;
  readonly inFlight: number;
}

export interface GateOptions {
  /** Milliseconds of a clock that is never set back; with fractions, where answers may take less than one. */
  nowMs(): number;
  /** Whether there is too much to do: by the processor, or the delay of the event loop. */
  isOverloaded(): boolean;
}

/** @throws TypeError for a rule that is none */
export function createGate(rule: GateRule, { nowMs, isOverloaded }: GateOptions): Gate {
  const flaw = checkGate(rule);
  if (flaw !== undefined) throw new TypeError(flaw);
  let [state, inFlight] = [NEW_GATE, 0];
  return {
    admit() {
      const startedMs = nowMs();
      if (isOverloaded() && inFlight >= gateLimit(state, startedMs, rule)) {
        return { kind: 'refused', retryAfterMs: Math.ceil(rule.windowMs / 10) };
      }
      inFlight++;
      let isOver = false;
      const leave = (hasAnswered: boolean): void => {
        if (isOver) return;
        isOver = true;
        inFlight--;
        if (!hasAnswered) return;
        const endedMs = nowMs();
        state = learnGate(state, endedMs, endedMs - startedMs, rule);
      };
      return { kind: 'admission', answered: () => leave(true), lost: () => leave(false), ignored: () => leave(false) };
    },
    get inFlight() {
      return inFlight;
    },
  };
}
