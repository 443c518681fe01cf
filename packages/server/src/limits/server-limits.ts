import { capacityOf } from '@hufu/flow/capacity';
import { checkRules } from '@hufu/flow/check-rules';
import { createLimiter } from '@hufu/flow/create-limiter';
import type { Limiter, Outcome, RuleSnapshot } from '@hufu/flow/limiter';
import { checkShared } from '@hufu/flow/redis/check-shared';
import type { RemoteStore } from '@hufu/flow/remote-store';
import type { Rule, Subject } from '@hufu/flow/rule';
import { monotonicMs } from '../clock.ts';
import type { Config, LimitRule } from '../config/config.ts';
import { BUILTIN_NAMES, BUILTINS, type BuiltinName, type BuiltinRate, builtinRule, type LimitSwitch } from './builtin.ts';
import { NO_REQUEST_LIMITS, type RequestLimits, requestLimits } from './request-limits.ts';

/** What one attempt took of the server's own limits. */
export type Taken =
  /** `refund` gives back what was taken, as far as time has not: what somebody else took stays taken. */
  { readonly kind: 'taken'; refund(): void } | Limited;

export interface Limited {
  readonly kind: 'limited';
  /** At least 1. */
  readonly retryAfterSeconds: number;
  /** The limit that refused: for decision records. */
  readonly rule: BuiltinName;
}

/** What is set while the server runs, by name: it stands before the configuration. */
export interface LimitChanges {
  readonly builtin: ReadonlyMap<BuiltinName, BuiltinRate>;
  readonly rules: ReadonlyMap<string, LimitRule>;
}

/** How much there may be of what: the server's own limits and those of the configuration, over one limiter. */
export interface ServerLimits {
  /** Takes one from each of the server's own limits that are named, or from none. Never rejects. */
  take(names: readonly BuiltinName[], subject: Subject): Promise<Taken>;
  /** The same at once; for those that each node counts by itself. */
  takeNow(names: readonly BuiltinName[], subject: Subject): Taken;
  /** Whether so large a part of one of their bursts is used up. Takes nothing. */
  isWorn(names: readonly BuiltinName[], subject: Subject, part: number): Promise<boolean>;
  /** How each limit fares in this process, by name. */
  snapshot(): readonly RuleSnapshot[];
  /** The configuration's limits on requests, as they are now. */
  readonly requests: RequestLimits;
  /** Throws a `TypeError`, and then changes nothing, where limits cannot stand beside each other. */
  change(changes: LimitChanges): void;
}

export interface ServerLimitsOptions {
  readonly config: Pick<Config, 'limits' | 'policies'>;
  /** The server's clock, which tests set. */
  readonly nowMs: () => number;
  /** Where limits live that nodes share; undefined: in this process, all of them. */
  readonly remote: RemoteStore | undefined;
  /** The process's own clock, which nobody sets. */
  readonly passedMs?: () => number;
}

const NOTHING: Taken = { kind: 'taken', refund: () => undefined };

export function serverLimits({ config, nowMs, remote, passedMs = monotonicMs }: ServerLimitsOptions): ServerLimits {
  const written = config.limits === 'off' ? { builtin: new Map<BuiltinName, BuiltinRate>(), rules: [] } : config.limits;
  const hasRemote = remote !== undefined;
  const known = new WeakMap<readonly BuiltinName[], readonly BuiltinName[]>();
  /** The same list for the same list: the limiter finds its rules by it. */
  const on = (names: readonly BuiltinName[]): readonly BuiltinName[] => {
    const there = known.get(names) ?? names.filter((name) => !isOff(config, BUILTINS[name].switch));
    known.set(names, there);
    return there;
  };
  const usual = rulesOf(written.builtin, written.rules, { builtin: new Map(), rules: new Map() });
  const store = remote === undefined ? {} : { store: remote };
  const limiter = createLimiter({ rules: usual.rules, clocks: { monotonicMs: nowMs, wallMs: nowMs }, ...store });
  // Followers of the revocation log pass time of their own, which no test stops.
  const feed = createLimiter({ rules: usual.feed, clocks: { monotonicMs: passedMs, wallMs: nowMs } });
  let requests = config.limits === 'off' ? NO_REQUEST_LIMITS : requestLimits(limiter, usual.requests, hasRemote);

  const limiterOf = (names: readonly BuiltinName[]): Limiter => (names.some((name) => BUILTINS[name].scope === 'feed') ? feed : limiter);

  return {
    async take(names, subject) {
      const rules = on(names);
      return rules.length === 0 ? NOTHING : takenOf(limiter, await limiter.take(subject, { rules }));
    },
    takeNow(names, subject) {
      const rules = on(names);
      if (rules.length === 0) return NOTHING;
      const one = limiterOf(rules);
      return takenOf(one, one.takeNow(subject, { rules }));
    },
    async isWorn(names, subject, part) {
      const rules = on(names);
      if (rules.length === 0) return false;
      const { rules: outcomes } = await limiter.look(subject, { rules });
      return outcomes.some(({ rule, decision }) => {
        const burst = capacityOf(rule.algorithm);
        return burst - decision.remaining >= Math.ceil(part * burst);
      });
    },
    snapshot: () => [...limiter.snapshot(), ...feed.snapshot()],
    get requests() {
      return requests;
    },
    change(changes) {
      const all = rulesOf(written.builtin, written.rules, changes);
      limiter.replace(all.rules);
      feed.replace(all.feed);
      if (config.limits !== 'off') requests = requestLimits(limiter, all.requests, hasRemote);
    },
  };
}

/** Why the changes cannot stand beside each other and the configuration's limits, here or in a Redis that other nodes may have; undefined: they can. */
export function checkLimits({ limits }: Pick<Config, 'limits'>, changes: LimitChanges): string | undefined {
  const { builtin, rules } = limits === 'off' ? { builtin: new Map<BuiltinName, BuiltinRate>(), rules: [] } : limits;
  const all = rulesOf(builtin, rules, changes);
  try {
    checkRules(all.rules, isShared);
    checkRules(all.feed, () => false);
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  return checkShared(all.rules.filter(isShared), limits === 'off' ? 1 : limits.nodes);
}

function isShared({ scope }: Rule): boolean {
  return scope !== 'process';
}

function isOff({ limits, policies }: Pick<Config, 'limits' | 'policies'>, by: LimitSwitch): boolean {
  if (by === 'none') return false;
  return (by !== 'limits' && policies.bruteForce === 'off') || (by !== 'brute_force' && limits === 'off');
}

interface AllRules {
  readonly rules: readonly Rule[];
  readonly feed: readonly Rule[];
  readonly requests: readonly LimitRule[];
}

function rulesOf(builtin: ReadonlyMap<BuiltinName, BuiltinRate>, written: readonly LimitRule[], changes: LimitChanges): AllRules {
  const own = (isFeed: boolean): readonly Rule[] =>
    BUILTIN_NAMES.filter((name) => (BUILTINS[name].scope === 'feed') === isFeed).map((name) =>
      builtinRule(name, changes.builtin.get(name) ?? builtin.get(name)),
    );
  const requests = new Map(written.map((rule) => [rule.rule.name, rule]));
  for (const [name, rule] of changes.rules) requests.set(name, rule);
  return { rules: [...own(false), ...[...requests.values()].map(({ rule }) => rule)], feed: own(true), requests: [...requests.values()] };
}

function takenOf(limiter: Limiter, outcome: Outcome): Taken {
  if (outcome.allowed) return { kind: 'taken', refund: () => limiter.refund(outcome) };
  const rule = BUILTIN_NAMES.find((name) => name === outcome.rule);
  if (rule === undefined) throw new TypeError(`${outcome.rule} is no limit of the server’s own`);
  return { kind: 'limited', retryAfterSeconds: Math.max(1, Math.ceil(outcome.retryAfterMs / 1000)), rule };
}
