import type { Grants } from '../port.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_ENTRIES, ENDED_TOKENS, type Purge } from './purge.ts';
import { entriesOf } from './revocation-log.ts';

/** Access tokens that were revoked one by one (RFC 7009 §2). */
export function revokedTokens(db: Database, purge: Purge): Pick<Grants, 'revokeToken' | 'findRevokedToken'> {
  return {
    async revokeToken(tenant, grant, token, expiresAt, now) {
      if (expiresAt <= now) return;
      const rows = await db.run(REVOKE_TOKEN, [tenant, now, grant, token, expiresAt]);
      if (rows.length === 0) db.unchanged?.();
      purge.count(tenant, ENDED_TOKENS, rows.length, now);
      purge.count(tenant, ENDED_ENTRIES, rows.length, now);
    },

    async findRevokedToken(tenant, grant, token) {
      const rows = await db.run(FIND_TOKEN, [tenant, grant, token]);
      return rows.length > 0;
    },
  };
}

/** Grant before token before log: the order in which rows are locked everywhere. */
const REVOKE_TOKEN: Statement = {
  name: 'revoke_token',
  text: `WITH marked AS (
      UPDATE grants g SET has_revoked_tokens = 1 WHERE g.tenant = $1::bigint AND g.id = $3::bigint AND g.revoked_at IS NULL RETURNING g.id),
    kept AS (
      INSERT INTO revoked_tokens (tenant, grant_id, token, expires_at) SELECT $1::bigint, marked.id, $4::text, $5::bigint FROM marked
      ON CONFLICT (tenant, grant_id, token) DO NOTHING
      RETURNING token, expires_at),
    ${entriesOf(`SELECT 'token' AS kind, token AS subject, 'revoked_by_client' AS reason, expires_at, 1 AS rank FROM kept`)}
    SELECT token FROM kept`,
};

const FIND_TOKEN: Statement = {
  name: 'find_revoked_token',
  text: 'SELECT grant_id FROM revoked_tokens WHERE tenant = $1::bigint AND grant_id = $2::bigint AND token = $3::text',
};
