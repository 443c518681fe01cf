import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { WaysIn } from '../ways-in.ts';
import type { Connection } from './connection.ts';

/** What verbs about what a user proves themselves with have in common. All inside a write. */
export interface Credentials {
  /** The user if they are there, enabled and not locked. */
  findActive(tenant: TenantId, user: UserId, now: number): ActiveUser | undefined;
  /** As `findActive`, whatever they may do: not deleted. */
  findThere(tenant: TenantId, user: UserId): ActiveUser | undefined;
  /** From here on it is `version` + 1, for the user and for `session` if that was not behind; answers it. */
  raise(tenant: TenantId, user: UserId, version: number, session: SessionId | undefined): number;
  /** What they would have without the factor `but` and the identity at `butUpstream`, of identities those at `upstreams`. */
  countWaysIn(tenant: TenantId, user: UserId, but: number, butUpstream: string, upstreams: readonly string[]): WaysIn;
}

export interface ActiveUser {
  readonly authVersion: number;
  readonly hasPassword: boolean;
}

export function credentials(db: Connection): Credentials {
  const find = db.lazy(
    `SELECT coalesce(auth_version, 0), password_hash IS NOT NULL, enabled = 1 AND coalesce(locked_until, 0) <= ?3
    FROM users WHERE tenant = ?1 AND id = ?2 AND deleted_at IS NULL`,
  );
  const raise = db.lazy('UPDATE users SET auth_version = ? WHERE tenant = ? AND id = ?');
  const carry = db.lazy(
    'UPDATE sessions SET auth_version = ? WHERE tenant = ? AND id = ? AND user_id = ? AND ended_at IS NULL AND coalesce(auth_version, 0) = ?',
  );
  const count = db.lazy(`SELECT
    (SELECT count(*) FROM factors WHERE tenant = ?1 AND user_id = ?2 AND id <> ?3),
    (SELECT count(*) FROM factors WHERE tenant = ?1 AND user_id = ?2 AND id <> ?3 AND kind = 'passkey')`);
  const linked = db.lazy('SELECT upstream FROM identities INDEXED BY identities_by_user WHERE tenant = ? AND user_id = ?');

  const findThere = (tenant: TenantId, user: UserId, now: number): (ActiveUser & { readonly isActive: boolean }) | undefined => {
    const row = find().get(tenant, user, now) as unknown as [number, number, number] | undefined;
    return row === undefined ? undefined : { authVersion: row[0], hasPassword: row[1] === 1, isActive: row[2] === 1 };
  };

  return {
    findActive(tenant, user, now) {
      const there = findThere(tenant, user, now);
      return there?.isActive === true ? there : undefined;
    },
    findThere: (tenant, user) => findThere(tenant, user, 0),
    raise(tenant, user, version, session) {
      db.changed();
      raise().run(version + 1, tenant, user);
      if (session !== undefined) carry().run(version + 1, tenant, session, user, version);
      return version + 1;
    },
    countWaysIn(tenant, user, but, butUpstream, upstreams) {
      const [factors, passkeys] = count().get(tenant, user, but) as unknown as [number, number];
      const names = (linked().all(tenant, user) as unknown as [string][]).map(([name]) => name);
      return { factors, passkeys, identities: names.filter((name) => name !== butUpstream && upstreams.includes(name)).length };
    },
  };
}
