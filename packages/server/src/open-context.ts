import type { Store } from '@hufu/store/port';
import { bruteForce, noBruteForce } from './accounts/brute-force.ts';
import { passwords } from './accounts/passwords.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Context } from './context.ts';
import { decisionJournal } from './decisions/journal.ts';
import { openKeyRing } from './keys/key-ring.ts';
import { findMasterKey } from './keys/master-key.ts';
import type { Log } from './log.ts';
import { systemRandom } from './random.ts';

export interface ContextOptions {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** `HUFU_MASTER_KEY`. */
  readonly masterKey: string | undefined;
}

/** Everything that endpoints and commands reach, from a store and a configuration: time aligned, tenant there, keys open. */
export async function openContext({ config, store, clock, log, masterKey }: ContextOptions): Promise<Context> {
  clock.align(await store.time());
  const now = Math.floor(clock.nowMs() / 1000);
  const tenant = (await store.ensureTenant('default')).id;
  const hasKeys = (await store.listKeys(tenant)).length > 0;
  const keys = await openKeyRing(
    {
      store,
      tenant,
      master: findMasterKey(masterKey, config.dataDir, hasKeys),
      algorithms: config.signing.algorithms,
      rotateEverySeconds: config.signing.rotateEverySeconds,
      log,
    },
    now,
  );
  const random = systemRandom();
  return {
    config,
    issuer: config.issuer,
    tenant,
    store,
    clock,
    random,
    keys,
    decisions: decisionJournal(store, tenant, random, log),
    passwords: passwords(),
    bruteForce: config.policies.bruteForce === 'off' ? noBruteForce() : bruteForce(),
    log,
  };
}
