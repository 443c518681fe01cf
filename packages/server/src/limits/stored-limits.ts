import type { LimitRuleRecord } from '@hufu/store/port';
import type { Config, LimitRule } from '../config/config.ts';
import type { Json } from '../config/node.ts';
import { type ReadLimit, readLimit } from '../config/read-limit.ts';
import type { Context } from '../context.ts';
import type { BuiltinName, BuiltinRate } from './builtin.ts';
import { isBuiltinName } from './builtin.ts';
import { edgeNameOf } from './edge-limits.ts';
import { checkLimits, type LimitChanges } from './server-limits.ts';

/** How many limits may be set while the server runs. */
export const MAX_STORED_LIMITS = 500;
/** Characters of one, as JSON. */
export const MAX_LIMIT_LENGTH = 32_768;

/** What is in the store, as it reads. */
export function readStored({ name, rule }: Pick<LimitRuleRecord, 'name' | 'rule'>): ReadLimit {
  let value: Json;
  try {
    value = JSON.parse(rule) as Json;
  } catch {
    return { kind: 'refused', reason: 'is not JSON' };
  }
  return readLimit(name, value);
}

/** Stored limits as they hold. */
export interface Standing {
  readonly changes: LimitChanges;
  /** Why the others do not, by name. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * What the records change. Those that cannot be read, or cannot stand beside the configuration and those that were set before them, are left out:
 * the configuration may be another by now.
 */
export function readStanding(
  config: Pick<Config, 'limits'>,
  stored: readonly Pick<LimitRuleRecord, 'name' | 'rule' | 'changedAt'>[],
): Standing {
  // Those of the edge are its own.
  const records = stored.filter(({ name }) => edgeNameOf(name) === undefined);
  const problems = new Map<string, string>();
  const all = noChanges();
  for (const record of records) {
    const read = readStored(record);
    if (read.kind === 'refused') problems.set(record.name, read.reason);
    else add(all, record.name, read);
  }
  if (checkLimits(config, all) === undefined) return { changes: all, problems };
  let changes = noChanges();
  for (const { name } of records.toSorted((one, other) => one.changedAt - other.changedAt)) {
    const more = { builtin: new Map(changes.builtin), rules: new Map(changes.rules) };
    const [rate, rule] = [isBuiltinName(name) ? all.builtin.get(name) : undefined, all.rules.get(name)];
    if (rate !== undefined) add(more, name, { kind: 'builtin', rate });
    if (rule !== undefined) add(more, name, { kind: 'rule', rule });
    const flaw = checkLimits(config, more);
    if (flaw === undefined) changes = more;
    else problems.set(name, flaw);
  }
  return { changes, problems };
}

interface Changes {
  readonly builtin: Map<BuiltinName, BuiltinRate>;
  readonly rules: Map<string, LimitRule>;
}

function noChanges(): Changes {
  return { builtin: new Map(), rules: new Map() };
}

function add({ builtin, rules }: Changes, name: string, read: Exclude<ReadLimit, { readonly kind: 'refused' }>): void {
  if (read.kind === 'rule') rules.set(name, read.rule);
  else if (isBuiltinName(name)) builtin.set(name, read.rate);
}

/** Keeps the limits of this process as the store has them: what was set while a server runs holds on every node. */
export class StoredLimits {
  readonly #ctx: Context;
  /** What holds here; -1: nothing was read yet. */
  #version = -1;
  #records: ReadonlyMap<string, LimitRuleRecord> = new Map();
  #following: Promise<void> | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** Looks whether anybody has changed anything, and then does as the store says. One look at a time: who comes meanwhile has the next. */
  async follow(): Promise<void> {
    const before = this.#following;
    const own = (async () => {
      await before?.catch(() => undefined);
      await this.#look();
    })();
    this.#following = own;
    try {
      await own;
    } finally {
      if (this.#following === own) this.#following = undefined;
    }
  }

  async #look(): Promise<void> {
    const { config, store, tenant, limits, log } = this.#ctx;
    const isFirst = this.#version < 0;
    if (!isFirst && (await store.limitRulesVersion(tenant)) === this.#version) return;
    const { version, rules } = await store.listLimitRules(tenant);
    if (version === this.#version) return;
    const { changes, problems } = readStanding(config, rules);
    for (const [name, reason] of problems) log.warn('limits.unreadable', { name, reason: reason.slice(0, 500) });
    try {
      limits.change(changes);
    } catch (error) {
      // What held goes on.
      log.error('limits.unreadable', error, { version });
    }
    this.#version = version;
    const changed = this.#note(rules);
    if (isFirst && rules.length > 0)
      log.warn('limits.overridden', {
        names: listed(rules.map(({ name }) => name)),
      });
    else if (!isFirst) log.info('limits.reloaded', { version, limits: rules.length, ...changed });
  }

  /** What is another than at the last look, and who says so. What was taken back is there no more, and nor is who did it. */
  #note(rules: readonly LimitRuleRecord[]): Readonly<Record<'names' | 'changed_by', string>> {
    const before = this.#records;
    this.#records = new Map(rules.map((record) => [record.name, record]));
    const set = rules.filter(({ name, rule, changedBy }) => {
      const known = before.get(name);
      return known?.rule !== rule || known.changedBy !== changedBy;
    });
    const gone = [...before.keys()].filter((name) => !this.#records.has(name));
    return {
      names: listed([...set.map(({ name }) => name), ...gone]),
      changed_by: listed([...new Set(set.map(({ changedBy }) => changedBy))]),
    };
  }
}

function listed(names: readonly string[]): string {
  return names.join(' ').slice(0, 500);
}

const followers = new WeakMap<Context, StoredLimits>();

/** The one of this process. It only moves by itself where the server has started. */
export function storedLimitsOf(ctx: Context): StoredLimits {
  let there = followers.get(ctx);
  if (there === undefined) followers.set(ctx, (there = new StoredLimits(ctx)));
  return there;
}
