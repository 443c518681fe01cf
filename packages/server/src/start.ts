import type { RemoteStore } from '@hufu/flow/remote-store';
import type { Store } from '@hufu/store/port';
import { startSealing } from './audit/sealer.ts';
import { startNotifications } from './backchannel/notification-job.ts';
import { systemClock, testClock } from './clock.ts';
import type { ClientConfig, Config } from './config/config.ts';
import type { Context } from './context.ts';
import { FLUSH_MS } from './history/request-history.ts';
import { applyConfig } from './jobs/apply-config.ts';
import { unusedClientRemover } from './jobs/remove-unused-clients.ts';
import { type OpenRedis, openRedis } from './limits/open-redis.ts';
import { storedLimitsOf } from './limits/stored-limits.ts';
import { listen } from './listen.ts';
import type { Log } from './log.ts';
import { startDelivery } from './logout/delivery-job.ts';
import { startMail } from './mail/mail-job.ts';
import { openContext } from './open-context.ts';
import { startRevocationFeed } from './revocation/feed-job.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { serve } from './serve.ts';
import { startWebhooks } from './webhooks/webhook-job.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  /** `HUFU_MASTER_KEY`. */
  readonly masterKey: string | undefined;
  /** Routes beside the server's own: the demo's. */
  readonly extraRoutes?: (ctx: Context) => readonly Route[];
  /** Clients that no configuration describes: the console's. */
  readonly builtInClients?: (ctx: Context) => readonly ClientConfig[];
}

export interface RunningServer {
  readonly context: Context;
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Stops taking requests, finishes those under way, closes the store. */
  close(): Promise<void>;
}

/** Starts the authorization server on an open store. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log } = options;
  let redis: OpenRedis | undefined;
  const openRemote = async (secret: string): Promise<RemoteStore | undefined> => {
    const nodes = config.limits === 'off' ? 1 : config.limits.nodes;
    if (config.redis !== undefined) redis = await openRedis({ url: config.redis, issuer: config.issuer, secret, nodes, log });
    return redis?.store;
  };
  try {
    return await start(options, openRemote, async () => redis?.close());
  } catch (error) {
    // A connection would keep a process that has failed alive.
    await redis?.close();
    throw error;
  }
}

async function start(
  options: ServerOptions,
  openRemote: (secret: string) => Promise<RemoteStore | undefined>,
  closeRemote: () => Promise<void>,
): Promise<RunningServer> {
  const { config, store, log } = options;
  // Only a test server has a clock that can be set: there is nothing in production to switch on by mistake (M27).
  const settable = config.mode === 'test' ? testClock() : undefined;
  const clock = settable ?? systemClock();
  const ctx = await openContext({ config, store, clock, log, masterKey: options.masterKey, openRemote });
  await applyConfig(ctx, seconds(ctx), options.builtInClients?.(ctx));
  await storedLimitsOf(ctx).follow();
  const handle = serve(ctx, [...routes(ctx, settable), ...(options.extraRoutes?.(ctx) ?? [])]);
  const stopFeed = await startRevocationFeed(ctx);
  const listening = await listen(config, handle);
  const stopJobs = startJobs(ctx);
  const stopDelivery = startDelivery(ctx);
  const stopNotifications = startNotifications(ctx);
  const stopMail = startMail(ctx);
  const stopSealing = startSealing(ctx);
  const stopWebhooks = startWebhooks(ctx);
  const { address } = listening;
  const stopMetrics = ctx.metrics.start(address.port);
  if (settable !== undefined && config.issuer.startsWith('https:')) log.warn('mode.test_exposed', { issuer: config.issuer });
  log.info('server.started', { issuer: config.issuer, mode: config.mode, port: address.port, store: store.kind });
  return {
    context: ctx,
    address,
    async close() {
      log.info('server.stopping');
      stopJobs();
      // First of all: its streams end for nobody else.
      await stopFeed();
      await listening.close();
      await stopDelivery();
      await stopNotifications();
      await stopMail();
      await stopWebhooks();
      await closeRemote();
      await ctx.decisions.settled();
      await ctx.history.flush(ctx.clock.nowMs());
      await ctx.passwords.close();
      await stopMetrics();
      // Last of all: whatever else stops may have something to tell.
      await stopSealing();
      await store.close();
      log.info('server.stopped');
    },
  };
}

/** What happens by itself: following other processes, rotating keys, keeping time. */
function startJobs(ctx: Context): () => void {
  const guarded = (name: string, act: () => Promise<void>) => () =>
    act().catch((error: unknown) => {
      ctx.log.error('job.failed', error, { job: name });
    });
  const removeUnused = unusedClientRemover(ctx);
  const stops = [
    ctx.clock.every(
      600_000,
      guarded('remove unused clients', () => removeUnused(seconds(ctx))),
    ),
    ctx.clock.every(
      500,
      guarded('follow keys', () => ctx.keys.follow(seconds(ctx))),
    ),
    ctx.clock.every(
      500,
      guarded('follow limits', () => storedLimitsOf(ctx).follow()),
    ),
    ctx.clock.every(
      60_000,
      guarded('rotate keys', () => ctx.keys.rotateWhenDue(seconds(ctx))),
    ),
    ctx.clock.every(
      FLUSH_MS,
      guarded('write down what was asked', () => ctx.history.flush(ctx.clock.nowMs())),
    ),
    ctx.clock.every(
      30_000,
      guarded('keep time', async () => {
        ctx.clock.align(await ctx.store.time());
        // A test clock's travels are not for the next start.
        if (ctx.config.mode !== 'test') await ctx.store.keepTime(ctx.clock.nowMs());
      }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function seconds(ctx: Context): number {
  return Math.floor(ctx.clock.nowMs() / 1000);
}
