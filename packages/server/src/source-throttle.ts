import type { GcraRule } from '@hufu/flow/gcra';
import { sourceOf } from './accounts/brute-force.ts';
import type { Context } from './context.ts';
import type { HttpRequest } from './http.ts';
import { type Limits, newLimits } from './limits.ts';

/** Sources held at once. */
const MAX_SOURCES = 10_000;

/**
 * Slows down what costs us a row and the sender nothing, for each source of addresses and for all of them together. In memory and per process.
 */
export class SourceThrottle {
  readonly #source: GcraRule;
  readonly #everybody: GcraRule;
  readonly #limits = new WeakMap<Context, Limits>();

  constructor(source: GcraRule, everybody: GcraRule) {
    this.#source = source;
    this.#everybody = everybody;
  }

  /**
   * Takes one attempt, or nothing where it is refused. Tests may switch that off.
   *
   * @param name what each source is counted apart for; '' for nothing.
   * @returns seconds to wait; 0: go on.
   */
  take(ctx: Context, { address, nowMs }: Pick<HttpRequest, 'address' | 'nowMs'>, name = ''): number {
    if (ctx.config.policies.bruteForce === 'off' || ctx.config.limits === 'off') return 0;
    let limits = this.#limits.get(ctx);
    if (limits === undefined) this.#limits.set(ctx, (limits = newLimits(MAX_SOURCES)));
    return limits.take(
      [
        [`source ${sourceOf(address)} ${name}`, this.#source],
        ['everybody', this.#everybody],
      ],
      nowMs,
    );
  }
}
