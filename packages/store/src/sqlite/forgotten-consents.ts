import type { ClientId, TenantId } from '@hufu/protocol/ids';
import { FORGOTTEN_CLIENTS, FORGOTTEN_ROWS } from '../retention.ts';
import type { Connection } from './connection.ts';
import { purger } from './purge.ts';

/** How consents are forgotten together: all of them at once, their rows a bounded number at a time. Inside a write. */
export interface ForgottenConsents {
  /** Those that were given to a client before it had this epoch. */
  forget(tenant: TenantId, client: ClientId, beforeEpoch: number): void;
  /** Lets some rows fall, as part of writing others. */
  purge(tenant: TenantId, now: number, inserted: number): void;
}

export function forgottenConsents(db: Connection): ForgottenConsents {
  const remove = db.lazy(`DELETE FROM consents WHERE (tenant, user_id, client_id) IN (
    SELECT tenant, user_id, client_id FROM consents INDEXED BY consents_by_epoch
    WHERE tenant = ? AND client_id = ? AND coalesce(client_epoch, -1) < ? LIMIT ?)`);
  const put = db.lazy(
    `INSERT INTO forgotten_consents (tenant, client_id, before_epoch) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET before_epoch = max(before_epoch, ?3)`,
  );
  const olds = `(SELECT tenant, client_id, before_epoch FROM forgotten_consents WHERE tenant = ?1 ORDER BY client_id LIMIT ${FORGOTTEN_CLIENTS}) AS old`;
  const dead = 'd.tenant = old.tenant AND d.client_id = old.client_id AND coalesce(d.client_epoch, -1) < old.before_epoch';
  const purge = purger(
    db,
    // Behind the consents, so that what has none left goes with the last of them.
    `DELETE FROM forgotten_consents WHERE (tenant, client_id) IN (
      SELECT old.tenant, old.client_id FROM ${olds}
      WHERE NOT EXISTS (SELECT 1 FROM consents d INDEXED BY consents_by_epoch WHERE ${dead}) AND ?2 = ?2 LIMIT ?3)`,
    [],
    `DELETE FROM consents WHERE (tenant, user_id, client_id) IN (
      SELECT d.tenant, d.user_id, d.client_id FROM ${olds} CROSS JOIN consents d INDEXED BY consents_by_epoch ON ${dead} WHERE ?2 = ?2 LIMIT ?3)`,
  );
  return {
    forget(tenant, client, beforeEpoch) {
      const { changes } = remove().run(tenant, client, beforeEpoch, FORGOTTEN_ROWS);
      if (changes >= FORGOTTEN_ROWS) put().run(tenant, client, beforeEpoch);
    },
    purge,
  };
}
