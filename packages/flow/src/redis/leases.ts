import type { Answer } from '../remote-store.ts';
import { counted, refused } from './answers.ts';
import type { RedisClock } from './clock.ts';
import type { Plan } from './plan.ts';
import type { RedisLine } from './redis-line.ts';
import { runTake, type TakeAnswer } from './take-script.ts';

export interface LeasesOptions {
  readonly line: RedisLine;
  readonly clock: RedisClock;
  readonly timeoutMs: number;
  /** Keys with a lease; others are asked for one by one. */
  readonly maxKeys: number;
  /** Callers that wait for one call. */
  readonly maxWaiting: number;
  /** Redis is away: how the caller goes on. */
  readonly away: (plan: Plan, cost: number) => Answer;
  readonly giveBack: (plan: Plan, units: number, takenAtMs: number) => void;
  readonly refusedBy: (plan: Plan, cost: number, sentMs: number, retryAfterMs: number) => void;
}

/**
 * Leases of units: one call takes what a key spent here lately, so that the next ones need none. The bound of the rule grows by `units` for
 * each process: what was taken earlier may be spent later. Nothing is taken beforehand for who asks for the first time, and nothing for a
 * key of which something is left.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #leases = new Map<string, Lease>();
  #isSweeping = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Takes of what is left here; undefined: not enough is. */
  take({ name, rule }: Plan, cost: number): Answer | undefined {
    const lease = this.#leases.get(name);
    const nowMs = this.#options.clock.progressMs();
    if (lease === undefined || lease.isAsking || lease.left < cost || nowMs >= lease.untilMs) return undefined;
    return this.#spend(lease, cost, rule.lease?.forMs ?? 0);
  }

  /**
   * Gives back what was taken here; false: the lease is over, or another one by now, and they are Redis' to take back: it knows what time has
   * given back meanwhile, and what is given back here may be spent again in full.
   */
  giveBack({ name, rule }: Plan, units: number, takenAtMs: number): boolean {
    const lease = this.#leases.get(name);
    if (lease === undefined || takenAtMs !== lease.takenAtMs || this.#options.clock.progressMs() >= lease.untilMs) return false;
    // Never more in hand than the bound counts with.
    if (lease.left + units > (rule.lease?.units ?? 0)) return false;
    lease.left += units;
    return true;
  }

  /** Takes from Redis, together with all who wait for the same key. */
  ask(plan: Plan, cost: number): Promise<Answer> {
    const { clock, maxWaiting, timeoutMs } = this.#options;
    const lease = this.#leaseOf(plan);
    return new Promise((resolve) => {
      if (lease.waiting.length >= maxWaiting) {
        resolve(refused(timeoutMs));
        return;
      }
      lease.waiting.push({ plan, cost, untilMs: clock.progressMs() + timeoutMs, resolve });
      if (!lease.isAsking) void this.#fill(lease);
    });
  }

  /** Ends: gives back what is left. */
  end(): void {
    for (const lease of this.#leases.values()) this.#return(lease);
    this.#leases.clear();
  }

  #leaseOf(plan: Plan): Lease {
    const known = this.#leases.get(plan.name);
    if (known !== undefined) return known;
    const lease: Lease = {
      plan,
      left: 0,
      untilMs: 0,
      takenAtMs: 0,
      remaining: 0,
      resetAfterMs: 0,
      spent: 0,
      spentBefore: 0,
      spanEndMs: 0,
      isAsking: false,
      waiting: [],
    };
    // Without a place it serves those who wait for it now, and is forgotten.
    if (this.#leases.size < this.#options.maxKeys) {
      this.#leases.set(plan.name, lease);
      this.#sweepLater(plan.rule.lease?.forMs ?? 0);
    }
    return lease;
  }

  async #fill(lease: Lease): Promise<void> {
    lease.isAsking = true;
    try {
      // Each round answers one caller at least.
      for (let first = lease.waiting[0]; first !== undefined; first = lease.waiting[0]) {
        // oxlint-disable-next-line no-await-in-loop -- one call at a time for a key
        await this.#fillOnce(lease, first);
      }
    } catch {
      this.#sendAway(lease);
    } finally {
      // In the step that saw that nobody waits: whoever comes next begins anew.
      lease.isAsking = false;
    }
  }

  async #fillOnce(lease: Lease, { plan, cost, untilMs, resolve }: Waiting): Promise<void> {
    const { clock, line, timeoutMs, away, refusedBy } = this.#options;
    const sentMs = clock.progressMs();
    const leftMs = untilMs - sentMs;
    if (leftMs <= 0) {
      lease.waiting.shift();
      resolve(away(plan, cost));
      return;
    }
    const rule = plan.rule.lease ?? { units: 0, forMs: 0 };
    this.#return(lease);
    const wanted = lease.waiting.reduce((sum, { cost: each }) => sum + each, 0);
    const beforehand = this.#leases.get(plan.name) === lease ? Math.min(rule.units, spentLately(lease, sentMs, rule.forMs)) : 0;
    const most = Math.max(cost, Math.min(wanted + beforehand, cost + 2 ** 30));
    const late = (answer: TakeAnswer): void => {
      this.#keep(lease, answer, sentMs + rule.forMs);
      // Those who waited for it are gone.
      this.#return(lease, rule.units);
    };
    const item = { plan, isShadow: false, fresh: undefined, cost, most };
    const ran = await runTake(line, 'take', [item], { timeoutMs: Math.min(leftMs, timeoutMs), late });
    const [result] = ran.kind === 'answer' ? ran.results : [];
    if (ran.kind !== 'answer' || result === undefined) {
      this.#sendAway(lease);
      return;
    }
    this.#keep(lease, ran, sentMs + rule.forMs);
    if (result.kind !== 'allowed') refusedBy(plan, cost, sentMs, result.decision.retryAfterMs);
    this.#serve(
      lease,
      rule.forMs,
      result.kind === 'allowed' ? undefined : { cost, answer: counted(result.decision, 0, ran.nowMs, 'nowhere') },
    );
  }

  #sendAway({ waiting }: Lease): void {
    for (const { plan, cost, resolve } of waiting.splice(0)) resolve(this.#options.away(plan, cost));
  }

  #keep(lease: Lease, { nowMs, results }: TakeAnswer, untilMs: number): void {
    const [result] = results;
    if (result === undefined) return;
    lease.remaining = result.decision.remaining;
    lease.resetAfterMs = result.decision.resetAfterMs;
    if (result.taken === 0) return;
    // What is there was taken at one time: what goes back is reckoned from it.
    this.#return(lease);
    lease.left = result.taken;
    lease.takenAtMs = nowMs;
    lease.untilMs = untilMs;
    if (this.#leases.get(lease.plan.name) === lease) this.#sweepLater(lease.plan.rule.lease?.forMs ?? 0);
  }

  /** Answers who can be answered: in their order, and the first one for whom there is not enough waits for the next call. */
  #serve(lease: Lease, forMs: number, refusal: { readonly cost: number; readonly answer: Answer } | undefined): void {
    const waiting = lease.waiting.splice(0);
    for (const [place, each] of waiting.entries()) {
      if (refusal !== undefined && each.cost >= refusal.cost) each.resolve(refusal.answer);
      else if (lease.left >= each.cost) each.resolve(this.#spend(lease, each.cost, forMs));
      else {
        const others = waiting.slice(place);
        lease.waiting.push(...(refusal === undefined ? others : others.filter(({ cost }) => cost < refusal.cost)));
        if (refusal !== undefined) for (const { cost, resolve } of others) if (cost >= refusal.cost) resolve(refusal.answer);
        return;
      }
    }
  }

  #spend(lease: Lease, cost: number, forMs: number): Answer {
    lease.left -= cost;
    spentLately(lease, this.#options.clock.progressMs(), forMs);
    lease.spent += cost;
    const decision = {
      allowed: true,
      remaining: lease.remaining + lease.left,
      retryAfterMs: 0,
      resetAfterMs: lease.resetAfterMs,
      delayMs: 0,
    };
    return counted(decision, cost, lease.takenAtMs, 'lease');
  }

  /** Gives back what there is beyond `kept`. */
  #return(lease: Lease, kept = 0): void {
    const units = lease.left - kept;
    if (units <= 0) return;
    lease.left = kept;
    this.#options.giveBack(lease.plan, units, lease.takenAtMs);
  }

  #sweepLater(ms: number): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#options.clock.after(Math.max(ms, MIN_SWEEP_MS), () => {
      this.#isSweeping = false;
      this.#sweep();
      if (this.#leases.size > 0) this.#sweepLater(ms);
    });
  }

  #sweep(): void {
    const nowMs = this.#options.clock.progressMs();
    for (const [name, lease] of this.#leases) {
      if (lease.isAsking || nowMs < lease.untilMs) continue;
      this.#return(lease);
      const forMs = lease.plan.rule.lease?.forMs ?? 0;
      if (nowMs >= lease.spanEndMs + forMs) this.#leases.delete(name);
    }
  }
}

const MIN_SWEEP_MS = 10;

/** What was spent in this span of `forMs` and the last. */
function spentLately(lease: Lease, nowMs: number, forMs: number): number {
  if (nowMs >= lease.spanEndMs) {
    lease.spentBefore = nowMs < lease.spanEndMs + forMs ? lease.spent : 0;
    lease.spent = 0;
    lease.spanEndMs = nowMs + forMs;
  }
  return lease.spent + lease.spentBefore;
}

interface Lease {
  readonly plan: Plan;
  left: number;
  untilMs: number;
  /** By the server's clock. */
  takenAtMs: number;
  /** In Redis, when it last answered. */
  remaining: number;
  resetAfterMs: number;
  spent: number;
  spentBefore: number;
  spanEndMs: number;
  isAsking: boolean;
  readonly waiting: Waiting[];
}

interface Waiting {
  readonly plan: Plan;
  readonly cost: number;
  readonly untilMs: number;
  readonly resolve: (answer: Answer) => void;
}
