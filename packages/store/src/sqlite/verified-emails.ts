import type { TenantId, UserId } from '@hufu/protocol/ids';
import { verifiedAddress } from '../email-address.ts';
import { readObject } from '../encoding.ts';
import type { Connection } from './connection.ts';

/** Whose a folded address is. `holderOf` also outside a write. */
export interface VerifiedEmails {
  /** The user whose it is while their claims say so too: the version before changes claims and leaves the address. */
  holderOf(tenant: TenantId, address: string): UserId | undefined;
  /** It is theirs, and no other is; undefined: none is. Whoever asks has looked that nobody else holds it. */
  put(tenant: TenantId, user: UserId, address: string | undefined): void;
}

export function verifiedEmails(db: Connection): VerifiedEmails {
  const find = db.lazy(`SELECT u.id, u.claims FROM verified_emails v JOIN users u ON u.tenant = v.tenant AND u.id = v.user_id
    WHERE v.tenant = ? AND v.address = ? AND u.deleted_at IS NULL`);
  const put = db.lazy(`INSERT INTO verified_emails (tenant, address, user_id) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET user_id = excluded.user_id`);
  const removeOthers = db.lazy(
    'DELETE FROM verified_emails WHERE tenant = ?1 AND address IN (SELECT address FROM verified_emails INDEXED BY verified_emails_by_user WHERE tenant = ?1 AND user_id = ?2) AND address <> ?3',
  );
  return {
    holderOf(tenant, address) {
      const row = find().get(tenant, address) as unknown as [UserId, string] | undefined;
      return row !== undefined && verifiedAddress(readObject(row[1])) === address ? row[0] : undefined;
    },
    put(tenant, user, address) {
      removeOthers().run(tenant, user, address ?? '');
      if (address !== undefined) put().run(tenant, address, user);
    },
  };
}
