import { bell } from '../bell.ts';
import type { Store } from '../port.ts';
import { administrators } from './administrators.ts';
import { audited, auditLog } from './audit.ts';
import { challenges } from './challenges.ts';
import { clients } from './clients.ts';
import type { Connection } from './connection.ts';
import { consents } from './consents.ts';
import { Counters } from './counters.ts';
import { grantCreation } from './create-grant.ts';
import { credentials } from './credentials.ts';
import { decisions } from './decisions.ts';
import { userDeletion } from './delete-user.ts';
import { deliveries } from './deliveries.ts';
import { pendingDenial } from './deny-pendings.ts';
import { devices } from './devices.ts';
import { edgeSessions } from './edge-sessions.ts';
import { endings } from './endings.ts';
import { eviction } from './evict-devices.ts';
import { factors } from './factors.ts';
import { forgottenConsents } from './forgotten-consents.ts';
import { grantFinder } from './grant-row.ts';
import { grants } from './grants.ts';
import { history } from './history.ts';
import { identities, linkedIdentities } from './identities.ts';
import { keptReplies } from './kept-replies.ts';
import { keys } from './keys.ts';
import { knownDevices } from './known-devices.ts';
import { limitRules } from './limit-rules.ts';
import { mails } from './mails.ts';
import { marks } from './marks.ts';
import { metrics } from './metrics.ts';
import { participants } from './participants.ts';
import { pendingAuthorizations } from './pending-authorizations.ts';
import { pushedRequests } from './pushed-requests.ts';
import { revocationFollowers } from './revocation-followers.ts';
import { revocationLog } from './revocation-log.ts';
import { searches } from './searches.ts';
import { sessions } from './sessions.ts';
import { statuses } from './statuses.ts';
import { tenants } from './tenants.ts';
import { tries } from './tries.ts';
import { userCredentials } from './user-credentials.ts';
import { userEvents } from './user-events.ts';
import { users } from './users.ts';
import { verifiedEmails } from './verified-emails.ts';
import { webhooks } from './webhooks.ts';

/** All verbs over one connection to a migrated database. `close` is done with the files; writes are settled before. */
export function sqliteStore(kind: 'sqlite' | 'memory', db: Connection, close: () => Promise<void>): Store {
  const counters = new Counters(db);
  const { append, ...log } = revocationLog(db, counters, bell());
  const { make, makeFor, ...delivering } = deliveries(db, counters);
  const ending = endings(db, { append }, { make });
  const participating = participants(db);
  const known = knownDevices(db, counters);
  const evictions = eviction(db, ending, { makeFor }, known);
  const credential = credentials(db);
  const emails = verifiedEmails(db);
  const linked = linkedIdentities(db);
  const deletion = userDeletion(db, credential, ending, pendingDenial(db));
  const forgotten = forgottenConsents(db);
  const creation = grantCreation(db, counters, ending, participating);
  const keepTime = db.lazy(
    "INSERT INTO counters (tenant, name, value) VALUES (0, 'time', ?1) ON CONFLICT DO UPDATE SET value = max(value, ?1)",
  );
  let closing: Promise<void> | undefined;
  return audited(db, counters, {
    kind,
    latency: db.latency,
    time: () => db.read(() => counters.find(0, 'time')),
    keepTime: (nowMs) => db.write(() => void keepTime().run(nowMs)),
    close: () => {
      closing ??= db.settle().then(close);
      return closing;
    },
    ...tenants(db, counters),
    ...clients(db, counters, { append }, forgotten),
    ...users(db, counters, credential, emails, linked, ending, deletion),
    ...userCredentials(db, credential, emails, ending),
    ...sessions(db, counters, credential, ending, participating, known),
    ...devices(db, credential, ending, known, evictions),
    ...consents(db, counters, ending, forgotten),
    ...grants(db, counters, { append }, ending, participating, grantFinder(db), creation, evictions.makeRoom),
    ...pushedRequests(db, counters),
    ...pendingAuthorizations(db, counters, creation),
    ...marks(db),
    ...keys(db, counters, { append }),
    ...decisions(db),
    ...factors(db, counters, credential),
    ...tries(db),
    ...challenges(db, counters, credential),
    ...mails(db, counters),
    ...identities(db, linked, credential, ending),
    ...userEvents(db, counters, credential),
    ...limitRules(db, counters),
    ...edgeSessions(db, counters),
    ...administrators(db),
    ...keptReplies(db),
    ...searches(db),
    ...metrics(db),
    ...history(db, counters),
    ...log,
    ...revocationFollowers(db),
    ...statuses(db, counters),
    ...delivering,
    ...auditLog(db),
    ...webhooks(db),
  });
}
