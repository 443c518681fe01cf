import type { Store } from '../port.ts';
import { clients } from './clients.ts';
import { consents } from './consents.ts';
import { grantCreation } from './create-grant.ts';
import type { Database, Statement } from './database.ts';
import { decisions } from './decisions.ts';
import { deliveries } from './deliveries.ts';
import { grants } from './grants.ts';
import { keys } from './keys.ts';
import { marks } from './marks.ts';
import { pendingAuthorizations } from './pending-authorizations.ts';
import { purge } from './purge.ts';
import { pushedRequests } from './pushed-requests.ts';
import { reservedIds } from './reserved-ids.ts';
import { revocations } from './revocation-log.ts';
import { sessions } from './sessions.ts';
import { statistics } from './statistics.ts';
import { tenants } from './tenants.ts';
import { users } from './users.ts';

/** All verbs over a migrated database. */
export function postgresStore(db: Database): Store {
  const ids = reservedIds(db);
  const statistic = statistics(db);
  const purging = purge(db, statistic);
  const creation = grantCreation(ids, purging, statistic);
  return {
    kind: 'postgres',
    async time() {
      const [row] = await db.run<{ ms: number }>(READ_CLOCK, []);
      if (row === undefined) throw new Error('no clock');
      return row.ms;
    },
    keepTime: () => Promise.resolve(),
    async close() {
      await Promise.all([purging.settle(), statistic.settle()]);
      await db.close();
    },
    ...tenants(db),
    ...clients(db, purging, statistic),
    ...users(db, purging, statistic),
    ...sessions(db, ids, purging),
    ...consents(db, purging, statistic),
    ...grants(db, ids, purging, statistic, creation),
    ...pushedRequests(db, ids, purging),
    ...pendingAuthorizations(db, ids, purging, creation),
    ...marks(db, purging),
    ...keys(db, purging),
    ...decisions(db, statistic),
    ...revocations(db),
    ...deliveries(db),
  };
}

const READ_CLOCK: Statement = { name: 'read_clock', text: 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms' };
