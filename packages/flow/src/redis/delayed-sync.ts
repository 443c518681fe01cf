import type { State } from '../algorithm.ts';
import { algorithmOf } from '../algorithms.ts';
import type { Answer } from '../remote-store.ts';
import { counted } from './answers.ts';
import type { RedisClock } from './clock.ts';
import type { Plan } from './plan.ts';
import type { RedisLine } from './redis-line.ts';
import { runChange } from './take-script.ts';

export interface DelayedSyncOptions {
  readonly line: RedisLine;
  readonly clock: RedisClock;
  readonly timeoutMs: number;
  /** Keys that are decided here; others are asked for one by one. */
  readonly maxKeys: number;
  readonly isCluster: boolean;
}

/** Keys in one call. */
const BATCH = 64;
/** Rounds without an answer after which what is known is too old. */
const MISSED = 2;

/**
 * Decides by what Redis last said and what was taken here since, and tells Redis afterwards, all keys together in each interval. The bound
 * of a rule grows by what others admit in an interval and a round trip, and by what a process that is killed had not told.
 *
 * What Redis may or may not have heard is told again: rather twice than never.
 */
export class DelayedSync {
  readonly #options: DelayedSyncOptions;
  readonly #keys = new Map<string, Synced>();
  readonly #armed = new Set<number>();

  constructor(options: DelayedSyncOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Decides here; undefined: this key is to be asked for. `away`: Redis did not answer for too long. */
  take({ name, algorithm }: Plan, cost: number): Answer | 'away' | undefined {
    const key = this.#keys.get(name);
    if (key === undefined || !key.isKnown) return undefined;
    key.isUsed = true;
    if (this.#isOld(key)) return 'away';
    const now = nowOf(key, this.#options.clock.progressMs());
    const { state, decision } = algorithmOf(algorithm).decide(key.state, now, cost, algorithm);
    if (!decision.allowed) return counted(decision, 0, now, 'nowhere');
    if (cost > 0) {
      // Another window: what Redis does not know of the last one is nothing to it any more.
      if (isWindow(algorithm.kind) && key.state?.[0] !== state?.[0]) key.untold = 0;
      key.state = state;
      key.untold += cost;
      key.untoldAtMs = now;
      key.lastTakeMs = Math.max(key.lastTakeMs, now);
    }
    return counted(decision, cost, now, 'sync');
  }

  look({ name, algorithm }: Plan, cost: number): Answer | 'away' | undefined {
    const key = this.#keys.get(name);
    if (key === undefined || !key.isKnown) return undefined;
    if (this.#isOld(key)) return 'away';
    const now = nowOf(key, this.#options.clock.progressMs());
    return counted(algorithmOf(algorithm).decide(key.state, now, cost, algorithm).decision, 0, now, 'nowhere');
  }

  /** From the answer of Redis on, this key is decided here. */
  follow(plan: Plan): void {
    if (this.#keys.has(plan.name) || this.#keys.size >= this.#options.maxKeys) return;
    const key: Synced = {
      plan,
      state: undefined,
      isKnown: false,
      serverMs: 0,
      heardMs: this.#options.clock.progressMs(),
      untold: 0,
      untoldAtMs: -1,
      lastTakeMs: -1,
      toldAtMs: -1,
      early: 0,
      isUsed: true,
      isTelling: false,
    };
    this.#keys.set(plan.name, key);
    this.#tell([key]);
    this.#arm(plan.rule.sync?.everyMs ?? 0);
  }

  /** What was asked of Redis itself meanwhile: whether its answer had that in it is not known. */
  tookElsewhere({ name }: Plan, units: number): void {
    const key = this.#keys.get(name);
    if (key === undefined || units === 0) return;
    if (key.isKnown) key.state = chargeTo(key, key.state, nowOf(key, this.#options.clock.progressMs()), units);
    else key.early += units;
  }

  /**
   * Gives back what was taken here; false: Redis may have heard of it, and it is Redis' to take back, which knows what time has given back
   * meanwhile: what is untold is of later takes.
   */
  giveBack({ name, algorithm }: Plan, units: number, takenAtMs: number): boolean {
    const key = this.#keys.get(name);
    if (key === undefined || takenAtMs <= key.toldAtMs || key.untold < units) return false;
    key.untold -= units;
    key.state = algorithmOf(algorithm).refund(key.state, nowOf(key, this.#options.clock.progressMs()), units, takenAtMs, algorithm);
    return true;
  }

  /** Tells what is untold, now. */
  flush(): void {
    this.#tell([...this.#keys.values()].filter(({ untold, isTelling }) => untold > 0 && !isTelling));
  }

  #isOld({ plan, heardMs }: Synced): boolean {
    const { clock, timeoutMs } = this.#options;
    return clock.progressMs() - heardMs > MISSED * (plan.rule.sync?.everyMs ?? 0) + timeoutMs;
  }

  #arm(everyMs: number): void {
    if (this.#armed.has(everyMs)) return;
    this.#armed.add(everyMs);
    this.#options.clock.after(everyMs, () => {
      this.#armed.delete(everyMs);
      const due: Synced[] = [];
      let isAny = false;
      for (const [name, key] of this.#keys) {
        if ((key.plan.rule.sync?.everyMs ?? 0) !== everyMs) continue;
        // Nobody asks, and there is nothing to tell: whoever comes next asks Redis.
        if (!key.isUsed && key.untold === 0 && !key.isTelling) {
          this.#keys.delete(name);
          continue;
        }
        isAny = true;
        key.isUsed = false;
        if (!key.isTelling) due.push(key);
      }
      this.#tell(due);
      if (isAny) this.#arm(everyMs);
    });
  }

  #tell(keys: readonly Synced[]): void {
    const size = this.#options.isCluster ? 1 : BATCH;
    for (let from = 0; from < keys.length; from += size) this.#tellBatch(keys.slice(from, from + size));
  }

  #tellBatch(batch: readonly Synced[]): void {
    const { clock, line } = this.#options;
    const sentMs = clock.progressMs();
    const told = batch.map((key) => ({ key, cost: key.untold, atMs: key.untoldAtMs }));
    for (const { key } of told) {
      key.isTelling = true;
      key.untold = 0;
      // Each hearing moves the time that is reckoned with, perhaps back.
      key.toldAtMs = Math.max(key.lastTakeMs, nowOf(key, sentMs));
    }
    const items = told.map(({ key, cost, atMs }) => ({ plan: key.plan, cost, atMs }));
    const learn = (value: unknown): void => {
      const answers = Array.isArray(value) ? value : [];
      const receivedMs = clock.progressMs();
      for (const [place, { key }] of told.entries()) {
        key.isTelling = false;
        hear(key, readState(answers[place + 1]), Number(answers[0]), sentMs, receivedMs);
      }
    };
    const fail = (): void => {
      for (const { key, cost, atMs } of told) {
        key.isTelling = false;
        key.untold += cost;
        key.untoldAtMs = Math.max(key.untoldAtMs, atMs);
      }
    };
    // Late, it was told all the same.
    const late = (): void => {
      for (const { key, cost } of told) if (!key.isTelling) key.untold = Math.max(0, key.untold - cost);
    };
    runChange(line, 'charge', items, { late }).then((ran) => {
      if (ran.kind === 'answer') learn(ran.value);
      else fail();
    }, fail);
  }
}

/** What Redis says, and what was taken here since it was asked. */
function hear(key: Synced, state: State | undefined, serverMs: number, sentMs: number, receivedMs: number): void {
  // Whoever was told of before, and forgotten since.
  if (!key.isKnown) key.toldAtMs = serverMs;
  key.serverMs = serverMs;
  key.receivedMs = receivedMs;
  key.heardMs = sentMs;
  key.isKnown = true;
  key.state = chargeTo(key, state, serverMs, key.untold + key.early);
  key.early = 0;
}

function chargeTo({ plan }: Synced, state: State | undefined, nowMs: number, units: number): State | undefined {
  const { algorithm } = plan;
  return units === 0 ? state : algorithmOf(algorithm).charge?.(state, nowMs, units, algorithm);
}

/** No later than it is on the server: its time when it answered, and what passed here since its answer came. */
function nowOf({ serverMs, receivedMs }: Synced, progressMs: number): number {
  return serverMs + Math.max(0, Math.floor(progressMs - (receivedMs ?? progressMs)));
}

function isWindow(kind: string): boolean {
  return kind === 'fixed_window' || kind === 'quota';
}

function readState(text: unknown): State | undefined {
  return typeof text !== 'string' || text === '' ? undefined : text.split(' ').map(Number);
}

interface Synced {
  readonly plan: Plan;
  state: State | undefined;
  isKnown: boolean;
  /** The server's time when it answered last. */
  serverMs: number;
  /** When that answer came here. */
  receivedMs?: number;
  /** When the question was sent that was answered last. */
  heardMs: number;
  /** Units that Redis has not heard of. */
  untold: number;
  /** By the server's clock, as far as it is known here. */
  untoldAtMs: number;
  /** The latest take, and when Redis was told last, by the same clock. */
  lastTakeMs: number;
  toldAtMs: number;
  /** Units that were asked of Redis before its state was known here. */
  early: number;
  isUsed: boolean;
  isTelling: boolean;
}
