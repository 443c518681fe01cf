import type { Decision } from './algorithm.ts';
import { algorithmOf } from './algorithms.ts';
import type { Clocks } from './clock.ts';
import type { Seed } from './fingerprint.ts';
import { GcraTable } from './gcra-table.ts';
import { isPlainKey } from './key.ts';
import type { KeyTable } from './key-table.ts';
import { isOnWall } from './on-wall.ts';
import type { Answer, Ask, Taking } from './remote-store.ts';
import type { AlgorithmRule, Rule } from './rule.ts';
import { StateTable } from './state-table.ts';
import { SteadyTime } from './steady-time.ts';
import { tagOf } from './tag.ts';

export interface LocalStoreOptions {
  readonly clocks: Clocks;
  readonly seed: Seed;
  /** Keys of each rule that have a place of their own. */
  readonly maxKeys: number;
  /** Numbers in the states of each rule that is no GCRA. */
  readonly maxNumbers: number;
}

/** How full the tables of a rule are. */
export interface Fullness {
  readonly keys: number;
  /** Takes of keys that found no place and were counted together with others. */
  readonly crowded: number;
}

/** The states of one rule: apart for each set of parameters that overrides name. */
interface RuleTables {
  readonly rule: Rule;
  readonly byParameters: Map<string, KeyTable>;
}

/** States in this process. What several rules decide and store together is one step: nothing comes in between. */
export class LocalStore {
  readonly #options: LocalStoreOptions;
  readonly #steady: SteadyTime;
  #rules = new Map<string, RuleTables>();
  /** Where a rule's own table is found at once. */
  #own = new WeakMap<Rule, KeyTable>();
  /** Tags of what overrides name: made once, and not for each request. */
  #tags = new WeakMap<AlgorithmRule, string>();

  constructor(options: LocalStoreOptions) {
    this.#options = options;
    this.#steady = new SteadyTime(options.clocks);
  }

  /** Rules of the same name, key, algorithm and parameters keep what they have counted. */
  prepare(rules: readonly Rule[]): void {
    const prepared = new Map<string, RuleTables>();
    for (const rule of rules) {
      const before = this.#rules.get(rule.name);
      const isSameKey = before !== undefined && JSON.stringify(before.rule.key) === JSON.stringify(rule.key);
      const byParameters = new Map<string, KeyTable>();
      const tagged = Object.values(rule.overrides?.values ?? {}).map((one) => [OVERRIDE + tagOf(one), one] as const);
      for (const [tag, algorithm] of [[tagOf(rule.algorithm), rule.algorithm] as const, ...tagged]) {
        const kept = isSameKey ? before.byParameters.get(tag) : undefined;
        byParameters.set(tag, byParameters.get(tag) ?? kept ?? this.#newTable(algorithm, rule));
      }
      prepared.set(rule.name, { rule, byParameters });
    }
    this.#rules = prepared;
    this.#own = new WeakMap();
    this.#tags = new WeakMap();
  }

  /** As `RemoteStore.take`, at once. */
  take(asks: readonly Ask[]): readonly Answer[] {
    const [only] = asks;
    if (only !== undefined && asks.length === 1) {
      const nowMs = this.nowOf(only.algorithm);
      const decision = this.#tableOf(only).take(keyIn(only), nowMs, only.cost);
      return [{ kind: 'counted', decision, taken: decision.allowed ? only.cost : 0, takenAtMs: nowMs }];
    }
    const looked = this.#lookAll(asks);
    const isRefused = asks.some(({ rule }, index) => rule.shadow !== true && refuses(looked[index]));
    return asks.map((ask, index) => this.#settle(ask, looked[index], isRefused));
  }

  look(asks: readonly Ask[]): readonly Answer[] {
    return this.#lookAll(asks).map(({ kind, decision, key, table, nowMs }) => {
      const { remaining, resetAfterMs } = table.look(key, nowMs, 0);
      return { kind, decision: { ...decision, remaining, resetAfterMs }, taken: 0, takenAtMs: nowMs };
    });
  }

  refund(takings: readonly Taking[]): void {
    for (const { ask, answer } of takings) {
      this.#findTable(ask)?.refund(keyIn(ask), this.nowOf(ask.algorithm), answer.taken, answer.takenAtMs);
    }
  }

  charge(takings: readonly Taking[], cost: number): void {
    for (const { ask } of takings) this.#findTable(ask)?.charge(keyIn(ask), this.nowOf(ask.algorithm), cost);
  }

  fullnessOf(rule: Rule): Fullness {
    const tables = [...(this.#rules.get(rule.name)?.byParameters.values() ?? [])];
    return {
      keys: tables.reduce((sum, { size }) => sum + size, 0),
      crowded: tables.reduce((sum, { crowded }) => sum + crowded, 0),
    };
  }

  #lookAll(asks: readonly Ask[]): readonly Looked[] {
    return asks.map((ask) => {
      const table = this.#tableOf(ask);
      const key = keyIn(ask);
      const nowMs = this.nowOf(ask.algorithm);
      const decision = table.look(key, nowMs, ask.cost);
      const isSpared = !decision.allowed && ask.fresh !== undefined && this.#isFresh(asks[ask.fresh]);
      return { kind: isSpared ? 'spared' : 'counted', decision, table, key, nowMs };
    });
  }

  #isFresh(ask: Ask | undefined): boolean {
    return ask !== undefined && this.#tableOf(ask).isFresh(keyIn(ask), this.nowOf(ask.algorithm));
  }

  #settle(ask: Ask, looked: Looked | undefined, isRefused: boolean): Answer {
    if (looked === undefined) throw new TypeError('an ask without a look');
    const { kind, decision, table, key, nowMs } = looked;
    const taken = decision.allowed && !isRefused ? ask.cost : 0;
    // Where nothing is taken a state may have to be kept all the same: the clock was set back.
    return { kind, decision: table.take(key, nowMs, decision.allowed ? taken : ask.cost), taken, takenAtMs: nowMs };
  }

  /** Where a rule counts by its own parameters. */
  tableOf(rule: Rule): KeyTable {
    return this.#own.get(rule) ?? this.#tableOf({ rule, algorithm: rule.algorithm, override: undefined });
  }

  nowOf({ kind }: AlgorithmRule): number {
    return isOnWall(kind) ? Math.floor(this.#options.clocks.wallMs()) : this.#steady.nowMs();
  }

  #tableOf(ask: Place): KeyTable {
    // A rule that was taken away while its request was under way.
    return (
      this.#findTable(ask) ?? new StateTable<AlgorithmRule>(algorithmOf(ask.algorithm), ask.algorithm, { ...this.#options, isSecret: true })
    );
  }

  #findTable({ rule, algorithm, override }: Place): KeyTable | undefined {
    if (override === undefined) {
      const own = this.#own.get(rule);
      if (own !== undefined) return own;
    }
    const table = this.#rules.get(rule.name)?.byParameters.get(override === undefined ? tagOf(algorithm) : this.#overrideTagOf(algorithm));
    if (override === undefined && table !== undefined) this.#own.set(rule, table);
    return table;
  }

  #overrideTagOf(algorithm: AlgorithmRule): string {
    let tag = this.#tags.get(algorithm);
    if (tag === undefined) this.#tags.set(algorithm, (tag = OVERRIDE + tagOf(algorithm)));
    return tag;
  }

  #newTable(algorithm: AlgorithmRule, { key }: Rule): KeyTable {
    const isSecret = !isPlainKey(key);
    const { seed, maxKeys, maxNumbers } = this.#options;
    if (algorithm.kind === 'gcra' && GcraTable.canKeep(algorithm)) return new GcraTable(algorithm, { seed, maxKeys, isSecret });
    return new StateTable<AlgorithmRule>(algorithmOf(algorithm), algorithm, { seed, maxKeys, maxNumbers, isSecret });
  }
}

/** Before the tag of what overrides name: keys are made otherwise there. */
const OVERRIDE = 'override ';

type Place = Pick<Ask, 'rule' | 'algorithm' | 'override'>;

interface Looked {
  readonly kind: 'counted' | 'spared';
  /** As if the ask was all there is. */
  readonly decision: Decision;
  readonly table: KeyTable;
  readonly key: string;
  readonly nowMs: number;
}

function refuses(looked: Looked | undefined): boolean {
  return looked !== undefined && looked.kind === 'counted' && !looked.decision.allowed;
}

/** Each overridden value counts by itself. */
function keyIn({ key, override }: Ask): string {
  return override === undefined ? key : `${override.length}:${override}${key}`;
}
