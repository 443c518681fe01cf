import { requireFolded } from '../email-address.ts';
import { readObject } from '../encoding.ts';
import type { Users } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Credentials } from './credentials.ts';
import type { Endings } from './endings.ts';
import type { VerifiedEmails } from './verified-emails.ts';

/** A new password, and the proof of an address: what may end everything that came before. */
export function userCredentials(
  db: Connection,
  credentials: Credentials,
  emails: VerifiedEmails,
  endings: Endings,
): Pick<Users, 'changePassword' | 'verifyEmail'> {
  const setPassword = db.lazy(
    'UPDATE users SET password_hash = ?1, updated_at = ?2, password_changed_at = ?2 WHERE tenant = ?3 AND id = ?4',
  );
  const findClaims = db.lazy('SELECT claims FROM users WHERE tenant = ? AND id = ?');
  const setClaims = db.lazy('UPDATE users SET claims = ?, updated_at = ? WHERE tenant = ? AND id = ?');
  const forget = ['factors', 'recovery_codes'].map((table) => db.lazy(`DELETE FROM ${table} WHERE tenant = ? AND user_id = ?`));
  const linked = db.lazy('SELECT upstream, issuer, subject FROM identities INDEXED BY identities_by_user WHERE tenant = ? AND user_id = ?');
  const unlink = db.lazy('DELETE FROM identities WHERE tenant = ? AND upstream = ? AND issuer = ? AND subject = ?');

  return {
    changePassword: (tenant, id, authVersion, newHash, keep, now) =>
      db.write(() => {
        const there = credentials.findThere(tenant, id);
        if (there === undefined) return { kind: 'unknown' };
        if (there.authVersion !== authVersion) return { kind: 'changed' };
        setPassword().run(newHash ?? null, now, tenant, id);
        const raised = credentials.raise(tenant, id, authVersion, keep.session);
        const kept = keep.revokes === 'others' && endings.isLive(tenant, id, keep.session, now) ? keep.session : undefined;
        if (kept === undefined) endings.tellUser(tenant, id, 'password_changed', now);
        endings.endSessionsOf(tenant, id, keep.session, 'password_changed', now);
        endings.revokeGrantsOf(tenant, id, 'password_changed', now, kept);
        return { kind: 'done', authVersion: raised };
      }),

    async verifyEmail(tenant, id, authVersion, { address, folded }, { forgetsCredentials, spares = [], session }, now) {
      requireFolded(address, folded);
      return await db.write(() => {
        const there = credentials.findActive(tenant, id, now);
        if (there === undefined) return { kind: 'unknown' };
        if (there.authVersion !== authVersion) return { kind: 'changed' };
        const holder = emails.holderOf(tenant, folded);
        if (holder !== undefined && holder !== id) return { kind: 'taken' };
        const [claims] = findClaims().get(tenant, id) as unknown as [string];
        setClaims().run(JSON.stringify({ ...readObject(claims), email: address, email_verified: true }), now, tenant, id);
        emails.put(tenant, id, folded);
        db.changed();
        if (forgetsCredentials) {
          setPassword().run(null, now, tenant, id);
          for (const each of forget) each().run(tenant, id);
          for (const [upstream, issuer, subject] of linked().all(tenant, id) as unknown as [string, string, string][])
            if (!spares.includes(upstream)) unlink().run(tenant, upstream, issuer, subject);
          const kept = endings.isLive(tenant, id, session, now) ? session : undefined;
          if (kept === undefined) endings.tellUser(tenant, id, 'credential_removed', now);
          endings.endSessionsOf(tenant, id, session, 'credential_removed', now);
          endings.revokeGrantsOf(tenant, id, 'credential_removed', now, kept);
        }
        const isChange = holder === undefined || forgetsCredentials;
        return { kind: 'done', authVersion: isChange ? credentials.raise(tenant, id, authVersion, session) : authVersion };
      });
    },
  };
}
