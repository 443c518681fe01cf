import type { TenantId } from '@hufu/protocol/ids';
import type { Acting, Store } from '@hufu/store/port';
import type { Passwords } from './accounts/passwords.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { DecisionJournal } from './decisions/journal.ts';
import type { RequestHistory } from './history/request-history.ts';
import type { KeyRing } from './keys/key-ring.ts';
import type { ServerLimits } from './limits/server-limits.ts';
import type { Log } from './log.ts';
import type { NodeMetrics } from './metrics/node-metrics.ts';
import type { Random } from './random.ts';

/** What an endpoint may reach. Made once at the start; nobody changes it. */
export interface Context {
  readonly config: Config;
  /** `config.issuer`, byte for byte. */
  readonly issuer: string;
  readonly tenant: TenantId;
  readonly store: Store;
  /** Who changes what is changed with `store` where nobody else says who it is: the server itself, or the CLI. */
  readonly actor: Acting['actor'];
  /** Signs an entry of the audit log, with a key that is not in the database (`actingAs`). */
  readonly signAudit: (text: string) => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyRing;
  readonly decisions: DecisionJournal;
  readonly history: RequestHistory;
  readonly passwords: Passwords;
  readonly limits: ServerLimits;
  readonly metrics: NodeMetrics;
  readonly log: Log;
}
