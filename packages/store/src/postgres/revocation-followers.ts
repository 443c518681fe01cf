import type { ClientId, TenantId } from '@hufu/protocol/ids';
import type { Acknowledgement, Revocations } from '../port.ts';
import { FOLLOWER_KEPT_SECONDS, MAX_FOLLOWERS, MAX_POINTS, POINTS_SLACK } from '../retention.ts';
import type { Database, Session, Statement } from './database.ts';

/** Who follows the revocation log, and how far they are. */
export function revocationFollowers(db: Database): Pick<Revocations, 'acknowledgeRevocations' | 'listRevocationFollowers'> {
  return {
    async acknowledgeRevocations(tenant, acknowledgement) {
      await db.transact(async (session) => await acknowledge(session, tenant, acknowledgement));
    },
    async listRevocationFollowers(tenant, seq, sinceMs, limit) {
      return (await db.run<Row>(LIST, [tenant, seq, sinceMs, limit])).map((row) => ({
        clientId: row.client_id,
        node: row.node,
        epoch: row.epoch,
        seenAtMs: row.seen_at,
        first: row.seq === null || row.at_ms === null ? undefined : { seq: row.seq, atMs: row.at_ms },
        isEarliest: row.fallen_seq < seq,
      }));
    },
  };
}

async function acknowledge(session: Session, tenant: TenantId, { clientId, node, epoch, points, nowMs }: Acknowledgement): Promise<void> {
  const key = [tenant, clientId, node];
  const added = await session.run(ADD, [...key, epoch, nowMs]);
  if (added.length > 0) await makeRoom(session, tenant, clientId, node, nowMs);
  const [there] = await session.run<Follower>(LOCK, key);
  // Somebody has made room for another one at this very moment: it is there again with the next acknowledgement.
  if (there === undefined) return;
  const isSame = there.epoch === epoch;
  if (!isSame) await session.run(REMOVE_POINTS, key);
  let held = isSame ? there.points : 0;
  let fallen = isSame ? there.fallen_seq : 0;
  if (points.length > 0)
    held += (await session.run(ADD_POINTS, [...key, points.map(({ seq }) => seq), points.map(({ atMs }) => atMs)])).length;
  if (held > MAX_POINTS) {
    const removed = await session.run<{ seq: number }>(REMOVE_OLDEST, [...key, held - MAX_POINTS + POINTS_SLACK]);
    held -= removed.length;
    fallen = removed.reduce((most, { seq }) => Math.max(most, seq), fallen);
  }
  await session.run(WRITE, [...key, epoch, nowMs, held, fallen]);
}

/** After one more is there, which stays. */
async function makeRoom(session: Session, tenant: TenantId, clientId: ClientId | '', node: string, nowMs: number): Promise<void> {
  const gone = await session.run<Named>(REMOVE_GONE, [tenant, nowMs - FOLLOWER_KEPT_SECONDS * 1000]);
  const over = await session.run<Named>(REMOVE_OVER, [tenant, clientId, node, MAX_FOLLOWERS - 1]);
  for (const row of [...gone, ...over]) await session.run(REMOVE_POINTS, [tenant, row.client_id, row.node]);
}

interface Named {
  readonly client_id: string;
  readonly node: string;
}

interface Follower {
  readonly epoch: string;
  readonly points: number;
  readonly fallen_seq: number;
}

interface Row extends Named {
  readonly epoch: string;
  readonly seen_at: number;
  readonly fallen_seq: number;
  readonly seq: number | null;
  readonly at_ms: number | null;
}

const THIS = 'tenant = $1::bigint AND client_id = $2::text AND node = $3::text';
const ADD: Statement = {
  name: 'add_follower',
  text: `INSERT INTO revocation_followers (tenant, client_id, node, epoch, seen_at, points, fallen_seq)
    VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::bigint, 0, 0) ON CONFLICT DO NOTHING RETURNING node`,
};
const LOCK: Statement = {
  name: 'lock_follower',
  text: `SELECT epoch, points, fallen_seq FROM revocation_followers WHERE ${THIS} FOR NO KEY UPDATE`,
};
const ADD_POINTS: Statement = {
  name: 'add_points',
  text: `INSERT INTO revocation_points (tenant, client_id, node, seq, at_ms)
    SELECT $1::bigint, $2::text, $3::text, seq, at_ms FROM unnest($4::bigint[], $5::bigint[]) AS point (seq, at_ms) ON CONFLICT DO NOTHING RETURNING seq`,
};
const WRITE: Statement = {
  name: 'write_follower',
  text: `UPDATE revocation_followers SET epoch = $4::text, seen_at = greatest(seen_at, $5::bigint), points = $6::bigint, fallen_seq = $7::bigint WHERE ${THIS}`,
};
const REMOVE_POINTS: Statement = { text: `DELETE FROM revocation_points WHERE ${THIS}` };
const REMOVE_OLDEST: Statement = {
  text: `DELETE FROM revocation_points WHERE ${THIS}
    AND seq = ANY (ARRAY(SELECT seq FROM revocation_points WHERE ${THIS} ORDER BY seq LIMIT $4::bigint)) RETURNING seq`,
};
const REMOVE_GONE: Statement = {
  text: `DELETE FROM revocation_followers WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM revocation_followers WHERE tenant = $1::bigint AND seen_at < $2::bigint ORDER BY seen_at LIMIT 4 FOR UPDATE SKIP LOCKED))
    RETURNING client_id, node`,
};
const REMOVE_OVER: Statement = {
  text: `DELETE FROM revocation_followers WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM revocation_followers WHERE tenant = $1::bigint AND client_id = $2::text AND node <> $3::text
      ORDER BY seen_at DESC, node OFFSET $4::bigint FOR UPDATE SKIP LOCKED))
    RETURNING client_id, node`,
};
const LIST: Statement = {
  text: `SELECT f.client_id, f.node, f.epoch, f.seen_at, f.fallen_seq, p.seq, p.at_ms FROM revocation_followers f
    LEFT JOIN LATERAL (SELECT q.seq, q.at_ms FROM revocation_points q
      WHERE q.tenant = f.tenant AND q.client_id = f.client_id AND q.node = f.node AND q.seq >= $2::bigint ORDER BY q.seq LIMIT 1) p ON true
    WHERE f.tenant = $1::bigint AND f.seen_at >= $3::bigint ORDER BY f.client_id, f.node LIMIT $4::bigint`,
};
