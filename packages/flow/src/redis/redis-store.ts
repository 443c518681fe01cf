import type { Answer, Ask, RemoteStore, Taking } from '../remote-store.ts';
import type { Rule } from '../rule.ts';
import { counted, refused, storeError, UNASKED, untaken } from './answers.ts';
import { BlockCache } from './block-cache.ts';
import { checkShared } from './check-shared.ts';
import { type RedisClock, systemClock } from './clock.ts';
import { DelayedSync } from './delayed-sync.ts';
import { requireSecret } from './key-names.ts';
import { Leases } from './leases.ts';
import { type Plan, Planner } from './plan.ts';
import { probe } from './probe.ts';
import { type RedisConnection, RedisLine } from './redis-line.ts';
import { Returns } from './returns.ts';
import { StandIn } from './stand-in.ts';
import { type ChangeItem, runChange, runTake, type TakeItem, type TakeRan, type TakeResult } from './take-script.ts';
import { Together } from './together.ts';

export interface RedisStoreOptions {
  /** Of `ioredisConnection`, `nodeRedisConnection`, or a line around another client that sends nothing twice. */
  readonly connection: RedisConnection;
  /** That all processes share: 32 bytes are good, 16 the least. Nobody without it reads from Redis who is counted. */
  readonly secret: Uint8Array;
  /** Before the names of all keys; `hufu:limit:`. */
  readonly prefix?: string;
  /** What a decision may take; 50. Then rules go by their `onStoreError`. */
  readonly timeoutMs?: number;
  /** Processes that hold leases at the same time, at most; 1. */
  readonly nodes?: number;
  /** Each key in a slot of its own: rules are asked one by one, all at once. */
  readonly cluster?: boolean;
  /** Keys that this process counts while Redis is away, and refusals that it remembers; 100,000 each. */
  readonly maxKeys?: number;
  /** Keys with a lease or told later; 10,000 each. */
  readonly maxHeld?: number;
  readonly clock?: RedisClock;
}

/** What a store has seen. */
export interface RedisStoreCounts {
  /** Calls without an answer in time, or without a connection. */
  readonly away: number;
  /** Calls that Redis refused as wrong. */
  readonly wrong: number;
  /** Decisions without a call, by what was remembered of a refusal. */
  readonly blocked: number;
  /** Keys counted in this process alone, with a lease, and told later. */
  readonly alone: number;
  readonly leased: number;
  readonly synced: number;
  /** What was to be given back and was dropped. */
  readonly lostReturns: number;
}

/** A store of limits in Redis 6.2 or Valkey. */
export interface RedisStore extends RemoteStore {
  /** Looks whether this Redis can keep limits. Throws an `Error` that says what to set, or why nobody answered. */
  start(): Promise<void>;
  /** Gives back what is held, and tells what was not told. The connection stays open. */
  stop(): void;
  counts(): RedisStoreCounts;
}

const MAX_WAITING = 10_000;

/**
 * Limits that several processes keep together, by the time of the Redis server: clocks of processes do not matter. One call of one script a
 * decision, whatever the number of rules; what is asked of one rule in the same turn of the event loop shares it.
 *
 * In any span the processes together admit no more than the rule's own bound; for each process the bound of its share of the rule, if Redis
 * is away within it; and what leases and delayed telling add, as they say. A Redis that loses its data adds one burst.
 *
 * Throws a `TypeError` for a secret that is too short.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  requireSecret(options.secret);
  return new Store(options);
}

class Store implements RedisStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #isCluster: boolean;
  readonly #timeoutMs: number;
  readonly #nodes: number;
  readonly #clock: RedisClock;
  readonly #line: RedisLine;
  readonly #planner: Planner;
  readonly #blocks: BlockCache;
  readonly #standIn: StandIn;
  readonly #leases: Leases;
  readonly #together: Together;
  readonly #sync: DelayedSync;
  readonly #returns: Returns;
  #blocked = 0;

  constructor(options: RedisStoreOptions) {
    const { connection, secret, prefix = 'hufu:limit:', timeoutMs = 50, nodes = 1, cluster = false } = options;
    const { maxKeys = 100_000, maxHeld = 10_000, clock = systemClock } = options;
    const line = new RedisLine({ connection, clock, timeoutMs });
    this.#connection = connection;
    this.#prefix = prefix;
    this.#isCluster = cluster;
    this.#timeoutMs = timeoutMs;
    this.#nodes = nodes;
    this.#clock = clock;
    this.#line = line;
    this.#together = new Together(line, { isCluster: cluster });
    this.#planner = new Planner(prefix, secret);
    this.#blocks = new BlockCache(maxKeys);
    this.#standIn = new StandIn(clock, maxKeys);
    this.#returns = new Returns({ line, clock, maxWaiting: MAX_WAITING, isCluster: cluster });
    this.#sync = new DelayedSync({ line, clock, timeoutMs, maxKeys: maxHeld, isCluster: cluster });
    this.#leases = new Leases({
      line,
      clock,
      timeoutMs,
      maxKeys: maxHeld,
      maxWaiting: MAX_WAITING,
      away: (plan, cost) => this.#decideAlone([{ plan, cost }], 'take')[0] ?? UNASKED,
      giveBack: (plan, units, takenAtMs) => this.#returns.send([{ plan, units, takenAtMs, voidAfterMs: 0 }]),
      refusedBy: (plan, cost, sentMs, retryAfterMs) => this.#blocks.put(plan.name, cost, sentMs, retryAfterMs, plan.prepared.blockMs),
    });
  }

  async start(): Promise<void> {
    await probe(this.#connection, this.#prefix, this.#isCluster);
  }

  stop(): void {
    this.#leases.end();
    this.#sync.flush();
  }

  counts(): RedisStoreCounts {
    const { away, wrong } = this.#line.counts;
    return {
      away,
      wrong,
      blocked: this.#blocked,
      alone: this.#standIn.size,
      leased: this.#leases.size,
      synced: this.#sync.size,
      lostReturns: this.#returns.dropped,
    };
  }

  prepare(rules: readonly Rule[]): void {
    const flaw = checkShared(rules, this.#nodes);
    if (flaw !== undefined) throw new TypeError(flaw);
    this.#blocks.clear();
  }

  take(asks: readonly Ask[]): Promise<readonly Answer[]> {
    return this.#decide(asks, 'take');
  }

  look(asks: readonly Ask[]): Promise<readonly Answer[]> {
    return this.#decide(asks, 'look');
  }

  refund(takings: readonly Taking[]): void {
    const returns = [];
    for (const { ask, answer } of takings) {
      const { taken, takenAtMs, receipt, decision } = answer;
      if (taken === 0) continue;
      const plan = this.#planner.plan(ask);
      this.#blocks.forget(plan.name);
      if (receipt === 'process') this.#standIn.refund(plan, taken, takenAtMs);
      else if (receipt === 'lease' && this.#leases.giveBack(plan, taken, takenAtMs)) continue;
      else if (receipt === 'sync' && this.#sync.giveBack(plan, taken, takenAtMs)) continue;
      else returns.push({ plan, units: taken, takenAtMs, voidAfterMs: decision.resetAfterMs });
    }
    this.#returns.send(returns);
  }

  charge(takings: readonly Taking[], cost: number): void {
    const plans = takings.map(({ ask, answer }) => ({ plan: this.#planner.plan(ask), receipt: answer.receipt }));
    for (const { plan, receipt } of plans) if (receipt === 'process') this.#standIn.charge(plan, cost);
    const items = plans.filter(({ receipt }) => receipt !== 'process').map(({ plan }) => ({ plan, cost, atMs: -1 }));
    for (const some of this.#isCluster ? items.map((item) => [item]) : [items]) {
      if (some.length > 0) void this.#chargeShared(some);
    }
  }

  /** What surely did not reach Redis is owed here: else whoever only looks, and charges afterwards, had no limit while it is away. */
  async #chargeShared(items: readonly ChangeItem[]): Promise<void> {
    const ran = await runChange(this.#line, 'charge', items);
    if (ran.kind !== 'away' || !ran.isUndone) return;
    for (const { plan, cost } of items) if ((plan.rule.onStoreError ?? 'local') === 'local') this.#standIn.charge(plan, cost);
  }

  async #decide(asks: readonly Ask[], act: 'take' | 'look'): Promise<readonly Answer[]> {
    const plans = asks.map((ask) => ({ plan: this.#planner.plan(ask), cost: ask.cost }));
    const blocked = this.#findBlocked(plans, act);
    if (blocked !== undefined) return blocked;
    const [only] = plans;
    if (plans.length === 1 && only !== undefined && only.plan.rule.lease !== undefined && act === 'take')
      return [this.#leases.take(only.plan, only.cost) ?? (await this.#leases.ask(only.plan, only.cost))];

    // What is held here is taken first: it goes back at once if another rule refuses.
    const held = plans.map(({ plan, cost }) => this.#takeHere(plan, cost, act));
    const alone = plans.filter((_, place) => held[place] === 'away');
    const known: (Answer | undefined)[] = held.map((answer) => (typeof answer === 'object' ? answer : undefined));
    if (alone.length > 0) put(known, held, 'away', this.#decideAlone(alone, act, plans));
    const asked = plans.filter((_, place) => held[place] === undefined);
    if (asked.length > 0 && !refuses(plans, known)) put(known, held, undefined, await this.#ask(asked, plans, act));
    const answers = known.map((answer) => answer ?? UNASKED);
    if (!refuses(plans, answers)) return answers;
    this.refund(answers.map((answer, place) => ({ ask: asks[place], answer })).filter(isTaking));
    return answers.map(untaken);
  }

  /** Every rule refused by what is known of it, or nothing. A shadow is counted by its own decision: it is asked. */
  #findBlocked(plans: readonly Costed[], act: 'take' | 'look'): readonly Answer[] | undefined {
    const nowMs = this.#clock.progressMs();
    let isRefused = false;
    const answers = plans.map(({ plan, cost }) => {
      const retryAfterMs = this.#blocks.find(plan.name, cost, nowMs);
      // Who looks wants to know of each.
      if (retryAfterMs === undefined) return plan.rule.shadow === true || act === 'look' ? undefined : UNASKED;
      if (plan.rule.shadow !== true) isRefused = true;
      return refused(retryAfterMs);
    });
    if (!isRefused || !answers.every((answer) => answer !== undefined)) return undefined;
    this.#blocked += 1;
    return answers;
  }

  #takeHere(plan: Plan, cost: number, act: 'take' | 'look'): Answer | 'away' | undefined {
    const { lease, sync } = plan.rule;
    if (lease !== undefined && act === 'take') return this.#leases.take(plan, cost);
    if (sync === undefined) return undefined;
    return act === 'take' ? this.#sync.take(plan, cost) : this.#sync.look(plan, cost);
  }

  async #ask(asked: readonly Costed[], all: readonly Costed[], act: 'take' | 'look'): Promise<readonly Answer[]> {
    const sentMs = this.#clock.progressMs();
    const items = asked.map(({ plan, cost }): TakeItem => {
      const { rule, fresh } = plan;
      const other = fresh === undefined ? undefined : all[fresh];
      const place = other === undefined ? -1 : asked.indexOf(other);
      return { plan, isShadow: rule.shadow === true, fresh: place === -1 ? undefined : place, cost, most: cost };
    });
    const [only] = items;
    const ran = await (items.length === 1 && only !== undefined && act === 'take'
      ? this.#together.take(only.plan, only.cost)
      : this.#isCluster && items.length > 1
        ? this.#askEach(items, act)
        : runTake(this.#line, act, items));
    if (ran.kind !== 'answer') return this.#decideAlone(asked, act, all);
    return ran.results.map((result, place) => {
      const one = asked[place];
      if (one === undefined) return UNASKED;
      this.#remember(one, result, sentMs);
      const answer = counted(result.decision, result.taken, ran.nowMs, 'redis');
      return result.kind === 'spared' ? { ...answer, kind: 'spared' } : answer;
    });
  }

  #remember({ plan, cost }: Costed, { kind, decision, taken }: TakeResult, sentMs: number): void {
    const { blockMs } = plan.prepared;
    if (kind === 'refused' && blockMs > 0) this.#blocks.put(plan.name, cost, sentMs, decision.retryAfterMs, blockMs);
    if (plan.rule.sync === undefined || taken === 0) return;
    this.#sync.tookElsewhere(plan, taken);
    this.#sync.follow(plan);
  }

  /** On several servers: a look at all, then a taking of all, and what was taken goes back if one refuses then. */
  async #askEach(items: readonly TakeItem[], act: 'take' | 'look'): Promise<TakeRan> {
    const untilMs = this.#clock.progressMs() + this.#timeoutMs;
    const looked = await this.#eachOf(items, 'look', untilMs);
    if (looked.kind !== 'answer' || act === 'look') return looked;
    const spared = looked.results.map((result, place) => {
      const fresh = items[place]?.fresh;
      return result.kind === 'refused' && fresh !== undefined && looked.results[fresh]?.decision.resetAfterMs === 0;
    });
    const results = looked.results.map((result, place) => (spared[place] ? { ...result, kind: 'spared' as const } : result));
    if (results.some(({ kind }, place) => kind === 'refused' && items[place]?.isShadow !== true)) return { ...looked, results };
    const takers = items.filter((_, place) => results[place]?.kind === 'allowed');
    const took = await this.#eachOf(takers, 'take', untilMs);
    if (took.kind !== 'answer') return took;
    const final = results.map((result, place) => took.results[takers.findIndex((taker) => taker === items[place])] ?? result);
    if (!final.some(({ kind }, place) => kind === 'refused' && items[place]?.isShadow !== true)) return { ...took, results: final };
    this.#giveBack(takers, took.results, took.nowMs);
    return { ...took, results: final.map((result) => ({ ...result, taken: 0 })) };
  }

  async #eachOf(items: readonly TakeItem[], act: 'take' | 'look', untilMs: number): Promise<TakeRan> {
    const timeoutMs = Math.max(0, untilMs - this.#clock.progressMs());
    const runs = await Promise.all(
      items.map((item) => runTake(this.#line, act, [{ ...item, fresh: undefined, isShadow: false }], { timeoutMs })),
    );
    let nowMs = 0;
    const results: TakeResult[] = [];
    for (const ran of runs) {
      if (ran.kind !== 'answer') {
        // Some servers answered, and one did not: what they took goes back, and the whole counts as not answered.
        for (const [place, other] of runs.entries())
          if (other.kind === 'answer') this.#giveBack(items.slice(place, place + 1), other.results, other.nowMs);
        return ran;
      }
      nowMs = Math.max(nowMs, ran.nowMs);
      results.push(...ran.results);
    }
    return { kind: 'answer', nowMs, results };
  }

  #giveBack(items: readonly TakeItem[], results: readonly TakeResult[], takenAtMs: number): void {
    this.#returns.send(
      items.flatMap(({ plan }, place) => {
        const { taken = 0, decision } = results[place] ?? {};
        return taken === 0 ? [] : [{ plan, units: taken, takenAtMs, voidAfterMs: decision?.resetAfterMs ?? 0 }];
      }),
    );
  }

  /** Each rule as it says for when Redis is away; all or nothing among those that this process counts. */
  #decideAlone(plans: readonly Costed[], act: 'take' | 'look', all: readonly Costed[] = plans): readonly Answer[] {
    const decided = plans.map(({ plan, cost }) => {
      const { rule, fresh } = plan;
      if (rule.onStoreError === 'open' || rule.onStoreError === 'closed') return { answer: storeError(rule.onStoreError), keep: undefined };
      const { decision, keep } = this.#standIn.decide(plan, cost);
      const other = fresh === undefined ? undefined : all[fresh];
      const isSpared = !decision.allowed && other !== undefined && this.#standIn.isFresh(other.plan);
      const answer = counted(decision, decision.allowed ? cost : 0, this.#standIn.nowMs(plan), 'process');
      return { answer: isSpared ? { ...answer, kind: 'spared' as const } : answer, keep };
    });
    const answers = decided.map(({ answer }) => answer);
    if (act === 'look' || refuses(plans, answers)) return answers.map(untaken);
    for (const { answer, keep } of decided) if (answer.kind !== 'spared' && answer.decision.allowed) keep?.();
    return answers;
  }
}

interface Costed {
  readonly plan: Plan;
  readonly cost: number;
}

/** Whether a rule that is no shadow and is not spared refuses. */
function refuses(plans: readonly Costed[], answers: readonly (Answer | undefined)[]): boolean {
  return plans.some(({ plan }, place) => {
    const answer = answers[place];
    return answer !== undefined && answer.kind !== 'spared' && !answer.decision.allowed && plan.rule.shadow !== true;
  });
}

/** Puts answers where there was this before, in order. */
function put(
  known: (Answer | undefined)[],
  held: readonly (Answer | 'away' | undefined)[],
  where: 'away' | undefined,
  answers: readonly Answer[],
): void {
  let next = 0;
  for (const [place, before] of held.entries()) if (before === where) known[place] = answers[next++];
}

function isTaking(taking: { readonly ask: Ask | undefined; readonly answer: Answer }): taking is Taking {
  return taking.ask !== undefined && taking.answer.taken > 0;
}
