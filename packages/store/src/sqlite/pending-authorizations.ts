import type { ClientId, GrantId, TenantId, UserId } from '@hufu/protocol/ids';
import {
  isNotified,
  PENDING_COLUMNS,
  type PendingRow,
  readPending,
  requireApproval,
  requireMatch,
  requireOpenable,
  whyUndecidable,
} from '../pending.ts';
import type { PendingAuthorization, PendingAuthorizations } from '../port.ts';
import { PENDING_KEPT_SECONDS, SLOW_DOWN_SECONDS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { GrantCreation } from './create-grant.ts';
import { purger } from './purge.ts';

export function pendingAuthorizations(db: Connection, counters: Counters, create: GrantCreation): PendingAuthorizations {
  const from = (index = ''): string => `SELECT ${PENDING_COLUMNS} FROM pending_authorizations p ${index} WHERE p.tenant = ?`;
  const findById = db.lazy(`${from()} AND p.id = ?`);
  const findByCode = db.lazy(
    `${from('INDEXED BY pending_authorizations_by_code')} AND p.user_code_hash = ? AND p.user_code_hash IS NOT NULL AND p.expires_at > ?`,
  );
  const listOfUser = db.lazy(
    `${from('INDEXED BY pending_authorizations_by_user')} AND p.user_id = ? AND p.expires_at > ? AND p.decision = 'pending'
      AND p.kind = 'backchannel' ORDER BY p.id DESC LIMIT ?`,
  );
  const isClient = db.lazy('SELECT 1 FROM clients WHERE tenant = ? AND client_id = ?');
  const countOpen = (index: string, column: string, condition: string): ReturnType<Connection['lazy']> =>
    db.lazy(`SELECT count(*) FROM (SELECT 1 FROM pending_authorizations INDEXED BY ${index}
      WHERE tenant = ? AND ${column} = ? AND decision = 'pending' AND expires_at > ? ${condition} LIMIT ?)`);
  const countOfClient = countOpen('pending_authorizations_by_client', 'client_id', '');
  const countOfUser = countOpen('pending_authorizations_by_user', 'user_id', `AND kind = 'backchannel'`);
  const releaseCode = db.lazy(`UPDATE pending_authorizations INDEXED BY pending_authorizations_by_code SET user_code_hash = NULL
    WHERE tenant = ? AND user_code_hash = ? AND user_code_hash IS NOT NULL AND expires_at <= ?`);
  const insert =
    db.lazy(`INSERT INTO pending_authorizations (tenant, id, kind, client_id, secret_hash, user_code_hash, user_id, request, created_at,
    expires_at, interval_seconds, polled_at, decision, grant_id, attempt, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 'pending', NULL, 0, NULL)`);
  const notePolled = db.lazy('UPDATE pending_authorizations SET polled_at = ?, interval_seconds = ? WHERE tenant = ? AND id = ?');
  const findPolled = db.lazy(`SELECT ${PENDING_COLUMNS}, p.polled_at FROM pending_authorizations p WHERE p.tenant = ? AND p.id = ?`);
  const decide = db.lazy(
    'UPDATE pending_authorizations SET decision = ?, user_id = ?, grant_id = ?, due_at = ? WHERE tenant = ? AND id = ?',
  );
  const due = 'FROM pending_authorizations p INDEXED BY pending_authorizations_due WHERE p.tenant = ? AND p.due_at <= ?';
  const isDue = db.lazy(`SELECT 1 ${due} LIMIT 1`);
  const findDue = db.lazy(`SELECT ${PENDING_COLUMNS}, p.attempt ${due} ORDER BY p.due_at, p.id LIMIT ?`);
  const lease = db.lazy('UPDATE pending_authorizations SET attempt = ?, due_at = ? WHERE tenant = ? AND id = ?');
  const settle = db.lazy('UPDATE pending_authorizations SET due_at = ? WHERE tenant = ? AND id = ? AND attempt = ? AND due_at IS NOT NULL');
  const purge = purger(
    db,
    `DELETE FROM pending_authorizations WHERE tenant = ?1 AND id IN
      (SELECT id FROM pending_authorizations WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );

  const find = (tenant: TenantId, id: number): PendingRow | undefined => {
    const row = findById().get(tenant, id) as unknown as PendingColumns | undefined;
    return row === undefined ? undefined : nameColumns(row);
  };

  return {
    async openPending(tenant, pending, { maxOpen, maxOpenOfUser }, now) {
      requireOpenable(pending);
      const { kind, clientId, secretHash, userCodeHash, userId, expiresAt, intervalSeconds } = pending;
      const request = JSON.stringify(pending.request);
      return await db.write(() => {
        if (isClient().get(tenant, clientId) === undefined) throw new TypeError(`no client ${clientId}`);
        const [ofClient] = countOfClient().get(tenant, clientId, now, maxOpen) as unknown as [number];
        if (ofClient >= maxOpen) return { kind: 'full' };
        if (userId !== undefined) {
          const [ofUser] = countOfUser().get(tenant, userId, now, maxOpenOfUser) as unknown as [number];
          if (ofUser >= maxOpenOfUser) return { kind: 'full' };
        }
        if (userCodeHash !== undefined) {
          if (findByCode().get(tenant, userCodeHash, now) !== undefined) return { kind: 'taken' };
          releaseCode().run(tenant, userCodeHash, now);
        }
        const id = counters.nextOfBlock(tenant, 'pending');
        const values = [clientId, secretHash, userCodeHash ?? null, userId ?? null, request, now, expiresAt, intervalSeconds];
        insert().run(tenant, id, kind, ...values);
        purge(tenant, now - PENDING_KEPT_SECONDS, 1);
        return { kind: 'opened', id };
      });
    },

    findPending: (tenant, id) => db.read(() => readFound(find(tenant, id))),

    findPendingByUserCode: (tenant, userCodeHash, now) =>
      db.read(() => {
        const row = findByCode().get(tenant, userCodeHash, now) as unknown as PendingColumns | undefined;
        return row === undefined ? undefined : readPending(nameColumns(row));
      }),

    listPendingOfUser: (tenant, user, limit, now) =>
      db.read(() =>
        (listOfUser().all(tenant, user, now, limit) as unknown as PendingColumns[]).map((row) => readPending(nameColumns(row))),
      ),

    notePoll: (tenant, id, now) =>
      db.write(() => {
        const columns = findPolled().get(tenant, id) as unknown as [...PendingColumns, number | null] | undefined;
        if (columns === undefined) return { kind: 'unknown' };
        const row = nameColumns(columns);
        if (row.decision !== 'pending' || row.expires_at <= now) return { kind: 'on_time', pending: readPending(row) };
        const polledAt = columns[POLLED_AT];
        const isTooSoon = polledAt !== null && polledAt + row.interval_seconds > now;
        const intervalSeconds = row.interval_seconds + (isTooSoon ? SLOW_DOWN_SECONDS : 0);
        notePolled().run(now, intervalSeconds, tenant, id);
        return { kind: isTooSoon ? 'too_soon' : 'on_time', pending: { ...readPending(row), intervalSeconds } };
      }),

    async approvePending(tenant, id, grant, now) {
      const { userId, codeHash } = requireApproval(grant);
      const createGrant = create.begin(tenant, grant, now);
      return await db.write(() => {
        const row = find(tenant, id);
        const why = whyUndecidable(row, userId, now);
        if (row === undefined || why !== undefined) return { kind: why ?? 'unknown' };
        requireMatch(row, grant, codeHash);
        const made = createGrant();
        if (made.kind === 'refused') return made;
        decide().run('approved', userId, made.id, isNotified(row) ? now : null, tenant, id);
        return { kind: 'approved', grantId: made.id };
      });
    },

    denyPending: (tenant, id, user, now) =>
      db.write(() => {
        const row = find(tenant, id);
        const why = whyUndecidable(row, user, now);
        if (row === undefined || why !== undefined) return why ?? 'unknown';
        decide().run('denied', user, null, isNotified(row) ? now : null, tenant, id);
        return 'denied';
      }),

    async takeNotifications(tenant, limit, leaseSeconds, now) {
      // As with deliveries: the lock of writers only where there is something.
      if (await db.read(() => isDue().get(tenant, now) === undefined)) return [];
      return await db.write(() =>
        (findDue().all(tenant, now, limit) as unknown as [...PendingColumns, number][]).map((columns) => {
          const row = nameColumns(columns);
          const attempt = columns[ATTEMPT] + 1;
          lease().run(attempt, now + leaseSeconds, tenant, row.id);
          return { pending: readPending(row), attempt };
        }),
      );
    },

    settleNotification: (tenant, id, attempt, dueAt) => db.write(() => void settle().run(dueAt ?? null, tenant, id, attempt)),
  };
}

/** `PENDING_COLUMNS`. */
export type PendingColumns = [
  id: number,
  kind: PendingAuthorization['kind'],
  clientId: ClientId,
  secretHash: string,
  userCodeHash: string | null,
  userId: UserId | null,
  request: string,
  createdAt: number,
  expiresAt: number,
  intervalSeconds: number,
  decision: PendingRow['decision'],
  grantId: GrantId | null,
];

/** What a statement selects after `PENDING_COLUMNS`. */
const ATTEMPT = 12;
const POLLED_AT = 12;

export function nameColumns(row: PendingColumns | [...PendingColumns, number | null]): PendingRow {
  return {
    id: row[0],
    kind: row[1],
    client_id: row[2],
    secret_hash: row[3],
    user_code_hash: row[4],
    user_id: row[5],
    request: row[6],
    created_at: row[7],
    expires_at: row[8],
    interval_seconds: row[9],
    decision: row[10],
    grant_id: row[11],
  };
}

function readFound(row: PendingRow | undefined): PendingAuthorization | undefined {
  return row === undefined ? undefined : readPending(row);
}
