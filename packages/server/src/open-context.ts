import type { RemoteStore } from '@hufu/flow/remote-store';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import type { Acting, Store } from '@hufu/store/port';
import { passwords } from './accounts/passwords.ts';
import { actingAs } from './audit/acting.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Context } from './context.ts';
import { decisionJournal } from './decisions/journal.ts';
import { requestHistory } from './history/request-history.ts';
import { openKeyRing } from './keys/key-ring.ts';
import { findMasterKey } from './keys/master-key.ts';
import { serverLimits } from './limits/server-limits.ts';
import type { Log } from './log.ts';
import { nodeMetrics } from './metrics/node-metrics.ts';
import { systemRandom } from './random.ts';

/** On top of the longest life of an access token, so that ID tokens (which live an hour) and sign-out hints are covered as well. */
const VERIFY_MARGIN_SECONDS = 3_600;
/** A retired key stays a day at least. */
const MIN_TOKEN_SECONDS = 86_400;

export interface ContextOptions {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Who changes what is changed where nobody else says who it is; by default the server itself. */
  readonly actor?: Acting['actor'];
  /** `HUFU_MASTER_KEY`. */
  readonly masterKey: string | undefined;
  /**
   * Opens what holds the limits of all nodes; a command has no need of it.
   *
   * @param secret the same on all nodes.
   */
  readonly openRemote?: (secret: string) => Promise<RemoteStore | undefined>;
}

/** Everything that endpoints and commands reach, from a store and a configuration: time aligned, tenant there, keys open. */
export async function openContext(options: ContextOptions): Promise<Context> {
  const { config, clock, log, openRemote } = options;
  clock.align(await options.store.time());
  const now = Math.floor(clock.nowMs() / 1000);
  const tenant = (await options.store.ensureTenant('default')).id;
  const hasKeys = (await options.store.listKeys(tenant)).length > 0;
  const master = findMasterKey(options.masterKey, config.dataDir, hasKeys);
  const signAudit = (text: string): string => master.mac(text, 'audit log');
  const actor = options.actor ?? { kind: 'system', id: '' };
  const store = actingAs({ store: options.store, clock, signAudit }, { actor });
  const keys = await openKeyRing(
    {
      store,
      tenant,
      master,
      algorithms: config.signing.algorithms,
      rotateEverySeconds: config.signing.rotateEverySeconds,
      verifySeconds: longestTokenSeconds(config) + VERIFY_MARGIN_SECONDS,
      log,
    },
    now,
  );
  const remote = await openRemote?.(keys.keyedHash('limits', config.issuer));
  const random = systemRandom();
  const limits = serverLimits({ config, nowMs: clock.nowMs, remote });
  const metrics = nodeMetrics({ store, tenant, clock, log, instance: random.text(12), limits: () => limits.snapshot() });
  return {
    config,
    issuer: config.issuer,
    tenant,
    store,
    actor,
    signAudit,
    clock,
    random,
    keys,
    decisions: decisionJournal({ store, tenant, random, log, meter: metrics.meter }),
    history: requestHistory(store, tenant, log),
    passwords: passwords(),
    limits,
    metrics,
    log,
  };
}

function longestTokenSeconds(config: Config): number {
  const ofResources = config.resources.map((resource) => resource.tokenTtlSeconds);
  const ofClients = config.clients.map(({ metadata }) => {
    const read = readClientMetadata(metadata, { source: 'store' });
    return read.kind === 'refused' ? 0 : (read.metadata.settings.accessTokenTtlSeconds ?? 0);
  });
  // A reduction, since 10,000 clients are too many arguments for some.
  return [...ofResources, ...ofClients].reduce((longest, seconds) => Math.max(longest, seconds), MIN_TOKEN_SECONDS);
}
