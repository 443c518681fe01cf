import { pause, systemClock } from '@hufu/client/clock';
import { type ChangingEdgeLimits, checkLimits, type EdgeLimit, type EdgeLimitsParts } from '@hufu/gateway/limits/edge-limits';
import type { GatewayLimitConfig } from '@hufu/server/config/gateway-config';
import { readEdgeStanding } from '@hufu/server/limits/edge-limits';
import type { Log } from '@hufu/server/log';
import type { OwnStore } from './open-sessions.ts';

const LOOK_MS = 500;

/** What limits of a gateway are changed by. */
export interface FollowedLimits {
  readonly limits: ChangingEdgeLimits;
  readonly written: readonly GatewayLimitConfig[];
  readonly parts: Pick<EdgeLimitsParts, 'routes' | 'remote'>;
  readonly kept: OwnStore;
  readonly log: Log;
}

/**
 * Keeps the limits of a gateway as the store has them: what is set through the admin API or the command line holds here within a second. A store that is away changes nothing.
 *
 * @returns what ends it, once it has looked for the first time.
 */
export async function followLimits(followed: FollowedLimits): Promise<() => Promise<void>> {
  const closing = new AbortController();
  const { signal } = closing;
  let version = await look(followed, -1).catch(() => -1);
  const running = (async () => {
    for (;;) {
      await pause(systemClock, LOOK_MS, signal, 'nothing').catch(() => undefined);
      if (signal.aborted) return;
      version = await look(followed, version).catch(() => version);
    }
  })();
  return async () => {
    closing.abort(new Error('closed'));
    await running;
  };
}

/** What a limit of the configuration is to a gateway. */
export function edgeLimitOf({ rule, methods, failedCost }: GatewayLimitConfig): EdgeLimit {
  return { rule, failedCost, ...(methods === undefined ? {} : { methods }) };
}

/** Answers the version that holds here by now. */
async function look({ limits, written, parts, kept: { store, tenant }, log }: FollowedLimits, known: number): Promise<number> {
  if ((await store.limitRulesVersion(tenant)) === known) return known;
  const { version, rules } = await store.listLimitRules(tenant);
  const standing = readEdgeStanding(written, rules, (all) => flawOf(all.map(edgeLimitOf), parts));
  for (const [name, reason] of standing.problems) log.warn('limits.unreadable', { name, reason: reason.slice(0, 500) });
  limits.replace(standing.limits.map(edgeLimitOf));
  if (known >= 0) log.info('limits.reloaded', { version, limits: standing.limits.length, of: 'edge' });
  return version;
}

function flawOf(limits: readonly EdgeLimit[], parts: FollowedLimits['parts']): string | undefined {
  try {
    checkLimits(limits, parts);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
