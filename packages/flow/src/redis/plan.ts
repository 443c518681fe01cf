import { isPlainKey } from '../key.ts';
import type { Ask } from '../remote-store.ts';
import type { AlgorithmRule, Rule } from '../rule.ts';
import { tagOf } from '../tag.ts';
import { keyName } from './key-names.ts';
import { parametersOf } from './lua/kinds.ts';
import { scriptApart } from './lua/scripts.ts';
import { shareOf } from './share.ts';

/** An ask as its store goes about it. May be held for long, so it has nothing of the key in clear: that may be a token. */
export interface Plan {
  readonly rule: Rule;
  readonly algorithm: AlgorithmRule;
  /** As of the ask. */
  readonly fresh: number | undefined;
  /** The key in Redis. */
  readonly name: string;
  readonly prepared: Prepared;
}

/** What is reckoned once of a rule and its parameters. */
export interface Prepared {
  readonly kind: string;
  /** @param nowMs by this process's clock */
  readonly parameters: (nowMs: number) => readonly number[];
  /** For requests of this rule alone. */
  readonly apart: string;
  /** What it is sent beside the costs: nothing, as the parameters stand in it; but overrides, of which there are many, and calendars send theirs. */
  readonly sent: (nowMs: number) => readonly number[];
  /** Of the algorithm and its parameters: another one, and the state is another. */
  readonly tag: string;
  /** Of what its keys are made. */
  readonly parts: string;
  /** Whether no part of its keys is a secret. */
  readonly isPlain: boolean;
  /** Of keys that came lately. */
  readonly names: Map<string, string>;
  /** What this process allows by itself. */
  readonly alone: AlgorithmRule;
  /** How long a refusal is believed; 0: not at all. */
  readonly blockMs: number;
}

/** Others may give back what they took: a refusal is asked about again soon. */
const BLOCK_MS = 1_000;
/** Time alone helps. */
const BLOCK_WITHOUT_REFUNDS_MS = 60_000;
/** Of each rule. */
const MAX_NAMES = 10_000;
const NOTHING: readonly number[] = [];
const DEFAULT_SHARE = 0.5;

/** Makes plans of asks, for one prefix and secret. */
export class Planner {
  readonly #prefix: string;
  readonly #secret: Uint8Array;
  readonly #prepared = new WeakMap<Rule, Map<AlgorithmRule, Prepared>>();

  constructor(prefix: string, secret: Uint8Array) {
    this.#prefix = prefix;
    this.#secret = secret;
  }

  plan(ask: Ask): Plan {
    const prepared = this.#prepare(ask.rule, ask.algorithm);
    return { rule: ask.rule, algorithm: ask.algorithm, fresh: ask.fresh, prepared, name: this.#nameOf(ask, prepared) };
  }

  /** A hash of some microseconds, for keys that come again and again; but nothing secret is kept to save it. */
  #nameOf(ask: Ask, prepared: Prepared): string {
    if (!prepared.isPlain || ask.override !== undefined) return keyName(this.#prefix, this.#secret, prepared, ask);
    const known = prepared.names.get(ask.key);
    if (known !== undefined) return known;
    const name = keyName(this.#prefix, this.#secret, prepared, ask);
    if (prepared.names.size >= MAX_NAMES) prepared.names.clear();
    prepared.names.set(ask.key, name);
    return name;
  }

  #prepare(rule: Rule, algorithm: AlgorithmRule): Prepared {
    let ofRule = this.#prepared.get(rule);
    if (ofRule === undefined) this.#prepared.set(rule, (ofRule = new Map()));
    let prepared = ofRule.get(algorithm);
    if (prepared === undefined) ofRule.set(algorithm, (prepared = prepare(rule, algorithm)));
    return prepared;
  }
}

function prepare(rule: Rule, algorithm: AlgorithmRule): Prepared {
  const parameters = parametersOf(algorithm);
  if (parameters === undefined) throw new TypeError(`rule ${rule.name}: ${algorithm.kind} does not live in Redis`);
  const isFixed = algorithm === rule.algorithm && algorithm.kind !== 'quota';
  const capMs = rule.refunds === false ? BLOCK_WITHOUT_REFUNDS_MS : BLOCK_MS;
  return {
    kind: algorithm.kind,
    parameters,
    apart: scriptApart(algorithm.kind, isFixed ? parameters(0) : undefined),
    sent: isFixed ? () => NOTHING : parameters,
    tag: tagOf(algorithm),
    parts: JSON.stringify(rule.key),
    isPlain: isPlainKey(rule.key),
    names: new Map(),
    alone: shareOf(algorithm, rule.share ?? DEFAULT_SHARE),
    blockMs: rule.spareFresh === undefined ? capMs : 0,
  };
}
