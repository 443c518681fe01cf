import { requireText, writeError } from '../encoding.ts';
import type { Mail, Mails } from '../port.ts';
import { MAIL_KEPT_SECONDS, MAX_MAIL, MAX_WAITING_MAILS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { purger } from './purge.ts';

export function mails(db: Connection, counters: Counters): Mails {
  const countWaiting = db.lazy(
    'SELECT count(*) FROM (SELECT 1 FROM mails INDEXED BY mails_due WHERE tenant = ? AND due_at IS NOT NULL LIMIT ?)',
  );
  const insert = db.lazy(`INSERT INTO mails (tenant, id, sealed, attempt, due_at, created_at, expires_at, error)
    VALUES (?1, ?2, ?3, 0, ?4, ?4, ?5, NULL)`);
  const isDue = db.lazy('SELECT 1 FROM mails INDEXED BY mails_due WHERE tenant = ? AND due_at <= ? LIMIT 1');
  const findDue = db.lazy(`SELECT id, sealed, attempt, created_at, expires_at FROM mails INDEXED BY mails_due
    WHERE tenant = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?`);
  const lease = db.lazy('UPDATE mails SET attempt = ?, due_at = ? WHERE tenant = ? AND id = ?');
  const bury = db.lazy(`UPDATE mails SET sealed = '', due_at = NULL, error = coalesce(error, ?) WHERE tenant = ? AND id = ?`);
  const isLast = 'tenant = ? AND id = ? AND attempt = ? AND due_at IS NOT NULL';
  const remove = db.lazy(`DELETE FROM mails WHERE ${isLast}`);
  const postpone = db.lazy(`UPDATE mails SET error = ?, due_at = ? WHERE ${isLast} AND expires_at > ?`);
  const giveUp = db.lazy(`UPDATE mails SET sealed = '', error = ?, due_at = NULL WHERE ${isLast}`);
  const purge = purger(
    db,
    `DELETE FROM mails WHERE tenant = ?1 AND id IN
      (SELECT id FROM mails INDEXED BY mails_by_end WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );

  return {
    async putMail(tenant, sealed, expiresAt, now) {
      requireText('a mail', sealed, MAX_MAIL);
      return await db.write(() => {
        const [waiting] = countWaiting().get(tenant, MAX_WAITING_MAILS) as unknown as [number];
        if (waiting >= MAX_WAITING_MAILS) return 'full';
        insert().run(tenant, counters.nextOfBlock(tenant, 'mail'), sealed, now, expiresAt);
        purge(tenant, now - MAIL_KEPT_SECONDS, 1);
        return 'put';
      });
    },

    async takeMails(tenant, limit, leaseSeconds, now) {
      // As with deliveries: the lock of writers only where there is something.
      if (await db.read(() => isDue().get(tenant, now) === undefined)) return [];
      return await db.write(() =>
        (findDue().all(tenant, now, limit) as unknown as Row[]).flatMap(([id, sealed, attempt, createdAt, expiresAt]): Mail[] => {
          if (expiresAt <= now) {
            bury().run('too late', tenant, id);
            return [];
          }
          lease().run(attempt + 1, now + leaseSeconds, tenant, id);
          return [{ id, sealed, attempt: attempt + 1, createdAt, expiresAt }];
        }),
      );
    },

    settleMail: (tenant, id, attempt, outcome, now) =>
      db.write(() => {
        if (outcome.kind === 'sent') {
          remove().run(tenant, id, attempt);
          return;
        }
        const error = writeError(outcome.error);
        const { dueAt } = outcome;
        if (dueAt !== undefined && postpone().run(error, dueAt, tenant, id, attempt, Math.max(dueAt, now)).changes === 1) return;
        giveUp().run(error, tenant, id, attempt);
      }),
  };
}

type Row = [id: number, sealed: string, attempt: number, createdAt: number, expiresAt: number];
