import type { GrantId } from '@hufu/protocol/ids';
import type { GrantRecord, Grants } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Memo } from './memo.ts';
import { purger } from './purge.ts';
import type { RevocationLog } from './revocation-log.ts';

/** Access tokens that were revoked one by one (RFC 7009 §2). */
export function revokedTokens(
  db: Connection,
  log: RevocationLog,
  memo: Memo<GrantId, GrantRecord>,
): Pick<Grants, 'revokeToken' | 'findRevokedToken'> {
  const markGrant = db.lazy('UPDATE grants SET has_revoked_tokens = 1 WHERE tenant = ? AND id = ? AND revoked_at IS NULL');
  const insert = db.lazy('INSERT INTO revoked_tokens (tenant, grant_id, token, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const find = db.lazy('SELECT 1 FROM revoked_tokens WHERE tenant = ? AND grant_id = ? AND token = ?');
  const purge = purger(
    db,
    `DELETE FROM revoked_tokens WHERE (tenant, grant_id, token) IN
      (SELECT tenant, grant_id, token FROM revoked_tokens WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );
  return {
    revokeToken: (tenant, grant, token, expiresAt, now) =>
      expiresAt <= now
        ? Promise.resolve()
        : db.write(() => {
            if (markGrant().run(tenant, grant).changes === 0) return db.unchanged();
            memo.drop(tenant, grant);
            if (insert().run(tenant, grant, token, expiresAt).changes === 0) return db.unchanged();
            log.append(tenant, [{ kind: 'token', subject: token, reason: 'revoked_by_client', expiresAt }], now);
            purge(tenant, now - FALL_AFTER_SECONDS, 1);
          }),
    findRevokedToken: (tenant, grant, token) => db.read(() => find().get(tenant, grant, token) !== undefined),
  };
}
