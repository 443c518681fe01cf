import type { TenantId } from '@hufu/protocol/ids';
import type { UserRecord } from '../port.ts';
import { deletedName } from '../username.ts';
import { raiseVersion } from './credentials.ts';
import type { Session, Statement } from './database.ts';
import { endUser, type Told } from './end-user.ts';

/** In a transaction that has locked the user. Rows in the order that `endings.ts` tells. */
export async function deleteUser(session: Session, tenant: TenantId, { id, authVersion }: UserRecord, now: number): Promise<Told> {
  await raiseVersion(session, tenant, id, authVersion, undefined);
  await session.run(EMPTY, [tenant, id, deletedName(id), now]);
  await session.run(DENY_PENDINGS, [tenant, id, now]);
  const forget = async (): Promise<void> => {
    for (const statement of THEIRS) await session.run(statement, [tenant, id]);
  };
  await session.run(REMOVE_CONSENTS, [tenant, id]);
  return await endUser(session, tenant, { user: id, reason: 'user_deleted' }, now, forget);
}

const OF_USER = 'tenant = $1::bigint AND user_id = $2::bigint';
const EMPTY: Statement = {
  text: `UPDATE users SET username = $3::text, username_folded = $3::text, password_hash = NULL, claims = '{}', enabled = 0, locked_until = NULL,
      updated_at = $4::bigint, deleted_at = $4::bigint
    WHERE tenant = $1::bigint AND id = $2::bigint`,
};
/** What they are being asked (CIBA) is refused; their clients are told as by `denyPending`. */
const DENY_PENDINGS: Statement = {
  text: `WITH asked AS MATERIALIZED (
      SELECT id FROM pending_authorizations WHERE ${OF_USER} AND decision = 'pending' AND kind = 'backchannel' ORDER BY id FOR NO KEY UPDATE)
    UPDATE pending_authorizations p SET decision = 'denied',
      due_at = CASE WHEN p.expires_at > $3::bigint AND p.request::jsonb -> 'notify' = 'true'::jsonb THEN $3::bigint END
    WHERE p.tenant = $1::bigint AND p.id = ANY (ARRAY(SELECT id FROM asked))`,
};
const REMOVE_CONSENTS: Statement = { text: `DELETE FROM consents WHERE ${OF_USER}` };
const THEIRS: readonly Statement[] = [
  'devices',
  'factors',
  'recovery_codes',
  'identities',
  'verified_emails',
  'user_events',
  'administrators',
  'challenges',
].map((table) => ({ text: `DELETE FROM ${table} WHERE ${OF_USER}` }));
