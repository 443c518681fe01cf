import type { Decision } from './algorithm.ts';
import type { AlgorithmRule, Rule } from './rule.ts';

/** One rule, asked about one request. */
export interface Ask {
  readonly rule: Rule;
  /** The rule's own parameters, or those of the override that applies. */
  readonly algorithm: AlgorithmRule;
  /** The overridden value; undefined: none applies. */
  readonly override: string | undefined;
  /** The key's parts, joined so that no two lists of parts make the same text. May hold a token: never to be kept or told in clear. */
  readonly key: string;
  /** Whole units. */
  readonly cost: number;
  /** Place, in the same list, of the rule that `spareFresh` names; undefined: none, or it does not apply to this request. */
  readonly fresh: number | undefined;
}

/** What came of one ask. */
export interface Answer {
  /**
   * `counted`: the decision is the algorithm's, and stands for shadow rules too. `spared`: it would have refused, and neither refused nor took.
   * `store_error`: the store did not answer, and the rule says that the request then passes, or does not.
   */
  readonly kind: 'counted' | 'spared' | 'store_error';
  readonly decision: Decision;
  /** Units that were taken, or may have been: what may be given back. 0 where another rule refused. */
  readonly taken: number;
  /** When, on the clock of the store's states. */
  readonly takenAtMs: number;
  /** The store's own, for a refund. */
  readonly receipt?: unknown;
}

/** One ask and its answer, as they were. */
export interface Taking {
  readonly ask: Ask;
  readonly answer: Answer;
}

/** Where states live that several processes share. Nothing that it does rejects or throws, but for `prepare`. */
export interface RemoteStore {
  /** These are the limiter's shared rules from now on. Throws a `TypeError` for one that the store cannot keep, and then changes nothing. */
  prepare(rules: readonly Rule[]): void;
  /**
   * Takes from all rules or from none: a rule that is not a shadow and refuses, and is not spared, keeps all others from being charged; a shadow
   * takes where itself and all that are none allow. Where the store is away, rules go by their `onStoreError`.
   * @returns one answer for each ask, in their order
   */
  take(asks: readonly Ask[]): Promise<readonly Answer[]>;
  /** The same, and takes nothing. */
  look(asks: readonly Ask[]): Promise<readonly Answer[]>;
  /** Gives back `taken` of each, as far as time has not. What fails is sent again until it would give nothing. */
  refund(takings: readonly Taking[]): void;
  /** Takes `cost` more from each, whatever there is left. */
  charge(takings: readonly Taking[], cost: number): void;
}
