import type { TenantId, UserId } from '@hufu/protocol/ids';
import { deletedName } from '../username.ts';
import type { Connection } from './connection.ts';
import type { Credentials } from './credentials.ts';
import type { Endings } from './endings.ts';

export interface UserDeletion {
  /** Inside a write. */
  run(tenant: TenantId, user: UserId, now: number): 'deleted' | 'unknown';
}

/** `denyPendings` refuses what the user is being asked. */
export function userDeletion(
  db: Connection,
  credentials: Credentials,
  endings: Endings,
  denyPendings: (tenant: TenantId, user: UserId, now: number) => void,
): UserDeletion {
  const byUser = (table: string): ReturnType<Connection['lazy']> => db.lazy(`DELETE FROM ${table} WHERE tenant = ? AND user_id = ?`);
  const byIndex = (table: string, key: string, index: string): ReturnType<Connection['lazy']> =>
    db.lazy(`DELETE FROM ${table} WHERE tenant = ?1 AND (${key}) IN
      (SELECT ${key} FROM ${table} INDEXED BY ${index} WHERE tenant = ?1 AND user_id = ?2)`);
  const theirs = [
    ...['consents', 'devices', 'factors', 'recovery_codes', 'user_events', 'administrators'].map(byUser),
    byIndex('challenges', 'id', 'challenges_by_user'),
    byIndex('identities', 'upstream, issuer, subject', 'identities_by_user'),
    byIndex('verified_emails', 'address', 'verified_emails_by_user'),
  ];
  const empty =
    db.lazy(`UPDATE users SET username = ?3, username_folded = ?3, password_hash = NULL, claims = '{}', enabled = 0, locked_until = NULL,
    updated_at = ?4, deleted_at = ?4 WHERE tenant = ?1 AND id = ?2`);

  return {
    run(tenant, user, now) {
      const there = credentials.findThere(tenant, user);
      if (there === undefined) return 'unknown';
      credentials.raise(tenant, user, there.authVersion, undefined);
      denyPendings(tenant, user, now);
      endings.tellUser(tenant, user, 'user_deleted', now);
      endings.endSessionsOf(tenant, user, undefined, 'user_deleted', now);
      endings.revokeGrantsOf(tenant, user, 'user_deleted', now);
      for (const each of theirs) each().run(tenant, user);
      empty().run(tenant, user, deletedName(user), now);
      return 'deleted';
    },
  };
}
