import type { UserId } from '@hufu/protocol/ids';
import { requireChallenge, requireTries } from '../challenge.ts';
import { readObject, requireText, writeData } from '../encoding.ts';
import type { ChallengeRecord, Challenges } from '../port.ts';
import { MAX_CHALLENGES } from '../retention.ts';
import { lockThere } from './credentials.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_CHALLENGES, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { lockAddress } from './verified-emails.ts';

export function challenges(db: Database, ids: ReservedIds, purge: Purge): Challenges {
  return {
    async openChallenge(tenant, challenge, now) {
      requireChallenge(challenge);
      const { purpose, userId, address, browserHash, codeHash, linkHash, authVersion, data, expiresAt } = challenge;
      const json = writeData('a challenge', data);
      const id = await ids.take(tenant, 'challenge');
      const user = await db.transact(async (session) => {
        // What is kept of an address is counted exactly.
        await lockAddress(session, tenant, address);
        // Of somebody who is gone meanwhile nothing is kept, and it is as good as used.
        const isGone = userId !== undefined && (await lockThere(session, tenant, userId)) === undefined;
        const whose = isGone ? undefined : userId;
        const hashes = [browserHash, codeHash, linkHash];
        const values = [tenant, id, purpose, whose ?? null, address, ...hashes, authVersion, json, now, expiresAt];
        await session.run(INSERT, [...values, isGone ? now : null]);
        if (purpose === 'invite' && whose !== undefined) await session.run(REMOVE_INVITATIONS, [tenant, whose, id]);
        await session.run(REMOVE_OLD, [tenant, address, purpose, now]);
        return whose;
      });
      purge.count(tenant, ENDED_CHALLENGES, 1, now);
      return { ...challenge, id, userId: user, data: readObject(json), createdAt: now };
    },

    async findChallenge(tenant, id, now) {
      const [row] = await db.run<ChallengeRow>(FIND, [tenant, id, now]);
      return row === undefined ? undefined : readChallenge(row);
    },

    async answerChallenge(tenant, id, { kind, hash }, maxTries, now) {
      requireTries(maxTries);
      const [row] = await db.run<AnsweredRow>(ANSWER, [tenant, id, kind, hash, maxTries, now]);
      if (row === undefined) return { kind: 'dead' };
      return row.is_right ? { kind: 'right', challenge: readChallenge(row) } : { kind: 'wrong', triesLeft: maxTries - row.tries };
    },

    async renewCode(tenant, id, { link, code }, expiresAt, now) {
      requireText('a hash', code, 64);
      const rows = await db.run(RENEW, [tenant, id, link, code, expiresAt, now]);
      return rows.length === 1 ? 'renewed' : 'dead';
    },
  };
}

interface ChallengeRow {
  readonly id: number;
  readonly purpose: ChallengeRecord['purpose'];
  readonly user_id: UserId | null;
  readonly address: string;
  readonly browser_hash: string;
  readonly code_hash: string;
  readonly link_hash: string;
  readonly auth_version: number;
  readonly data: string;
  readonly created_at: number;
  readonly expires_at: number;
}

interface AnsweredRow extends ChallengeRow {
  readonly tries: number;
  readonly is_right: boolean;
}

function readChallenge(row: ChallengeRow): ChallengeRecord {
  return {
    id: row.id,
    purpose: row.purpose,
    userId: row.user_id ?? undefined,
    address: row.address,
    browserHash: row.browser_hash,
    codeHash: row.code_hash,
    linkHash: row.link_hash,
    authVersion: row.auth_version,
    data: readObject(row.data),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

const COLUMNS =
  'c.id, c.purpose, c.user_id, c.address, c.browser_hash, c.code_hash, c.link_hash, c.auth_version, c.data, c.created_at, c.expires_at';

const INSERT: Statement = {
  text: `INSERT INTO challenges (tenant, id, purpose, user_id, address, browser_hash, code_hash, link_hash, auth_version, data, created_at, expires_at,
      tries, used_at)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::bigint, $10::text, $11::bigint, $12::bigint,
      0, $13::bigint)`,
};
const REMOVE_OLD: Statement = {
  text: `DELETE FROM challenges WHERE tenant = $1::bigint AND id = ANY (ARRAY(
    SELECT id FROM challenges WHERE tenant = $1::bigint AND address = $2::text AND purpose = $3::text
    ORDER BY used_at IS NULL AND expires_at > $4::bigint AND code_hash <> '' DESC, created_at DESC, id DESC OFFSET ${MAX_CHALLENGES}))`,
};
/** The user's row is locked: of invitations at once the last one stays. */
const REMOVE_INVITATIONS: Statement = {
  text: "DELETE FROM challenges WHERE tenant = $1::bigint AND user_id = $2::bigint AND purpose = 'invite' AND id <> $3::bigint",
};
const FIND: Statement = {
  name: 'find_challenge',
  text: `SELECT ${COLUMNS} FROM challenges c
    WHERE c.tenant = $1::bigint AND c.id = $2::bigint AND c.used_at IS NULL AND c.expires_at > $3::bigint`,
};
const IS_RIGHT = `$4::text <> '' AND (c.user_id IS NOT NULL OR c.purpose = 'sign_up') AND CASE WHEN $3::text = 'code' THEN c.code_hash ELSE c.link_hash END = $4::text`;
/** Their user is active, and proves themselves with what they did when it was made. `$6` is now in both statements. */
const IS_CURRENT = `(c.user_id IS NULL OR (SELECT u.enabled = 1 AND u.deleted_at IS NULL AND coalesce(u.locked_until, 0) <= $6::bigint
          AND coalesce(u.auth_version, 0) = c.auth_version
          AND (u.password_changed_at < c.created_at OR u.password_changed_at = u.created_at)
        FROM users u WHERE u.tenant = c.tenant AND u.id = c.user_id))`;
/** Who waits for another try looks again at what that has left: of many at once each counts. */
const ANSWER: Statement = {
  name: 'answer_challenge',
  text: `UPDATE challenges c SET tries = c.tries + 1,
      used_at = CASE WHEN (${IS_RIGHT}) OR c.tries + 1 >= $5::bigint THEN $6::bigint END
    WHERE c.tenant = $1::bigint AND c.id = $2::bigint AND c.used_at IS NULL AND c.expires_at > $6::bigint AND c.tries < $5::bigint
      AND ${IS_CURRENT}
    RETURNING ${COLUMNS}, c.tries, (${IS_RIGHT}) AS is_right`,
};
const RENEW: Statement = {
  name: 'renew_code',
  text: `UPDATE challenges c SET code_hash = $4::text, link_hash = '', tries = 0, expires_at = $5::bigint
    WHERE c.tenant = $1::bigint AND c.id = $2::bigint AND c.link_hash = $3::text AND c.link_hash <> '' AND c.used_at IS NULL AND c.expires_at > $6::bigint
      AND ${IS_CURRENT}
    RETURNING c.id`,
};
