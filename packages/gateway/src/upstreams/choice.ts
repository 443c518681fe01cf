import type { Health } from './health.ts';
import { nextTurn, type Turn } from './smooth-weights.ts';

/** What choosing needs to know of a target. */
export interface Choosable extends Turn {
  readonly name: string;
  readonly weight: number;
  readonly health: Health;
  /** Whether it takes one more. */
  hasPlace(stream: boolean): boolean;
}

/** What choosing needs to know of a request. */
export interface Wanted {
  readonly stream: boolean;
  /** It can be sent again if it fails. */
  readonly repeatable: boolean;
  /** Names of the targets that had it already: the others come first. */
  readonly tried: readonly string[];
}

/** `full`: somebody takes it, but nobody now. `none`: nobody does. */
export type Chosen<T> = T | 'full' | 'none';

/** For so long, a target that may be tried waits for a request that can be sent again if it fails. */
const PATIENCE_MS = 5_000;

/**
 * The target that gets a request, of tiers in their order: the first tier of which enough lives serves; in it, smooth weights. Where no tier has enough, all that live serve together.
 * Where nobody lives, those are tried that no health check has closed: it is them or nobody.
 */
export class Choice<T extends Choosable> {
  readonly #tiers: readonly (readonly T[])[];
  readonly #all: readonly T[];
  readonly #minLive: number;

  /**
   * @param tiers the first is the best, none is empty
   * @param minLive from 0 to 1: the share of a tier's weight that has to live
   */
  constructor(tiers: readonly (readonly T[])[], minLive: number) {
    this.#tiers = tiers;
    this.#all = tiers.flat();
    this.#minLive = minLive;
  }

  choose(wanted: Wanted, nowMs: number): Chosen<T> {
    const [only] = this.#all;
    if (only !== undefined && this.#all.length === 1 && only.health.phase(nowMs) === 'closed') return isReady(only, wanted) ? only : 'full';
    const serving = this.#findServing(nowMs);
    const probed = this.#findProbe(serving, wanted, nowMs);
    if (probed !== undefined) return probed;
    if (serving === undefined) return this.#choosePanicking(wanted);
    const live = serving === this.#tiers.length ? this.#all : (this.#tiers[serving] ?? this.#all);
    const share = (one: T): number =>
      isReady(one, wanted) && one.health.phase(nowMs) === 'closed' ? one.weight * one.health.share(nowMs) : 0;
    return this.#chooseOther(live, wanted, share) ?? nextTurn(live, share) ?? 'full';
  }

  /** Whether a target that had not this request already could take it at once. */
  hasOther(wanted: Wanted, nowMs: number): boolean {
    return this.#all.some((one) => !wanted.tried.includes(one.name) && one.health.phase(nowMs) === 'closed' && one.hasPlace(wanted.stream));
  }

  /** The place of the tier that serves; beyond the last: all together; undefined: nobody lives. */
  #findServing(nowMs: number): number | undefined {
    let lives = false;
    for (const [at, tier] of this.#tiers.entries()) {
      let live = 0;
      let total = 0;
      for (const one of tier) {
        total += one.weight;
        if (one.health.phase(nowMs) === 'closed') live += one.weight;
      }
      if (live > 0 && live >= this.#minLive * total) return at;
      if (live > 0) lives = true;
    }
    return lives ? this.#tiers.length : undefined;
  }

  /** A target that may be tried, of the tier that serves or a better one. */
  #findProbe(serving: number | undefined, wanted: Wanted, nowMs: number): T | undefined {
    const last = serving ?? this.#tiers.length;
    for (const [at, tier] of this.#tiers.entries()) {
      if (at > last) return undefined;
      for (const one of tier) {
        if (!one.health.wantsProbe(nowMs) || !one.hasPlace(wanted.stream) || wanted.tried.includes(one.name)) continue;
        if (wanted.repeatable || one.health.sinceMs(nowMs) >= PATIENCE_MS) return one;
      }
    }
    return undefined;
  }

  #choosePanicking(wanted: Wanted): Chosen<T> {
    const weight = (one: T): number => (one.health.cause === 'checks' ? 0 : one.weight);
    const ready = (one: T): number => (isReady(one, wanted) ? weight(one) : 0);
    for (const tier of this.#tiers) {
      const untried = nextTurn(tier, untriedOf(wanted, ready));
      if (untried !== undefined) return untried;
    }
    return nextTurn(this.#all, ready) ?? (this.#all.some((one) => weight(one) > 0) ? 'full' : 'none');
  }

  /** For a request that somebody had already: the others first, and where the tier that serves has no other, those of the tiers after it. */
  #chooseOther(live: readonly T[], wanted: Wanted, share: (one: T) => number): T | undefined {
    if (wanted.tried.length === 0) return undefined;
    const untried = untriedOf(wanted, share);
    return nextTurn(live, untried) ?? this.#all.find((one) => untried(one) > 0);
  }
}

function untriedOf<T extends Choosable>({ tried }: Wanted, share: (one: T) => number): (one: T) => number {
  return (one) => (tried.includes(one.name) ? 0 : share(one));
}

function isReady(one: Choosable, { stream }: Wanted): boolean {
  return one.hasPlace(stream);
}
