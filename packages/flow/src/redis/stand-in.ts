import type { Decision, State } from '../algorithm.ts';
import { algorithmOf } from '../algorithms.ts';
import { isOnWall } from '../on-wall.ts';
import type { RedisClock } from './clock.ts';
import type { Plan } from './plan.ts';

/**
 * What this process counts by itself while Redis is away: each rule at its share. What was counted stays when Redis is back, and goes by
 * itself, so that a Redis that comes and goes gives nobody more.
 *
 * A key that there is no room for is counted together with some others of its rule that came too late, one of 4,096 parts of them: less for them, and
 * no more.
 */
export class StandIn {
  readonly #clock: RedisClock;
  readonly #maxKeys: number;
  readonly #states = new Map<string, Kept>();

  constructor(clock: RedisClock, maxKeys: number) {
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#states.size;
  }

  /** Whether there is nothing of this key here. */
  isFresh(plan: Plan): boolean {
    return this.#find(this.#placeOf(plan), crowdOf(plan)) === undefined;
  }

  decide(plan: Plan, cost: number): Decided {
    const place = this.#placeOf(plan);
    const { alone } = plan.prepared;
    const verdict = algorithmOf(alone).decide(this.#find(place, crowdOf(plan)), this.nowMs(plan), cost, alone);
    return { decision: verdict.decision, keep: () => this.#keep(place, plan, verdict.state, verdict.decision.resetAfterMs) };
  }

  refund(plan: Plan, cost: number, takenAtMs: number): void {
    const place = this.#placeOf(plan);
    const { alone } = plan.prepared;
    const state = this.#find(place, crowdOf(plan));
    if (state !== undefined) this.#put(place, plan, algorithmOf(alone).refund(state, this.nowMs(plan), cost, takenAtMs, alone));
  }

  charge(plan: Plan, cost: number): void {
    const place = this.#placeOf(plan);
    const { alone } = plan.prepared;
    const algorithm = algorithmOf(alone);
    const state = this.#find(place, crowdOf(plan));
    const nowMs = this.nowMs(plan);
    // What cannot be owed is taken where it is there.
    const after = algorithm.charge?.(state, nowMs, cost, alone) ?? algorithm.decide(state, nowMs, cost, alone).state;
    if (after !== state) this.#put(place, plan, after);
  }

  /** On the clock of the states of such a rule. */
  nowMs({ prepared }: Plan): number {
    return this.#nowOf(isOnWall(prepared.kind));
  }

  #put(place: string, plan: Plan, state: State | undefined): void {
    const { alone } = plan.prepared;
    this.#keep(place, plan, state, algorithmOf(alone).decide(state, this.nowMs(plan), 0, alone).decision.resetAfterMs);
  }

  #nowOf(isByWall: boolean): number {
    return Math.floor(isByWall ? this.#clock.nowMs() : this.#clock.progressMs());
  }

  #isOver({ untilMs, isByWall }: Kept): boolean {
    return untilMs <= this.#nowOf(isByWall);
  }

  #find(place: string, crowd: string): State | undefined {
    // Whoever gets a place later begins with what was counted of all who had none.
    const kept = this.#states.get(place) ?? this.#states.get(crowd);
    return kept === undefined || this.#isOver(kept) ? undefined : kept.state;
  }

  #keep(place: string, plan: Plan, state: State | undefined, resetAfterMs: number): void {
    if (state === undefined) {
      this.#states.delete(place);
      return;
    }
    if (!this.#states.has(place)) this.#dropOver();
    this.#states.set(place, { state, untilMs: this.nowMs(plan) + resetAfterMs, isByWall: isOnWall(plan.prepared.kind) });
  }

  /** A key has a place of its own where it has one, or there is one. */
  #placeOf(plan: Plan): string {
    const { name } = plan;
    if (this.#states.has(name) || this.#states.size < this.#maxKeys) return name;
    this.#dropOver();
    return this.#states.size < this.#maxKeys ? name : crowdOf(plan);
  }

  /** Two of the oldest, where they are over: as many go as come. */
  #dropOver(): void {
    let looked = 0;
    for (const [place, kept] of this.#states) {
      this.#states.delete(place);
      // What lives goes to the end of the row.
      if (!this.#isOver(kept)) this.#states.set(place, kept);
      looked += 1;
      if (looked === 2) return;
    }
  }
}

/** By two letters of the key's hash, which nobody chooses without the secret: 4,096 of each rule, and strangers do not stand in for each other. */
function crowdOf({ rule, prepared, name }: Plan): string {
  return `crowd:${rule.name}:${name.slice(-3, -1)}:${prepared.tag}`;
}

interface Kept {
  readonly state: State;
  /** By the clock on the wall or the other. */
  readonly untilMs: number;
  readonly isByWall: boolean;
}

export interface Decided {
  readonly decision: Decision;
  /** Makes it so. */
  keep(): void;
}
