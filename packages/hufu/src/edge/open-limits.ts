import { type ChangingEdgeLimits, edgeLimits } from '@hufu/gateway/limits/edge-limits';
import type { Config } from '@hufu/server/config/config';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import type { Context } from '@hufu/server/context';
import { type OpenRedis, openRedis } from '@hufu/server/limits/open-redis';
import type { Log } from '@hufu/server/log';
import { RefusedError } from '../command.ts';
import { edgeLimitOf, followLimits } from './follow-limits.ts';
import type { OwnStore } from './open-sessions.ts';

/** Limits of a gateway, with where they are counted. */
export interface OpenLimits {
  /** Undefined: there are none. */
  readonly limits: ChangingEdgeLimits | undefined;
  close(): Promise<void>;
}

/**
 * Opens what `gateway.limits` says, and what the store says instead of it or beside it.
 *
 * @param kept the store that servers share; undefined: nothing is changed while the gateway runs.
 * @throws TypeError for limits that cannot be
 */
export async function openLimits(
  config: Config,
  written: GatewayConfig,
  log: Log,
  { server, kept }: { readonly server: Context | undefined; readonly kept: OwnStore | undefined },
): Promise<OpenLimits> {
  if (written.limits.length === 0 && kept === undefined) return { limits: undefined, close: async () => undefined };
  let redis: OpenRedis | undefined;
  // One that is set while it runs may be.
  const isShared = kept !== undefined || written.limits.some(({ rule }) => rule.scope !== 'process');
  if (config.redis !== undefined && isShared)
    redis = await openRedis({
      url: config.redis,
      issuer: config.issuer,
      of: 'edge',
      secret: secretOf(written, server),
      nodes: config.limits === 'off' ? 1 : config.limits.nodes,
      log,
    });
  try {
    const issuer = written.issuers[0]?.issuer ?? config.issuer;
    const parts = { routes: written.routes, issuer, ...(redis === undefined ? {} : { remote: redis.store }) };
    const limits = edgeLimits(written.limits.map(edgeLimitOf), parts);
    const stop = kept === undefined ? undefined : await followLimits({ limits, written: written.limits, parts, kept, log });
    const close = async (): Promise<void> => {
      await stop?.();
      await redis?.close();
    };
    return { limits, close };
  } catch (error) {
    await redis?.close();
    throw error;
  }
}

/** The same at all gateways that count together: nobody reads from Redis who is counted. */
function secretOf({ secrets: [newest], name }: GatewayConfig, server: Context | undefined): string {
  if (newest !== undefined) return `edge limits ${newest.reveal()}`;
  if (server !== undefined) return server.keys.keyedHash('edge limits', name);
  throw new RefusedError('gateway.secret: is needed where gateways that run alone count in a Redis, the same at all of them');
}
