import { NOBODY } from '../audit/write-entry.ts';
import { type Bell, bell as ownBell } from '../bell.ts';
import type { Acting, Store } from '../port.ts';
import { administrators } from './administrators.ts';
import { auditLog } from './audit.ts';
import { auditedVerbs } from './audited.ts';
import { challenges } from './challenges.ts';
import { clients } from './clients.ts';
import { consents } from './consents.ts';
import { grantCreation } from './create-grant.ts';
import type { Database, Statement } from './database.ts';
import { decisions } from './decisions.ts';
import { deliveries } from './deliveries.ts';
import { devices } from './devices.ts';
import { edgeSessions } from './edge-sessions.ts';
import { factors } from './factors.ts';
import { grants } from './grants.ts';
import { history } from './history.ts';
import { identities } from './identities.ts';
import { keptReplies } from './kept-replies.ts';
import { keys } from './keys.ts';
import { limitRules } from './limit-rules.ts';
import { mails } from './mails.ts';
import { marks } from './marks.ts';
import { metrics } from './metrics.ts';
import { pendingAuthorizations } from './pending-authorizations.ts';
import { ENDED_ENTRIES, type Purge, purge } from './purge.ts';
import { pushedRequests } from './pushed-requests.ts';
import { reservedIds } from './reserved-ids.ts';
import { revocationFollowers } from './revocation-followers.ts';
import { revocations } from './revocation-log.ts';
import { searches } from './searches.ts';
import { sessions } from './sessions.ts';
import { statistics } from './statistics.ts';
import { statuses } from './statuses.ts';
import { tenants } from './tenants.ts';
import { tries } from './tries.ts';
import { userCredentials } from './user-credentials.ts';
import { userEvents } from './user-events.ts';
import { users } from './users.ts';
import { webhooks } from './webhooks.ts';

/** All verbs over a migrated database. Without a `bell` that others hear, they find out by looking. */
export function postgresStore(db: Database, bell: Bell & { ready?(): Promise<void>; close?(): Promise<void> } = ownBell()): Store {
  const ids = reservedIds(db);
  const statistic = statistics(db);
  const purging = ringing(purge(db, statistic), bell);
  const creation = grantCreation(ids, purging, statistic);
  const auditedBy = auditedVerbs({ db, ids, purge: purging, statistics: statistic, bell });
  const { revokeNoted, ...granting } = grants(db, ids, purging, statistic, creation);
  const verbs: Omit<Store, 'actingAs' | 'revokeGrant'> = {
    kind: 'postgres',
    latency: db.latency,
    async time() {
      const [row] = await db.run<{ ms: number }>(READ_CLOCK, []);
      if (row === undefined) throw new Error('no clock');
      return row.ms;
    },
    keepTime: () => Promise.resolve(),
    async close() {
      await Promise.all([purging.settle(), statistic.settle(), bell.close?.()]);
      await db.close();
    },
    ...tenants(db),
    ...clients(db, purging, statistic),
    ...users(db, purging, statistic),
    ...sessions(db, ids, purging, statistic),
    ...devices(db, purging),
    ...userCredentials(db, purging),
    ...consents(db, purging),
    ...granting,
    ...pushedRequests(db, ids, purging),
    ...pendingAuthorizations(db, ids, purging, creation),
    ...marks(db, purging),
    ...keys(db, purging),
    ...decisions(db, statistic),
    ...revocations(db, bell),
    ...revocationFollowers(db),
    ...statuses(db),
    ...deliveries(db),
    ...factors(db, ids, statistic),
    ...tries(db, purging),
    ...challenges(db, ids, purging),
    ...mails(db, ids, purging),
    ...identities(db, purging, statistic),
    ...userEvents(db, ids, statistic),
    ...limitRules(db),
    ...edgeSessions(db, purging),
    ...administrators(db),
    ...keptReplies(db, purging),
    ...searches(db),
    ...metrics(db),
    ...history(db, statistic),
    ...auditLog(db, statistic),
    ...webhooks(db),
  };
  const actingAs = (acting: Acting): Store => ({
    ...verbs,
    ...auditedBy(acting),
    revokeGrant: (...args) => revokeNoted(acting, args),
    actingAs,
  });
  return actingAs(NOBODY);
}

/** Every verb that has written to the revocation log counts its entries, once they are committed. */
function ringing(purging: Purge, bell: Bell): Purge {
  return {
    ...purging,
    count(tenant, ended, inserted, now) {
      if (ended === ENDED_ENTRIES && inserted > 0) bell.ring(tenant);
      purging.count(tenant, ended, inserted, now);
    },
  };
}

const READ_CLOCK: Statement = { name: 'read_clock', text: 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms' };
