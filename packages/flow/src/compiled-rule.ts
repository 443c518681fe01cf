import { type AddressRange, isInRanges, readAddressRange } from './address-range.ts';
import { MAX_COST, requireCost } from './algorithm.ts';
import { capacityOf } from './capacity.ts';
import { ABSENT, keyOf, partOf } from './key.ts';
import type { KeyTable } from './key-table.ts';
import type { Ask } from './remote-store.ts';
import type { KeyPart, Rule, Subject } from './rule.ts';

/** A rule, with what is read once and not for each request. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly isShared: boolean;
  /** Where it counts, if it is plain: asked about every request, at the cost of one, in this process, by its own parameters. */
  readonly plain: KeyTable | undefined;
  readonly routes: ReadonlySet<string> | undefined;
  readonly exempt: CompiledExemptions | undefined;
  readonly counts: Counts;
}

/** What came of a rule's requests since the limiter was made. */
export interface Counts {
  allowed: number;
  refused: number;
  shadowRefused: number;
  storeErrors: number;
}

interface CompiledExemptions {
  readonly addresses: readonly AddressRange[];
  readonly clients: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
}

/** @param table where it counts, if that is in this process */
export function compileRule(rule: Rule, counts: Counts, table: KeyTable | undefined): CompiledRule {
  const { exempt, routes, overrides, cost } = rule;
  const isForAll = exempt === undefined && routes === undefined && overrides === undefined && cost === undefined;
  return {
    rule,
    isShared: table === undefined,
    plain: isForAll && rule.shadow !== true && rule.whenAbsent !== 'skip' ? table : undefined,
    routes: routes === undefined ? undefined : new Set(routes),
    exempt:
      exempt === undefined
        ? undefined
        : {
            addresses: (exempt.addresses ?? []).map(readAddressRange).filter((range) => range !== undefined),
            clients: new Set(exempt.clients),
            users: new Set(exempt.users),
          },
    counts,
  };
}

/** Whether the rule has anything to say about such a request. */
export function isMeant({ routes }: CompiledRule, { route }: Subject): boolean {
  return routes === undefined || (route !== undefined && routes.has(route));
}

export function isExempt({ exempt }: CompiledRule, { address, client, user }: Subject): boolean {
  if (exempt === undefined) return false;
  if (client !== undefined && exempt.clients.has(client)) return true;
  if (user !== undefined && exempt.users.has(user)) return true;
  return address !== undefined && exempt.addresses.length > 0 && isInRanges(address, exempt.addresses);
}

/** What the rule is to be asked; undefined: it does not count such a request. Throws a `TypeError` for a given cost that is none. */
export function askOf({ rule }: CompiledRule, subject: Subject, givenCost: number | undefined): Ask | undefined {
  if (givenCost !== undefined) requireCost(givenCost);
  const key = keyOf(subject, rule.key);
  if (key === undefined && rule.whenAbsent === 'skip') return undefined;
  const override = overrideOf(rule, subject);
  const algorithm = override === undefined ? rule.algorithm : (rule.overrides?.values[override] ?? rule.algorithm);
  return {
    rule,
    algorithm,
    override,
    key: key ?? ABSENT,
    cost: givenCost ?? costOf(rule, subject, capacityOf(algorithm)),
    fresh: undefined,
  };
}

function overrideOf({ overrides }: Rule, subject: Subject): string | undefined {
  if (overrides === undefined) return undefined;
  const value = partOf(subject, overrides.part satisfies KeyPart);
  return value !== undefined && Object.hasOwn(overrides.values, value) ? value : undefined;
}

/** @param capacity what a function costs that gives no number */
function costOf({ cost }: Rule, subject: Subject, capacity: number): number {
  if (cost === undefined) return 1;
  if (typeof cost === 'number') return cost;
  try {
    const units = cost(subject);
    // The largest never fits.
    return Number.isFinite(units) ? Math.min(MAX_COST, Math.max(1, Math.ceil(units))) : capacity;
  } catch {
    return capacity;
  }
}
