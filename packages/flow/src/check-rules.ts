import { readAddressRange } from './address-range.ts';
import { MAX_COST } from './algorithm.ts';
import { checkAlgorithm } from './algorithms.ts';
import { isPacing } from './pacing.ts';
import type { KeyPart, Rule } from './rule.ts';

const NAME = /^[a-z0-9-]{1,64}$/;
const MAX_RULES = 1_000;
const MAX_PARTS = 8;
const MAX_OVERRIDES = 500;
const PARTS: ReadonlySet<string> = new Set(['address', 'user', 'client', 'tenant', 'token', 'route', 'account', 'browser']);
/** What overrides may go by: the caller has proven it. */
const PROVEN: ReadonlySet<string> = new Set(['user', 'client', 'tenant']);
const EXEMPTIONS: ReadonlySet<string> = new Set(['addresses', 'clients', 'users']);

/**
 * Throws a `TypeError` that names the rule and what is wrong with it.
 * @param isShared whether a rule's states live in a store that processes share
 */
export function checkRules(rules: readonly Rule[], isShared: (rule: Rule) => boolean): void {
  if (rules.length > MAX_RULES) throw new TypeError(`there are ${rules.length} rules, and room for ${MAX_RULES}`);
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  if (byName.size < rules.length) throw new TypeError('two rules have one name');
  for (const rule of rules) {
    const flaw = findFlaw(rule) ?? findFreshFlaw(rule, byName, isShared);
    if (flaw !== undefined) throw new TypeError(`rule ${rule.name}: ${flaw}`);
  }
  const pacing = rules.filter(({ algorithm, shadow }) => isPacing(algorithm) && shadow !== true);
  for (const [index, one] of pacing.entries()) {
    const other = pacing.slice(index + 1).find((rule) => overlap(one, rule));
    if (other !== undefined) throw new TypeError(`the rules ${one.name} and ${other.name} would both delay one request`);
  }
}

function findFlaw(rule: Rule): string | undefined {
  const { name, algorithm, key, cost, share, routes } = rule;
  if (!NAME.test(name)) return 'a name is lower-case letters, digits and -, 64 at most';
  if (key.length > MAX_PARTS) return `a key has ${MAX_PARTS} parts at most`;
  if (!key.every(isPart)) return 'there is no such part of a key';
  if (typeof cost === 'number' && !(Number.isInteger(cost) && cost >= 1 && cost <= MAX_COST)) return 'cost is a whole number of 1 or more';
  if (share !== undefined && !(share > 0 && share <= 1)) return 'share is above 0 and at most 1';
  if (routes !== undefined && routes.length === 0) return 'routes names none';
  return checkAlgorithm(algorithm) ?? findExemptionFlaw(rule) ?? findOverrideFlaw(rule);
}

function isPart(part: KeyPart): boolean {
  if (typeof part === 'string') return PARTS.has(part);
  return 'header' in part ? part.header !== '' : 'claim' in part && part.claim !== '';
}

function findExemptionFlaw({ exempt = {} }: Rule): string | undefined {
  const unknown = Object.keys(exempt).find((name) => !EXEMPTIONS.has(name));
  if (unknown !== undefined) return `nobody is exempt by ${unknown}: it is not proven`;
  const unread = exempt.addresses?.find((address) => readAddressRange(address) === undefined);
  return unread === undefined ? undefined : `exempt: ${unread} is neither an address nor a range`;
}

function findOverrideFlaw({ overrides }: Rule): string | undefined {
  if (overrides === undefined) return undefined;
  const { part, values } = overrides;
  if (typeof part === 'string' ? !PROVEN.has(part) : !('claim' in part))
    return 'overrides go by what is proven: user, client, tenant or a claim';
  const algorithms = Object.values(values);
  if (algorithms.length > MAX_OVERRIDES) return `there are ${algorithms.length} overrides, and room for ${MAX_OVERRIDES}`;
  for (const algorithm of algorithms) {
    const flaw = checkAlgorithm(algorithm);
    if (flaw !== undefined) return `overrides: ${flaw}`;
  }
  return undefined;
}

function findFreshFlaw(rule: Rule, byName: ReadonlyMap<string, Rule>, isShared: (rule: Rule) => boolean): string | undefined {
  if (rule.spareFresh === undefined) return undefined;
  const other = byName.get(rule.spareFresh);
  if (other === undefined || other === rule) return `spareFresh: there is no other rule ${rule.spareFresh}`;
  return isShared(other) === isShared(rule) ? undefined : `spareFresh: the rule ${other.name} lives in another store`;
}

function overlap(one: Rule, other: Rule): boolean {
  return one.routes === undefined || other.routes === undefined || one.routes.some((route) => other.routes?.includes(route) === true);
}
