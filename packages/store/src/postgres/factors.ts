import type { TenantId, UserId } from '@hufu/protocol/ids';
import { readObject, requireText, writeData } from '../encoding.ts';
import { MAX_FACTOR_NAME, requireCodes } from '../factor.ts';
import type { FactorRecord, Factors } from '../port.ts';
import { MAX_FACTORS, MAX_TOTP_FACTORS } from '../retention.ts';
import { isShutOut } from '../ways-in.ts';
import { countWaysIn, lockActive, lockThere, raiseVersion } from './credentials.ts';
import type { Database, Session, Statement } from './database.ts';
import type { ReservedIds } from './reserved-ids.ts';
import type { Statistics } from './statistics.ts';

export function factors(db: Database, ids: ReservedIds, statistics: Statistics): Factors {
  return {
    async listFactors(tenant, user) {
      return await listThere(db, tenant, user);
    },

    async findPasskey(tenant, lookup) {
      const [row] = await db.run<FactorRow>(FIND_PASSKEY, [tenant, lookup]);
      return row === undefined ? undefined : readFactor(row);
    },

    async addFactor(tenant, user, authVersion, { kind, name, lookup, data, counter }, session, now) {
      requireText('the name of a factor', name, MAX_FACTOR_NAME);
      const json = writeData('a factor', data);
      const id = await ids.take(tenant, 'factor');
      const answer = await db.transact<Awaited<ReturnType<Factors['addFactor']>>>(async (act) => {
        if ((await lockActive(act, tenant, user, now))?.authVersion !== authVersion) return { kind: 'changed' };
        const there = await listThere(act, tenant, user);
        const isFull = there.length >= MAX_FACTORS;
        const isFullOfKind = kind === 'totp' && there.filter((factor) => factor.kind === 'totp').length >= MAX_TOTP_FACTORS;
        if (isFull || isFullOfKind) return { kind: (await isTaken(act, tenant, kind, lookup)) ? 'taken' : 'full' };
        const values = [tenant, user, id, kind, name, lookup ?? null, json, counter, now];
        const [row] = await act.run<FactorRow>(INSERT, values);
        // Whoever comes by the same credential waits for the index, and sees it taken.
        if (row === undefined) return { kind: 'taken' };
        return { kind: 'added', factor: readFactor(row), authVersion: await raiseVersion(act, tenant, user, authVersion, session) };
      });
      if (answer.kind === 'added') statistics.inserted('factors', 1, now);
      return answer;
    },

    async useFactor(tenant, user, id, counter, now) {
      const [row] = await db.run<{ used: boolean; there: boolean }>(USE, [tenant, user, id, counter, now]);
      if (row?.used === true) return 'used';
      return row?.there === true ? 'behind' : 'unknown';
    },

    async renameFactor(tenant, user, id, name) {
      requireText('the name of a factor', name, MAX_FACTOR_NAME);
      const rows = await db.run(RENAME, [tenant, user, id, name]);
      return rows.length === 0 ? 'unknown' : 'done';
    },

    async removeFactor(tenant, user, authVersion, id, { keepSecond, open, session }, now) {
      return await db.transact(async (act) => {
        const owner = await lockActive(act, tenant, user, now);
        const factor = (await listThere(act, tenant, user)).find((one) => one.id === id);
        if (owner === undefined || factor === undefined) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        const left = await countWaysIn(act, tenant, user, id, '', open.upstreams);
        if (keepSecond && left.factors === 0) return { kind: 'last' };
        if (factor.kind === 'passkey' && isShutOut(open, owner.passwordHash !== undefined, left)) return { kind: 'last' };
        await act.run(REMOVE, [tenant, user, id]);
        if (left.factors === 0) await act.run(REMOVE_CODES, [tenant, user]);
        return { kind: 'done', authVersion: await raiseVersion(act, tenant, user, authVersion, session) };
      });
    },

    async removeFactors(tenant, user) {
      return await db.transact(async (act) => {
        const there = await lockThere(act, tenant, user);
        if (there === undefined) return 'unknown';
        await forgetFactors(act, tenant, user);
        await raiseVersion(act, tenant, user, there.authVersion, undefined);
        return 'done';
      });
    },

    async putRecoveryCodes(tenant, user, authVersion, hashes, session, now) {
      requireCodes(hashes);
      const answer = await db.transact<Awaited<ReturnType<Factors['putRecoveryCodes']>>>(async (act) => {
        const owner = await lockActive(act, tenant, user, now);
        if (owner === undefined || (await listThere(act, tenant, user)).length === 0) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        await act.run(REMOVE_CODES, [tenant, user]);
        await act.run(PUT_CODES, [tenant, user, hashes, now]);
        return { kind: 'done', authVersion: await raiseVersion(act, tenant, user, authVersion, session) };
      });
      if (answer.kind === 'done') statistics.inserted('recovery_codes', hashes.length, now);
      return answer;
    },

    async countRecoveryCodes(tenant, user) {
      const [row] = await db.run<{ count: number }>(COUNT_CODES, [tenant, user]);
      return row?.count ?? 0;
    },

    async takeRecoveryCode(tenant, user, hash) {
      return (await db.run(TAKE_CODE, [tenant, user, hash])).length === 1;
    },
  };
}

/** In a transaction that has locked the user. */
export async function forgetFactors(session: Session, tenant: TenantId, user: UserId): Promise<void> {
  await session.run(REMOVE_ALL, [tenant, user]);
  await session.run(REMOVE_CODES, [tenant, user]);
}

async function listThere(session: Session, tenant: TenantId, user: UserId): Promise<FactorRecord[]> {
  return (await session.run<FactorRow>(LIST, [tenant, user])).map(readFactor);
}

async function isTaken(session: Session, tenant: TenantId, kind: string, lookup: string | undefined): Promise<boolean> {
  return lookup !== undefined && (await session.run(IS_TAKEN, [tenant, kind, lookup])).length > 0;
}

interface FactorRow {
  readonly id: number;
  readonly user_id: UserId;
  readonly kind: FactorRecord['kind'];
  readonly name: string;
  readonly lookup: string | null;
  readonly data: string;
  readonly counter: number;
  readonly created_at: number;
  readonly used_at: number | null;
}

function readFactor(row: FactorRow): FactorRecord {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    name: row.name,
    lookup: row.lookup ?? undefined,
    data: readObject(row.data),
    counter: row.counter,
    createdAt: row.created_at,
    usedAt: row.used_at ?? undefined,
  };
}

const COLUMNS = 'f.id, f.user_id, f.kind, f.name, f.lookup, f.data, f.counter, f.created_at, f.used_at';
const OF_USER = 'tenant = $1::bigint AND user_id = $2::bigint';

const LIST: Statement = {
  name: 'list_factors',
  text: `SELECT ${COLUMNS} FROM factors f WHERE f.tenant = $1::bigint AND f.user_id = $2::bigint ORDER BY f.id`,
};
const FIND_PASSKEY: Statement = {
  name: 'find_passkey',
  text: `SELECT ${COLUMNS} FROM factors f JOIN users u ON u.tenant = f.tenant AND u.id = f.user_id
    WHERE f.tenant = $1::bigint AND f.kind = 'passkey' AND f.lookup = $2::text AND f.lookup IS NOT NULL AND u.enabled = 1 AND u.deleted_at IS NULL`,
};
const IS_TAKEN: Statement = {
  text: 'SELECT FROM factors WHERE tenant = $1::bigint AND kind = $2::text AND lookup = $3::text AND lookup IS NOT NULL',
};
const INSERT: Statement = {
  text: `INSERT INTO factors AS f (tenant, user_id, id, kind, name, lookup, data, counter, created_at, used_at)
    VALUES ($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text, $6::text, $7::text, $8::bigint, $9::bigint, NULL)
    ON CONFLICT (tenant, kind, lookup) WHERE lookup IS NOT NULL DO NOTHING
    RETURNING ${COLUMNS}`,
};
/** Who waits for another that uses it looks again at what that has left. */
const USE: Statement = {
  name: 'use_factor',
  text: `WITH owner AS MATERIALIZED (
      SELECT id FROM users WHERE tenant = $1::bigint AND id = $2::bigint AND enabled = 1 AND deleted_at IS NULL AND coalesce(locked_until, 0) <= $5::bigint),
    used AS (
      UPDATE factors SET counter = $4::bigint, used_at = $5::bigint
      WHERE ${OF_USER} AND id = $3::bigint AND EXISTS (SELECT FROM owner)
        AND (counter < $4::bigint OR (kind = 'passkey' AND counter = 0 AND $4::bigint = 0))
      RETURNING id)
    SELECT EXISTS (SELECT FROM used) AS used,
      EXISTS (SELECT FROM factors WHERE ${OF_USER} AND id = $3::bigint AND EXISTS (SELECT FROM owner)) AS there`,
};
const RENAME: Statement = { text: `UPDATE factors SET name = $4::text WHERE ${OF_USER} AND id = $3::bigint RETURNING id` };
const REMOVE: Statement = { text: `DELETE FROM factors WHERE ${OF_USER} AND id = $3::bigint` };
const REMOVE_ALL: Statement = { text: `DELETE FROM factors WHERE ${OF_USER}` };
const PUT_CODES: Statement = {
  text: `INSERT INTO recovery_codes (tenant, user_id, code_hash, created_at)
    SELECT $1::bigint, $2::bigint, w.code_hash, $4::bigint FROM unnest($3::text[]) AS w (code_hash)`,
};
const COUNT_CODES: Statement = { text: `SELECT count(*) AS count FROM recovery_codes WHERE ${OF_USER}` };
const TAKE_CODE: Statement = {
  name: 'take_recovery_code',
  text: `DELETE FROM recovery_codes WHERE ${OF_USER} AND code_hash = $3::text RETURNING code_hash`,
};
const REMOVE_CODES: Statement = { text: `DELETE FROM recovery_codes WHERE ${OF_USER}` };
