import type { ClientId, TenantId, UserId } from '@hufu/protocol/ids';
import { joinLists, readList, writeList } from '../encoding.ts';
import type { ConsentRecord, Consents } from '../port.ts';
import { isStanding } from '../standing-consent.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings } from './endings.ts';
import type { ForgottenConsents } from './forgotten-consents.ts';

const COLUMNS = 'user_id, client_id, scopes, resources, granted_at, updated_at';

export function consents(db: Connection, counters: Counters, endings: Endings, { purge }: ForgottenConsents): Consents {
  const stands = isStanding('consents');
  const find = db.lazy(`SELECT ${COLUMNS} FROM consents WHERE tenant = ? AND user_id = ? AND client_id = ? AND ${stands}`);
  const list = db.lazy(`SELECT ${COLUMNS} FROM consents WHERE tenant = ? AND user_id = ? AND ${stands} ORDER BY client_id`);
  // One that stands no more gives way.
  const put = db.lazy(
    `INSERT OR REPLACE INTO consents (tenant, ${COLUMNS}, client_epoch)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce((SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?3), ?8)`,
  );
  const remove = db.lazy('DELETE FROM consents WHERE tenant = ? AND user_id = ? AND client_id = ?');

  const readThere = (tenant: TenantId, user: UserId, client: ClientId): ConsentRecord | undefined => {
    const row = find().get(tenant, user, client) as unknown as Row | undefined;
    return row === undefined ? undefined : readConsent(row);
  };

  return {
    findConsent: (tenant, user, client) => db.read(() => readThere(tenant, user, client)),
    listConsents: (tenant, user) => db.read(() => (list().all(tenant, user) as unknown as Row[]).map(readConsent)),

    giveConsent: (tenant, user, client, scopes, resources, now) =>
      db.write(() => {
        const there = readThere(tenant, user, client);
        const consent: ConsentRecord = {
          userId: user,
          clientId: client,
          scopes: joinLists(there?.scopes ?? [], scopes),
          resources: joinLists(there?.resources ?? [], resources),
          grantedAt: there?.grantedAt ?? now,
          updatedAt: now,
        };
        const lists = [writeList(consent.scopes), writeList(consent.resources)];
        // A client that is not there yet (it has a document) has the epoch that it will begin with.
        put().run(tenant, user, client, ...lists, consent.grantedAt, now, counters.find(tenant, 'client'));
        purge(tenant, now, 1);
        return consent;
      }),

    withdrawConsent: (tenant, user, client, now) =>
      db.write(() => {
        const { changes } = remove().run(tenant, user, client);
        const revokedGrants = endings.revokeGrantsBetween(tenant, user, client, 'consent_withdrawn', now);
        if (changes === 0 && revokedGrants === 0) db.unchanged();
        return { revokedGrants };
      }),
  };
}

type Row = [UserId, ClientId, string, string, number, number];

function readConsent([userId, clientId, scopes, resources, grantedAt, updatedAt]: Row): ConsentRecord {
  return { userId, clientId, scopes: readList(scopes), resources: readList(resources), grantedAt, updatedAt };
}
