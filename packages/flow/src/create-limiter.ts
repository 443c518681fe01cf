import { type Decision, requireCost } from './algorithm.ts';
import { capacityOf } from './capacity.ts';
import { checkRules } from './check-rules.ts';
import { type Clocks, systemClocks } from './clock.ts';
import { askOf, type CompiledRule, compileRule, isExempt, isMeant } from './compiled-rule.ts';
import type { Seed } from './fingerprint.ts';
import { ABSENT, keyOf } from './key.ts';
import type { KeyTable } from './key-table.ts';
import type { Limiter, Outcome, RuleOutcome, RuleSnapshot, TakeOptions } from './limiter.ts';
import { LocalStore } from './local-store.ts';
import type { Answer, Ask, RemoteStore, Taking } from './remote-store.ts';
import type { Rule, Subject } from './rule.ts';
import { PlainOutcome, TakenOutcome } from './taken-outcome.ts';

const MAX_KEYS = 1_000_000;
const MAX_NUMBERS = 4_000_000;

export interface LimiterOptions {
  readonly rules: readonly Rule[];
  /** Where rules live that processes share; none: all of them in this process. */
  readonly store?: RemoteStore;
  /** Keys of each rule that have a place of their own in this process: 1,000,000 where nothing is said. */
  readonly maxKeys?: number;
  /** Numbers in the states of each rule that is no GCRA: 4,000,000 where nothing is said. */
  readonly maxNumbers?: number;
  readonly clocks?: Clocks;
  /** 128 bits by which keys are hashed: from a good source, another for each process. Chosen where nothing is said. */
  readonly seed?: Seed;
}

/** Throws a `TypeError` for a rule that cannot be kept. */
export function createLimiter(options: LimiterOptions): Limiter {
  return new NamedRules(options);
}

class NamedRules implements Limiter {
  readonly #local: LocalStore;
  readonly #remote: RemoteStore | undefined;
  #rules: readonly CompiledRule[] = [];
  #byName: ReadonlyMap<string, CompiledRule> = new Map();
  #chosen = new WeakMap<readonly string[], readonly CompiledRule[]>();

  constructor({ rules, store, maxKeys = MAX_KEYS, maxNumbers = MAX_NUMBERS, clocks = systemClocks, seed = newSeed() }: LimiterOptions) {
    if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > 2 ** 27) throw new TypeError('maxKeys is a whole number from 1 to 2^27');
    this.#local = new LocalStore({ clocks, seed, maxKeys, maxNumbers });
    this.#remote = store;
    this.replace(rules);
  }

  async take(subject: Subject, options?: TakeOptions): Promise<Outcome> {
    const only = this.#onlyOf(options);
    if (only?.plain !== undefined) return this.#takePlain(only, only.plain, subject);
    const plan = this.#plan(subject, options);
    return plan.hasShared ? this.#takeShared(plan) : this.#takeLocal(plan);
  }

  takeNow(subject: Subject, options?: TakeOptions): Outcome {
    const only = this.#onlyOf(options);
    if (only?.plain !== undefined) return this.#takePlain(only, only.plain, subject);
    return this.#takeLocal(requireLocal(this.#plan(subject, options)));
  }

  async look(subject: Subject, options?: TakeOptions): Promise<Outcome> {
    const plan = this.#plan(subject, options);
    const remote = plan.hasShared ? await this.#remote?.look(asksOf(plan, true)) : [];
    return outcomeOf(plan, remote ?? [], this.#local.look(asksOf(plan, false)));
  }

  lookNow(subject: Subject, options?: TakeOptions): Outcome {
    const plan = requireLocal(this.#plan(subject, options));
    return outcomeOf(plan, [], this.#local.look(asksOf(plan, false)));
  }

  refund(outcome: Outcome): void {
    const taken = takingsOf(outcome)
      .release()
      .filter(({ answer }) => answer.taken > 0);
    this.#remote?.refund(taken.filter((taking) => this.#isShared(taking)));
    this.#local.refund(taken.filter((taking) => !this.#isShared(taking)));
  }

  charge(outcome: Outcome, cost: number): void {
    requireCost(cost);
    const takings = takingsOf(outcome)
      .takings()
      .filter(({ answer }) => answer.kind === 'counted');
    this.#remote?.charge(
      takings.filter((taking) => this.#isShared(taking)),
      cost,
    );
    this.#local.charge(
      takings.filter((taking) => !this.#isShared(taking)),
      cost,
    );
  }

  replace(rules: readonly Rule[]): void {
    const hasRemote = this.#remote !== undefined;
    const isShared = ({ scope }: Rule): boolean => hasRemote && scope !== 'process';
    checkRules(rules, isShared);
    this.#remote?.prepare(rules.filter(isShared));
    this.#local.prepare(rules.filter((rule) => !isShared(rule)));
    this.#rules = rules.map((rule) =>
      compileRule(rule, this.#byName.get(rule.name)?.counts ?? noCounts(), isShared(rule) ? undefined : this.#local.tableOf(rule)),
    );
    this.#byName = new Map(this.#rules.map((compiled) => [compiled.rule.name, compiled]));
    this.#chosen = new WeakMap();
  }

  snapshot(): readonly RuleSnapshot[] {
    return this.#rules.map(({ rule, counts }) => ({ name: rule.name, ...counts, ...this.#local.fullnessOf(rule) }));
  }

  /** The one rule that there is to ask, at its own cost: many limiters have no more, and asking it alone takes a quarter of the time. */
  #onlyOf(options: TakeOptions | undefined): CompiledRule | undefined {
    if (options?.cost !== undefined) return undefined;
    const rules = this.#choose(options?.rules);
    const [only] = rules;
    return rules.length === 1 ? only : undefined;
  }

  #takePlain({ rule, counts }: CompiledRule, table: KeyTable, subject: Subject): Outcome {
    const key = keyOf(subject, rule.key) ?? ABSENT;
    const nowMs = this.#local.nowOf(rule.algorithm);
    const decision = table.take(key, nowMs, 1);
    if (decision.allowed) counts.allowed++;
    else counts.refused++;
    return new PlainOutcome(rule, decision, key, nowMs);
  }

  /** In one step: all of it is decided and stored before anybody else asks. */
  #takeLocal(plan: Plan): Outcome {
    const outcome = outcomeOf(plan, [], this.#local.take(asksOf(plan, false)));
    count(plan, outcome);
    return outcome;
  }

  /** What is shared first, as it takes its time; then what is here, in one step; and if that refuses, what was taken goes back. */
  async #takeShared(plan: Plan): Promise<Outcome> {
    const sharedAsks = asksOf(plan, true);
    const localAsks = asksOf(plan, false);
    const remote = (await this.#remote?.take(sharedAsks)) ?? [];
    if (remote.some((answer, index) => refuses(sharedAsks[index]?.rule, answer))) {
      const outcome = outcomeOf(plan, remote, this.#local.look(localAsks));
      count(plan, outcome);
      return outcome;
    }
    const local = this.#local.take(localAsks);
    const isRefused = local.some((answer, index) => refuses(localAsks[index]?.rule, answer));
    const outcome = outcomeOf(plan, remote, local);
    if (isRefused) this.refund(outcome);
    count(plan, outcome);
    return outcome;
  }

  #plan(subject: Subject, options: TakeOptions | undefined): Plan {
    const steps: Step[] = [];
    let hasShared = false;
    for (const compiled of this.#choose(options?.rules)) {
      if (!isMeant(compiled, subject)) continue;
      if (isExempt(compiled, subject)) {
        steps.push({ compiled, ask: undefined });
        continue;
      }
      const ask = askOf(compiled, subject, options?.cost);
      if (ask === undefined) continue;
      hasShared ||= compiled.isShared;
      steps.push({ compiled, ask });
    }
    return { steps, hasShared };
  }

  #choose(names: readonly string[] | undefined): readonly CompiledRule[] {
    if (names === undefined) return this.#rules;
    const known = this.#chosen.get(names);
    if (known !== undefined) return known;
    const chosen = names.map((name) => {
      const compiled = this.#byName.get(name);
      if (compiled === undefined) throw new TypeError(`there is no rule ${name}`);
      return compiled;
    });
    this.#chosen.set(names, chosen);
    return chosen;
  }

  #isShared({ ask }: Taking): boolean {
    return this.#remote !== undefined && ask.rule.scope !== 'process';
  }
}

/** One rule, and what it is asked; undefined: the request is exempt. */
interface Step {
  readonly compiled: CompiledRule;
  readonly ask: Ask | undefined;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly hasShared: boolean;
}

function takingsOf(outcome: Outcome): TakenOutcome | PlainOutcome {
  if (outcome instanceof TakenOutcome || outcome instanceof PlainOutcome) return outcome;
  throw new TypeError('this outcome is from no limiter');
}

function requireLocal(plan: Plan): Plan {
  if (plan.hasShared) throw new TypeError('a rule that applies is shared with other processes: its answer takes time');
  return plan;
}

/** What one of the two stores is asked. */
function asksOf({ steps }: Plan, isShared: boolean): readonly Ask[] {
  const asks: Ask[] = [];
  let hasFresh = false;
  for (const { compiled, ask } of steps) {
    if (ask === undefined || compiled.isShared !== isShared) continue;
    asks.push(ask);
    hasFresh ||= ask.rule.spareFresh !== undefined;
  }
  return hasFresh ? asks.map((ask) => ({ ...ask, fresh: freshIn(asks, ask) })) : asks;
}

function freshIn(asks: readonly Ask[], { rule }: Ask): number | undefined {
  const fresh = asks.findIndex((other) => other.rule.name === rule.spareFresh);
  return fresh < 0 ? undefined : fresh;
}

/** @param remote, local answers to what each of the stores was asked, in order */
function outcomeOf({ steps }: Plan, remote: readonly Answer[], local: readonly Answer[]): TakenOutcome {
  const rules: RuleOutcome[] = [];
  const takings: Taking[] = [];
  let [remoteAt, localAt] = [0, 0];
  for (const { compiled, ask } of steps) {
    const { rule, isShared } = compiled;
    if (ask === undefined) {
      rules.push({ rule, kind: 'exempt', algorithm: rule.algorithm, decision: exemptDecision(rule) });
      continue;
    }
    const answer = isShared ? remote[remoteAt++] : local[localAt++];
    if (answer === undefined) throw new TypeError('a store left an ask unanswered');
    const kind = answer.kind === 'counted' && rule.shadow === true ? 'shadow' : answer.kind;
    rules.push({ rule, kind, algorithm: ask.algorithm, decision: answer.decision });
    takings.push({ ask, answer });
  }
  return new TakenOutcome(rules, takings);
}

function exemptDecision({ algorithm }: Rule): Decision {
  return { allowed: true, remaining: capacityOf(algorithm), retryAfterMs: 0, resetAfterMs: 0, delayMs: 0 };
}

function refuses(rule: Rule | undefined, { kind, decision }: Answer): boolean {
  return rule?.shadow !== true && kind !== 'spared' && !decision.allowed;
}

function count({ steps }: Plan, { rules }: Outcome): void {
  for (const [index, { compiled }] of steps.entries()) {
    const { counts } = compiled;
    const outcome = rules[index];
    if (outcome === undefined) continue;
    if (outcome.kind === 'store_error') counts.storeErrors++;
    if (outcome.decision.allowed || outcome.kind === 'spared') counts.allowed++;
    else if (compiled.rule.shadow === true) counts.shadowRefused++;
    else counts.refused++;
  }
}

function noCounts(): CompiledRule['counts'] {
  return { allowed: 0, refused: 0, shadowRefused: 0, storeErrors: 0 };
}

function newSeed(): Seed {
  const [a = 0, b = 0, c = 0, d = 0] = crypto.getRandomValues(new Uint32Array(4));
  return [a, b, c, d];
}
