import { type GcraRule, gcra } from '@hufu/flow/gcra';
import { sourceOf } from './accounts/brute-force.ts';
import type { Context } from './context.ts';
import type { HttpRequest } from './http.ts';

/** Sources held at once; beyond it the one that was written first is forgiven. */
const MAX_SOURCES = 10_000;

/**
 * Slows down what costs us a row and the sender nothing, for each source of addresses and for all of them together. In memory and per process.
 */
export class SourceThrottle {
  readonly #source: GcraRule;
  readonly #everybody: GcraRule;
  readonly #states = new WeakMap<Context, Map<string, number>>();

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
    let kept = this.#states.get(ctx);
    if (kept === undefined) this.#states.set(ctx, (kept = new Map()));
    const source = `${sourceOf(address)} ${name}`;
    const own = gcra(kept.get(source) ?? 0, nowMs, 1, this.#source);
    if (own.kind === 'limited') return Math.ceil(own.retryAfterMs / 1000);
    const all = gcra(kept.get(EVERYBODY) ?? 0, nowMs, 1, this.#everybody);
    if (all.kind === 'limited') return Math.ceil(all.retryAfterMs / 1000);
    kept.set(source, own.state);
    kept.set(EVERYBODY, all.state);
    if (kept.size > MAX_SOURCES) forgetOne(kept);
    return 0;
  }
}

const EVERYBODY = '';

function forgetOne(kept: Map<string, number>): void {
  for (const oldest of kept.keys()) {
    if (oldest === EVERYBODY) continue;
    kept.delete(oldest);
    return;
  }
}
