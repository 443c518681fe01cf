import { type Algorithm, type Chargeable, type Decision, requireCost, type State } from './algorithm.ts';
import { Fingerprint, type Seed } from './fingerprint.ts';
import { type KeyTable, OVERFLOW_STATES } from './key-table.ts';

/** How much a table may hold, and the secret by which it tells keys apart. */
export interface StateTableOptions {
  readonly seed: Seed;
  readonly maxKeys: number;
  /** Numbers in the states of all keys together. */
  readonly maxNumbers: number;
  /** Whether keys may hold secrets. */
  readonly isSecret?: boolean;
}

interface Entry {
  state: State;
  /** The state is as if never used then. */
  untilMs: number;
}

/** Entries that are looked at, whether they are over, when a key is new. */
const LOOKED_AT = 2;

/**
 * States of any algorithm by their keys' hashes. What is over falls as new keys come. A key for which there is no room shares one of the overflow states,
 * and has a copy of it where it finds room later: nothing is admitted twice.
 */
export class StateTable<Rule> implements KeyTable {
  crowded = 0;
  /** In all states that have a place of their own. */
  numbers = 0;
  readonly #algorithm: Algorithm<Rule> & Partial<Chargeable<Rule>>;
  readonly #rule: Rule;
  readonly #maxKeys: number;
  readonly #maxNumbers: number;
  readonly #print: Fingerprint;
  readonly #entries = new Map<string, Entry>();
  readonly #overflow = new Map<number, State>();
  #sweep: Iterator<[string, Entry]> | undefined;

  constructor(
    algorithm: Algorithm<Rule> & Partial<Chargeable<Rule>>,
    rule: Rule,
    { seed, maxKeys, maxNumbers, isSecret }: StateTableOptions,
  ) {
    this.#algorithm = algorithm;
    this.#rule = rule;
    this.#maxKeys = maxKeys;
    this.#maxNumbers = maxNumbers;
    this.#print = new Fingerprint(seed, isSecret);
  }

  get size(): number {
    return this.#entries.size;
  }

  take(key: string, nowMs: number, cost: number): Decision {
    const name = this.#nameOf(key);
    const before = this.#stateOf(name);
    const { state, decision } = this.#algorithm.decide(before, nowMs, cost, this.#rule);
    if (state !== before) this.#keep(name, state, nowMs, nowMs + decision.resetAfterMs);
    return decision;
  }

  look(key: string, nowMs: number, cost: number): Decision {
    return this.#algorithm.decide(this.#stateOf(this.#nameOf(key)), nowMs, cost, this.#rule).decision;
  }

  isFresh(key: string, nowMs: number): boolean {
    return this.look(key, nowMs, 0).resetAfterMs === 0;
  }

  refund(key: string, nowMs: number, cost: number, takenAtMs: number): void {
    const name = this.#nameOf(key);
    const before = this.#stateOf(name);
    const after = this.#algorithm.refund(before, nowMs, cost, takenAtMs, this.#rule);
    if (after !== before) this.#keepUntilOver(name, after, nowMs);
  }

  charge(key: string, nowMs: number, cost: number): void {
    requireCost(cost);
    const name = this.#nameOf(key);
    const before = this.#stateOf(name);
    const after = this.#charged(before, nowMs, cost);
    if (after !== before) this.#keepUntilOver(name, after, nowMs);
  }

  /** What cannot be owed is taken where it is there. */
  #charged(before: State | undefined, nowMs: number, cost: number): State | undefined {
    const { charge } = this.#algorithm;
    return charge === undefined
      ? this.#algorithm.decide(before, nowMs, cost, this.#rule).state
      : charge.call(this.#algorithm, before, nowMs, cost, this.#rule);
  }

  #nameOf(key: string): string {
    const print = this.#print;
    print.read(key);
    return String.fromCharCode(print.high >>> 16, print.high & 0xffff, print.low >>> 16, print.low & 0xffff);
  }

  #stateOf(name: string): State | undefined {
    return this.#entries.get(name)?.state ?? (this.#overflow.size === 0 ? undefined : this.#overflow.get(overflowOf(name)));
  }

  #keepUntilOver(name: string, state: State | undefined, nowMs: number): void {
    this.#keep(name, state, nowMs, nowMs + this.#algorithm.decide(state, nowMs, 0, this.#rule).decision.resetAfterMs);
  }

  #keep(name: string, state: State | undefined, nowMs: number, untilMs: number): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      const isFull = this.numbers + (state?.length ?? 0) - entry.state.length > this.#maxNumbers;
      const kept = state === undefined || !isFull ? state : fused(state, entry.state.length);
      this.numbers += (kept?.length ?? 0) - entry.state.length;
      if (kept === undefined) this.#entries.delete(name);
      else [entry.state, entry.untilMs] = [kept, untilMs];
      return;
    }
    this.#drop(nowMs);
    if (state !== undefined && this.#entries.size < this.#maxKeys && this.numbers + state.length <= this.#maxNumbers) {
      this.#entries.set(name, { state, untilMs });
      this.numbers += state.length;
      return;
    }
    this.crowded++;
    if (state === undefined) this.#overflow.delete(overflowOf(name));
    else this.#overflow.set(overflowOf(name), state);
  }

  /** What is over among the next few. */
  #drop(nowMs: number): void {
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      this.#sweep ??= this.#entries.entries();
      const { done, value } = this.#sweep.next();
      if (done === true) {
        this.#sweep = undefined;
        return;
      }
      const [name, { state, untilMs }] = value;
      if (untilMs > nowMs) continue;
      this.#entries.delete(name);
      this.numbers -= state.length;
    }
  }
}

/** A log without room for another entry: its last takes count as one, as of the latest of them, which never admits more. Only logs grow. */
function fused(state: State, length: number): State {
  let log = state;
  while (log.length > Math.max(2, length)) {
    const [latest = 0, taken = 0] = log.slice(-2);
    log = [...log.slice(0, -4), latest, taken + (log.at(-3) ?? 0)];
  }
  return log;
}

function overflowOf(name: string): number {
  return name.charCodeAt(3) & (OVERFLOW_STATES - 1);
}
