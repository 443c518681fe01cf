import type { GrantId } from '@hufu/protocol/ids';
import type { GrantRecord, Grants } from '../port.ts';
import { admit } from './admit.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { GrantCreation } from './create-grant.ts';
import type { Endings } from './endings.ts';
import type { Eviction } from './evict-devices.ts';
import type { GrantFinder } from './grant-row.ts';
import { listGrants } from './list-grants.ts';
import { Memo } from './memo.ts';
import { ownGrant } from './own-grant.ts';
import type { Participants } from './participants.ts';
import type { RevocationLog } from './revocation-log.ts';
import { revokedTokens } from './revoked-tokens.ts';
import { exchangeCode, rotate } from './take-grant.ts';

/** All of `Grants` but `revokeClient`, which is with the clients. */
export function grants(
  db: Connection,
  counters: Counters,
  log: RevocationLog,
  endings: Endings,
  participants: Participants,
  finder: GrantFinder,
  create: GrantCreation,
  evict: Eviction,
): Omit<Grants, 'revokeClient'> {
  const { find } = finder;
  const memo = new Memo<GrantId, GrantRecord>(db);
  const findEnd = db.lazy('SELECT expires_at, revoked_at FROM grants WHERE tenant = ? AND id = ?');
  const isUser = db.lazy('SELECT 1 FROM users WHERE tenant = ? AND id = ?');

  return {
    createGrant: async (tenant, grant, now) => await db.write(create.begin(tenant, grant, now)),
    admit: admit(db, participants),
    ownGrant: ownGrant(db, counters, endings, find, create.purge),
    exchangeCode: exchangeCode(db, endings, evict, find, memo),
    rotate: rotate(db, find, memo),
    findGrant: (tenant, id) => db.read(() => memo.find(tenant, id, () => find(tenant, id))),
    listGrants: listGrants(db, finder),
    ...revokedTokens(db, log, memo),

    revokeGrant: (tenant, id, reason, now) =>
      db.write(() => {
        const row = findEnd().get(tenant, id) as unknown as [number, number | null] | undefined;
        if (row === undefined) return 'unknown';
        if (row[1] !== null) return 'already';
        endings.revokeGrants(tenant, [[id, row[0]]], reason, now);
        return 'revoked';
      }),

    revokeUser: (tenant, user, reason, now) =>
      db.write(() => {
        if (isUser().get(tenant, user) === undefined) return { revokedGrants: 0 };
        endings.tellUser(tenant, user, reason, now);
        endings.endSessionsOf(tenant, user, undefined, reason, now);
        return { revokedGrants: endings.revokeGrantsOf(tenant, user, reason, now) };
      }),
  };
}
