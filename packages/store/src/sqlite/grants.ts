import type { GrantId, TenantId } from '@hufu/protocol/ids';
import type { GrantFilter, GrantRecord, Grants } from '../port.ts';
import { admit } from './admit.ts';
import type { Connection, Lazy } from './connection.ts';
import type { Counters } from './counters.ts';
import type { GrantCreation } from './create-grant.ts';
import type { Endings } from './endings.ts';
import type { Eviction } from './evict-devices.ts';
import { type GrantFinder, type GrantRow, selectGrant } from './grant-row.ts';
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

/** `revoked_at` and the client's epoch are what the indexes know; expiry is not looked at. */
function listGrants(db: Connection, { complete }: GrantFinder): Grants['listGrants'] {
  const select = (where: string, index: string): Lazy =>
    db.lazy(
      `${selectGrant(index)} WHERE g.tenant = ? AND g.revoked_at IS NULL AND g.client_epoch = c.epoch ${where} AND g.id < ? ORDER BY g.id DESC LIMIT ?`,
    );
  const all = select('', '');
  const ofUser = select('AND g.user_id = ?', 'INDEXED BY grants_by_user');
  const ofClient = db.lazy(
    `${selectGrant('INDEXED BY grants_by_client')} WHERE g.tenant = ? AND g.client_id = ? AND g.revoked_at IS NULL
     AND g.client_epoch = (SELECT epoch FROM clients WHERE tenant = g.tenant AND client_id = g.client_id) AND g.id < ? ORDER BY g.id DESC LIMIT ?`,
  );
  const ofBoth = select('AND g.user_id = ? AND g.client_id = ?', 'INDEXED BY grants_by_user');
  const rows = (tenant: TenantId, { userId: user, clientId: client, before: last }: GrantFilter, limit: number): unknown[] => {
    const before = last ?? LAST_ID;
    if (user === undefined) return client === undefined ? all().all(tenant, before, limit) : ofClient().all(tenant, client, before, limit);
    return client === undefined ? ofUser().all(tenant, user, before, limit) : ofBoth().all(tenant, user, client, before, limit);
  };
  return (tenant, filter, limit) =>
    db.read((): GrantRecord[] => (rows(tenant, filter, limit) as GrantRow[]).map((row) => complete(tenant, row)));
}

/** No id is as large. */
const LAST_ID: number = Number.MAX_SAFE_INTEGER;
