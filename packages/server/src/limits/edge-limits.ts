import { checkRules } from '@hufu/flow/check-rules';
import type { LimitRuleRecord } from '@hufu/store/port';
import type { GatewayConfig, GatewayLimitConfig } from '../config/gateway-config.ts';
import type { Json } from '../config/node.ts';
import { type ReadEdgeLimit, readEdgeLimit } from '../config/read-limit.ts';
import type { Context } from '../context.ts';

/** How limits of the edge are called beside those of the server. */
const EDGE = 'edge:';

/** The name that a rule of the edge has in the configuration; undefined for a limit of the server. */
export function edgeNameOf(name: string): string | undefined {
  return name.startsWith(EDGE) ? name.slice(EDGE.length) : undefined;
}

/** What a rule of the edge is called beside the server's limits. */
export function edgeLimitName(name: string): string {
  return EDGE + name;
}

export function nameOfEdgeLimit({ rule }: GatewayLimitConfig): string {
  return edgeLimitName(rule.name);
}

/** Limits of an edge as they hold. */
export interface EdgeStanding {
  readonly limits: readonly GatewayLimitConfig[];
  /** Why others that were set while it runs do not, by their names with `edge:`. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * What the records make of the limits of a gateway. Those that cannot be read, or cannot stand beside the configuration and those that were set before them, are left out.
 *
 * @param check why limits cannot be together; undefined: they can.
 */
export function readEdgeStanding(
  written: readonly GatewayLimitConfig[],
  records: readonly Pick<LimitRuleRecord, 'name' | 'rule' | 'changedAt'>[],
  check: (limits: readonly GatewayLimitConfig[]) => string | undefined,
): EdgeStanding {
  const problems = new Map<string, string>();
  let standing = new Map(written.map((limit) => [limit.rule.name, limit]));
  for (const { name, rule } of records.toSorted((one, other) => one.changedAt - other.changedAt)) {
    const own = edgeNameOf(name);
    if (own === undefined) continue;
    const read = readStoredEdgeLimit(own, rule);
    if (read.kind === 'refused') {
      problems.set(name, read.reason);
      continue;
    }
    const next = new Map(standing).set(own, read.limit);
    const flaw = check([...next.values()]);
    if (flaw === undefined) standing = next;
    else problems.set(name, flaw);
  }
  return { limits: [...standing.values()], problems };
}

/** Limits of the edge as the server knows them: by the gateway of its own configuration, where it has one. */
export function edgeStandingOf(
  { config: { gateway } }: Pick<Context, 'config'>,
  records: readonly Pick<LimitRuleRecord, 'name' | 'rule' | 'changedAt'>[],
): EdgeStanding {
  return readEdgeStanding(gateway?.limits ?? [], records, (limits) => findFlaw(gateway, limits));
}

/** What can be said without a gateway that runs: how they stand beside each other, and whether there are such routes. */
function findFlaw(gateway: GatewayConfig | undefined, limits: readonly GatewayLimitConfig[]): string | undefined {
  const names = gateway === undefined ? undefined : new Set(gateway.routes.map(({ name }) => name));
  for (const { rule } of limits) {
    const unknown = rule.routes?.find((route) => names?.has(route) === false);
    if (unknown !== undefined) return `limit ${rule.name}: there is no route ${unknown}`;
  }
  try {
    checkRules(
      limits.map(({ rule }) => rule),
      ({ scope }) => scope !== 'process',
    );
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

function readStoredEdgeLimit(name: string, rule: string): ReadEdgeLimit {
  try {
    return readEdgeLimit(name, JSON.parse(rule) as Json);
  } catch {
    return { kind: 'refused', reason: 'is not JSON' };
  }
}
