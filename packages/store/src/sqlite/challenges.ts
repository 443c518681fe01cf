import { equalText } from '@hufu/protocol/equal-text';
import type { TenantId, UserId } from '@hufu/protocol/ids';
import { requireChallenge, requireTries } from '../challenge.ts';
import { readObject, requireText, writeData } from '../encoding.ts';
import type { ChallengeRecord, Challenges } from '../port.ts';
import { FALL_AFTER_SECONDS, MAX_CHALLENGES } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';
import { purger } from './purge.ts';

const COLUMNS = 'id, purpose, user_id, address, browser_hash, code_hash, link_hash, auth_version, data, created_at, expires_at';

export function challenges(db: Connection, counters: Counters, credentials: Credentials): Challenges {
  const find = db.lazy(`SELECT ${COLUMNS} FROM challenges WHERE tenant = ? AND id = ? AND used_at IS NULL AND expires_at > ?`);
  const findTried = db.lazy('SELECT tries FROM challenges WHERE tenant = ? AND id = ?');
  const isCurrent =
    db.lazy(`SELECT 1 FROM users WHERE tenant = ?1 AND id = ?2 AND enabled = 1 AND deleted_at IS NULL AND coalesce(locked_until, 0) <= ?5
    AND coalesce(auth_version, 0) = ?3 AND (password_changed_at < ?4 OR password_changed_at = created_at)`);
  const insert = db.lazy(`INSERT INTO challenges (tenant, ${COLUMNS}, tries, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`);
  const note = db.lazy('UPDATE challenges SET tries = ?, used_at = ? WHERE tenant = ? AND id = ?');
  const renew = db.lazy("UPDATE challenges SET code_hash = ?, link_hash = '', tries = 0, expires_at = ? WHERE tenant = ? AND id = ?");
  const removeOld = db.lazy(`DELETE FROM challenges WHERE tenant = ?1 AND id IN
    (SELECT id FROM challenges INDEXED BY challenges_by_address WHERE tenant = ?1 AND address = ?2 AND purpose = ?3
      ORDER BY used_at IS NULL AND expires_at > ?4 AND code_hash <> '' DESC, created_at DESC, id DESC LIMIT -1 OFFSET ${MAX_CHALLENGES})`);
  const removeInvitations = db.lazy(
    "DELETE FROM challenges INDEXED BY challenges_by_user WHERE tenant = ? AND user_id = ? AND purpose = 'invite' AND id <> ?",
  );
  const purge = purger(
    db,
    `DELETE FROM challenges WHERE tenant = ?1 AND id IN
      (SELECT id FROM challenges INDEXED BY challenges_by_end WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)`,
  );

  const readLive = (tenant: TenantId, id: number, now: number): ChallengeRecord | undefined => {
    const row = find().get(tenant, id, now) as unknown as Row | undefined;
    return row === undefined ? undefined : readChallenge(row);
  };
  const isDead = (tenant: TenantId, { userId, authVersion, createdAt }: ChallengeRecord, now: number): boolean =>
    userId !== undefined && isCurrent().get(tenant, userId, authVersion, createdAt, now) === undefined;

  return {
    async openChallenge(tenant, challenge, now) {
      requireChallenge(challenge);
      const { purpose, userId, address, browserHash, codeHash, linkHash, authVersion, data, expiresAt } = challenge;
      const json = writeData('a challenge', data);
      return await db.write(() => {
        // Of somebody who is gone meanwhile nothing is kept, and it is as good as used.
        const isGone = userId !== undefined && credentials.findThere(tenant, userId) === undefined;
        const user = isGone ? undefined : userId;
        const id = counters.nextOfBlock(tenant, 'challenge');
        const values = [address, browserHash, codeHash, linkHash, authVersion, json, now, expiresAt, isGone ? now : null];
        insert().run(tenant, id, purpose, user ?? null, ...values);
        if (purpose === 'invite' && user !== undefined) removeInvitations().run(tenant, user, id);
        removeOld().run(tenant, address, purpose, now);
        purge(tenant, now - FALL_AFTER_SECONDS, 1);
        return { ...challenge, id, userId: user, data: readObject(json), createdAt: now };
      });
    },

    findChallenge: (tenant, id, now) => db.read(() => readLive(tenant, id, now)),

    async answerChallenge(tenant, id, { kind, hash }, maxTries, now) {
      requireTries(maxTries);
      return await db.write(() => {
        const challenge = readLive(tenant, id, now);
        if (challenge === undefined || isDead(tenant, challenge, now)) return { kind: 'dead' };
        const tried = (findTried().get(tenant, id) as unknown as [number])[0] + 1;
        if (tried > maxTries) return { kind: 'dead' };
        const canBeRight = hash !== '' && (challenge.userId !== undefined || challenge.purpose === 'sign_up');
        const isRight = canBeRight && equalText(kind === 'code' ? challenge.codeHash : challenge.linkHash, hash);
        note().run(tried, isRight || tried === maxTries ? now : null, tenant, id);
        return isRight ? { kind: 'right', challenge } : { kind: 'wrong', triesLeft: maxTries - tried };
      });
    },

    async renewCode(tenant, id, { link, code }, expiresAt, now) {
      requireText('a hash', code, 64);
      return await db.write(() => {
        const challenge = readLive(tenant, id, now);
        if (challenge === undefined || link === '' || !equalText(challenge.linkHash, link) || isDead(tenant, challenge, now)) return 'dead';
        renew().run(code, expiresAt, tenant, id);
        return 'renewed';
      });
    },
  };
}

type Row = [
  id: number,
  purpose: ChallengeRecord['purpose'],
  userId: UserId | null,
  address: string,
  browserHash: string,
  codeHash: string,
  linkHash: string,
  authVersion: number,
  data: string,
  createdAt: number,
  expiresAt: number,
];

function readChallenge(row: Row): ChallengeRecord {
  const [id, purpose, userId, address, browserHash, codeHash, linkHash, authVersion, data, createdAt, expiresAt] = row;
  return {
    id,
    purpose,
    userId: userId ?? undefined,
    address,
    browserHash,
    codeHash,
    linkHash,
    authVersion,
    data: readObject(data),
    createdAt,
    expiresAt,
  };
}
