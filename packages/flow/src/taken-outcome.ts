import type { Decision } from './algorithm.ts';
import type { Outcome, RuleOutcome } from './limiter.ts';
import type { Taking } from './remote-store.ts';
import type { Rule } from './rule.ts';

/** An outcome that remembers what it took. */
export class TakenOutcome implements Outcome {
  readonly allowed: boolean;
  readonly rule: string | undefined;
  readonly retryAfterMs: number;
  readonly delayMs: number;
  readonly rules: readonly RuleOutcome[];
  /** Not for anybody to print: keys may hold tokens. */
  readonly #takings: readonly Taking[];
  #isReleased = false;

  constructor(rules: readonly RuleOutcome[], takings: readonly Taking[]) {
    let refusing: RuleOutcome | undefined;
    let delayMs = 0;
    for (const outcome of rules) {
      const { kind, decision } = outcome;
      if (outcome.rule.shadow === true || kind === 'spared') continue;
      if (!decision.allowed && (refusing === undefined || decision.retryAfterMs > refusing.decision.retryAfterMs)) refusing = outcome;
      delayMs = Math.max(delayMs, decision.delayMs);
    }
    this.allowed = refusing === undefined;
    this.rule = refusing?.rule.name;
    this.retryAfterMs = refusing?.decision.retryAfterMs ?? 0;
    this.delayMs = refusing === undefined ? delayMs : 0;
    this.rules = rules;
    this.#takings = takings;
  }

  /** What may be given back, once. */
  release(): readonly Taking[] {
    if (this.#isReleased) return [];
    this.#isReleased = true;
    return this.#takings;
  }

  takings(): readonly Taking[] {
    return this.#takings;
  }
}

/** The outcome of one rule that is neither a shadow nor exempts anybody, in this process: what hardly anybody looks at is made when somebody does. */
export class PlainOutcome implements Outcome {
  readonly allowed: boolean;
  readonly retryAfterMs: number;
  readonly delayMs: number;
  readonly #rule: Rule;
  readonly #decision: Decision;
  readonly #key: string;
  readonly #takenAtMs: number;
  #isReleased = false;

  constructor(rule: Rule, decision: Decision, key: string, takenAtMs: number) {
    this.allowed = decision.allowed;
    this.retryAfterMs = decision.retryAfterMs;
    this.delayMs = decision.delayMs;
    this.#rule = rule;
    this.#decision = decision;
    this.#key = key;
    this.#takenAtMs = takenAtMs;
  }

  get rule(): string | undefined {
    return this.allowed ? undefined : this.#rule.name;
  }

  get rules(): readonly RuleOutcome[] {
    return [{ rule: this.#rule, kind: 'counted', algorithm: this.#rule.algorithm, decision: this.#decision }];
  }

  release(): readonly Taking[] {
    if (this.#isReleased) return [];
    this.#isReleased = true;
    return this.takings();
  }

  takings(): readonly Taking[] {
    const rule = this.#rule;
    const ask = { rule, algorithm: rule.algorithm, override: undefined, key: this.#key, cost: 1, fresh: undefined };
    return [{ ask, answer: { kind: 'counted', decision: this.#decision, taken: this.allowed ? 1 : 0, takenAtMs: this.#takenAtMs } }];
  }
}
