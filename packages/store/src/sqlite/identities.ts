import type { TenantId, UserId } from '@hufu/protocol/ids';
import { requireIdentity } from '../identity.ts';
import type { Identities, IdentityRecord } from '../port.ts';
import { MAX_IDENTITIES } from '../retention.ts';
import { isShutOut } from '../ways-in.ts';
import type { Connection } from './connection.ts';
import type { Credentials } from './credentials.ts';
import type { Endings } from './endings.ts';

type NewIdentity = Pick<IdentityRecord, 'upstream' | 'issuer' | 'subject' | 'label'>;

/** Inside a write. */
export interface LinkedIdentities {
  ownerOf(tenant: TenantId, identity: NewIdentity): UserId | undefined;
  link(tenant: TenantId, user: UserId, identity: NewIdentity, now: number): void;
}

const COLUMNS = 'upstream, issuer, subject, user_id, label, linked_at, used_at';

export function linkedIdentities(db: Connection): LinkedIdentities {
  const findOwner = db.lazy('SELECT user_id FROM identities WHERE tenant = ? AND upstream = ? AND issuer = ? AND subject = ?');
  const insert = db.lazy(`INSERT INTO identities (tenant, ${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)`);
  return {
    ownerOf: (tenant, { upstream, issuer, subject }) =>
      (findOwner().get(tenant, upstream, issuer, subject) as unknown as [UserId] | undefined)?.[0],
    link: (tenant, user, { upstream, issuer, subject, label }, now) =>
      void insert().run(tenant, upstream, issuer, subject, user, label, now),
  };
}

export function identities(db: Connection, linked: LinkedIdentities, credentials: Credentials, endings: Endings): Identities {
  const find = db.lazy(`SELECT ${COLUMNS} FROM identities WHERE tenant = ? AND upstream = ? AND issuer = ? AND subject = ?`);
  const list = db.lazy(
    `SELECT ${COLUMNS} FROM identities INDEXED BY identities_by_user WHERE tenant = ? AND user_id = ? ORDER BY linked_at, upstream`,
  );
  const use = db.lazy('UPDATE identities SET label = ?, used_at = ? WHERE tenant = ? AND upstream = ? AND issuer = ? AND subject = ?');
  const remove = db.lazy('DELETE FROM identities WHERE tenant = ? AND upstream = ? AND issuer = ? AND subject = ?');

  const listThere = (tenant: TenantId, user: UserId): IdentityRecord[] => (list().all(tenant, user) as unknown as Row[]).map(readIdentity);

  return {
    findIdentity: (tenant, upstream, issuer, subject) =>
      db.read(() => {
        const row = find().get(tenant, upstream, issuer, subject) as unknown as Row | undefined;
        return row === undefined ? undefined : readIdentity(row);
      }),

    listIdentities: (tenant, user) => db.read(() => listThere(tenant, user)),

    async linkIdentity(tenant, user, authVersion, identity, session, now) {
      requireIdentity(identity);
      return await db.write(() => {
        const owner = credentials.findActive(tenant, user, now);
        if (owner === undefined) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        if (linked.ownerOf(tenant, identity) !== undefined) return { kind: 'taken' };
        const there = listThere(tenant, user);
        if (there.length >= MAX_IDENTITIES || there.some(({ upstream }) => upstream === identity.upstream)) return { kind: 'full' };
        linked.link(tenant, user, identity, now);
        return { kind: 'done', authVersion: credentials.raise(tenant, user, authVersion, session) };
      });
    },

    async useIdentity(tenant, upstream, issuer, subject, label, now) {
      requireIdentity({ upstream, issuer, subject, label });
      return await db.write(() => (use().run(label, now, tenant, upstream, issuer, subject).changes === 1 ? 'used' : 'unknown'));
    },

    unlinkIdentity: (tenant, user, authVersion, upstream, { session, open }, now) =>
      db.write(() => {
        const owner = credentials.findActive(tenant, user, now);
        const identity = listThere(tenant, user).find((one) => one.upstream === upstream);
        if (owner === undefined || identity === undefined) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        const left = credentials.countWaysIn(tenant, user, 0, upstream, open.upstreams);
        if (isShutOut(open, owner.hasPassword, left)) return { kind: 'last' };
        remove().run(tenant, upstream, identity.issuer, identity.subject);
        const raised = credentials.raise(tenant, user, authVersion, session);
        endings.endWithGrants(tenant, user, session, 'credential_removed', now);
        return { kind: 'done', authVersion: raised };
      }),
  };
}

type Row = [string, string, string, UserId, string, number, number];

function readIdentity([upstream, issuer, subject, userId, label, linkedAt, usedAt]: Row): IdentityRecord {
  return { upstream, issuer, subject, userId, label, linkedAt, usedAt };
}
