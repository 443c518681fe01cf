import type { Decision } from './algorithm.ts';
import type { AlgorithmRule, Rule, Subject } from './rule.ts';

/** What came of one request under all rules that apply to it. */
export interface Outcome {
  readonly allowed: boolean;
  /** The rule that refused; of several, the one with the longest wait. */
  readonly rule: string | undefined;
  /** The longest of the refusing rules; 0: allowed; `Infinity`: it never will be. */
  readonly retryAfterMs: number;
  readonly delayMs: number;
  readonly rules: readonly RuleOutcome[];
}

export interface RuleOutcome {
  readonly rule: Rule;
  /** `spared` and `exempt` took nothing. */
  readonly kind: 'counted' | 'shadow' | 'spared' | 'exempt' | 'store_error';
  /** The parameters that applied: the rule's own, or an override's. */
  readonly algorithm: AlgorithmRule;
  readonly decision: Decision;
}

/** One rule since the limiter was made. */
export interface RuleSnapshot {
  readonly name: string;
  /** Requests that it let pass, though others may have refused them. */
  readonly allowed: number;
  readonly refused: number;
  /** Requests that it would have refused. */
  readonly shadowRefused: number;
  readonly storeErrors: number;
  /** Keys that are remembered in this process. */
  readonly keys: number;
  /** Takes for which there was no room, and that were counted together with others: the table is too small. */
  readonly crowded: number;
}

export interface TakeOptions {
  /** In place of what the rules say: whole units from 0 to 2^31, else a `TypeError`. */
  readonly cost?: number;
  /** Only these of the limiter's rules; all where nothing is said. */
  readonly rules?: readonly string[];
}

/** Named rules over one or two stores. */
export interface Limiter {
  /** Takes from every rule that applies, or from none. */
  take(subject: Subject, options?: TakeOptions): Promise<Outcome>;
  /** The same at once; a `TypeError` where a rule that applies is shared with other processes. */
  takeNow(subject: Subject, options?: TakeOptions): Outcome;
  /** What `take` would say, and takes nothing; `remaining` and `resetAfterMs` are of now. */
  look(subject: Subject, options?: TakeOptions): Promise<Outcome>;
  lookNow(subject: Subject, options?: TakeOptions): Outcome;
  /** Gives back what an outcome took, once; what time gave back since is not given again. */
  refund(outcome: Outcome): void;
  /** Takes more for a request that was allowed, whatever there is left. A `TypeError` for a cost that is no whole number from 0 to 2^31. */
  charge(outcome: Outcome, cost: number): void;
  /** Rules of the same algorithm and parameters keep what they have counted; a changed one begins anew. Throws a `TypeError` and changes nothing. */
  replace(rules: readonly Rule[]): void;
  /** How each rule fares, in their order. */
  snapshot(): readonly RuleSnapshot[];
}
