import type { FixedWindowRule } from './algorithms/fixed-window.ts';
import type { GcraRule } from './algorithms/gcra.ts';
import type { LeakyBucketRule } from './algorithms/leaky-bucket.ts';
import type { QuotaRule } from './algorithms/quota.ts';
import type { SentinelWarmUpRule } from './algorithms/sentinel-warm-up.ts';
import type { SlidingCounterRule } from './algorithms/sliding-counter.ts';
import type { SlidingLogRule } from './algorithms/sliding-log.ts';
import type { TokenBucketRule } from './algorithms/token-bucket.ts';
import type { WarmUpRule } from './algorithms/warm-up.ts';
import type { WarmUpPacingRule } from './algorithms/warm-up-pacing.ts';

/** How a rule limits: the parameters of one algorithm, told apart by `kind`. */
export type AlgorithmRule =
  | FixedWindowRule
  | GcraRule
  | LeakyBucketRule
  | QuotaRule
  | SentinelWarmUpRule
  | SlidingCounterRule
  | SlidingLogRule
  | TokenBucketRule
  | WarmUpPacingRule
  | WarmUpRule;

/**
 * What a rule counts apart. `user`, `client`, `tenant`, `token` and claims are taken for proven; `account`, a name that somebody typed,
 * `browser` and headers for what somebody says.
 */
export type KeyPart =
  | 'address'
  | 'user'
  | 'client'
  | 'tenant'
  | 'token'
  | 'route'
  | 'account'
  | 'browser'
  | { readonly header: string }
  | { readonly claim: string };

/** One limit, by its name. */
export interface Rule {
  /** Lower-case letters, digits and `-`, 64 at most. */
  readonly name: string;
  readonly algorithm: AlgorithmRule;
  /**
   * Names of the routes whose requests it counts; all where nothing is said. **A request without a route is counted by no rule that names
   * routes: it passes, as if there was no such rule.** The adapters of Hono and Fetch know no route, and that of Express knows one only in a
   * middleware of the route itself (`app.get(path, limitRequests(…), …)`), not in one of the app (`app.use`): hand it over as `subject`, or
   * give each route a limiter of its own.
   */
  readonly routes?: readonly string[];
  /** None: everybody together. */
  readonly key: readonly KeyPart[];
  /** Units that a request takes: 1 where nothing is said. A function's result is rounded up to 1 at least; what is no number costs the burst. */
  readonly cost?: number | ((subject: Subject) => number);
  /** Counts, and refuses nobody. */
  readonly shadow?: boolean;
  /** Requests without one of the parts: all of them under one key, or not counted. */
  readonly whenAbsent?: 'one_key' | 'skip';
  readonly exempt?: Exemptions;
  /** Other parameters for some values of a proven part: 500 at most. */
  readonly overrides?: Overrides;
  /** How much headers and answers tell. `retry`: when to come again, and no more. */
  readonly tell?: 'all' | 'retry' | 'nothing';
  /** Neither refuses nor takes where this one is used up and the rule of that name is untouched in the same check. */
  readonly spareFresh?: string;
  /**
   * False: nobody hands outcomes of this rule to `refund`, in any process. Refusals that a shared store has given are then remembered for a
   * minute at most, and else for a second. Who gives back all the same is not heard of elsewhere for so long.
   */
  readonly refunds?: boolean;
  /** Where its states live, if the limiter has a store that processes share: there, or in this process all the same. `shared` where nothing is said. */
  readonly scope?: 'shared' | 'process';
  /** Where the store of a rule that is shared does not answer. `local`: this process alone, `share` of the rate. */
  readonly onStoreError?: 'local' | 'open' | 'closed';
  /** Above 0, at most 1; 0.5 where nothing is said. */
  readonly share?: number;
  readonly lease?: { readonly units: number; readonly forMs: number };
  readonly sync?: { readonly everyMs: number };
}

export interface Exemptions {
  /** CIDR ranges or single addresses. */
  readonly addresses?: readonly string[];
  readonly clients?: readonly string[];
  readonly users?: readonly string[];
}

export interface Overrides {
  readonly part: 'user' | 'client' | 'tenant' | { readonly claim: string };
  readonly values: Readonly<Record<string, AlgorithmRule>>;
}

/** Who asks, and for what. What is not known is left out. */
export interface Subject {
  /** IP address, as text. */
  readonly address?: string | undefined;
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly tenant?: string | undefined;
  readonly token?: string | undefined;
  /** Name of the route that matched: never a path as it was sent. */
  readonly route?: string | undefined;
  readonly account?: string | undefined;
  readonly browser?: string | undefined;
  header?(name: string): string | undefined;
  claim?(name: string): string | undefined;
}
