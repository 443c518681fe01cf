import type { Store } from '../port.ts';
import { clients } from './clients.ts';
import type { Connection } from './connection.ts';
import { consents } from './consents.ts';
import { Counters } from './counters.ts';
import { grantCreation } from './create-grant.ts';
import { decisions } from './decisions.ts';
import { deliveries } from './deliveries.ts';
import { endings } from './endings.ts';
import { grantFinder } from './grant-row.ts';
import { grants } from './grants.ts';
import { keys } from './keys.ts';
import { marks } from './marks.ts';
import { participants } from './participants.ts';
import { pendingAuthorizations } from './pending-authorizations.ts';
import { pushedRequests } from './pushed-requests.ts';
import { revocationLog } from './revocation-log.ts';
import { sessions } from './sessions.ts';
import { tenants } from './tenants.ts';
import { users } from './users.ts';

/** All verbs over one connection to a migrated database. `close` is done with the files; writes are settled before. */
export function sqliteStore(kind: 'sqlite' | 'memory', db: Connection, close: () => Promise<void>): Store {
  const counters = new Counters(db);
  const { append, ...log } = revocationLog(db, counters);
  const { make, ...delivering } = deliveries(db, counters);
  const ending = endings(db, { append, ...log }, { make });
  const participating = participants(db);
  const creation = grantCreation(db, counters, ending, participating);
  const keepTime = db.lazy(
    "INSERT INTO counters (tenant, name, value) VALUES (0, 'time', ?1) ON CONFLICT DO UPDATE SET value = max(value, ?1)",
  );
  let closing: Promise<void> | undefined;
  return {
    kind,
    time: () => db.read(() => counters.find(0, 'time')),
    keepTime: (nowMs) => db.write(() => void keepTime().run(nowMs)),
    close: () => {
      closing ??= db.settle().then(close);
      return closing;
    },
    ...tenants(db, counters),
    ...clients(db, counters, { append, ...log }),
    ...users(db, counters, ending),
    ...sessions(db, counters, ending, participating),
    ...consents(db, ending),
    ...grants(db, counters, { append, ...log }, ending, participating, grantFinder(db), creation),
    ...pushedRequests(db, counters),
    ...pendingAuthorizations(db, counters, creation),
    ...marks(db),
    ...keys(db, counters, { append, ...log }),
    ...decisions(db),
    ...log,
    ...delivering,
  };
}
