import type { Acknowledgement, RevocationFollower, Revocations } from '../port.ts';
import { FOLLOWER_KEPT_SECONDS, MAX_FOLLOWERS, MAX_POINTS, POINTS_SLACK } from '../retention.ts';
import type { Connection } from './connection.ts';

/** Who follows the revocation log, and how far they are. */
export function revocationFollowers(db: Connection): Pick<Revocations, 'acknowledgeRevocations' | 'listRevocationFollowers'> {
  const find = db.lazy(
    'SELECT epoch, seen_at, points, fallen_seq FROM revocation_followers WHERE tenant = ? AND client_id = ? AND node = ?',
  );
  const count = db.lazy('SELECT count(*) FROM revocation_followers WHERE tenant = ? AND client_id = ?');
  const longestUnseen = db.lazy('SELECT node FROM revocation_followers WHERE tenant = ? AND client_id = ? ORDER BY +seen_at LIMIT ?');
  const gone = db.lazy(
    'SELECT client_id, node FROM revocation_followers INDEXED BY revocation_followers_by_time WHERE tenant = ? AND seen_at < ? ORDER BY seen_at LIMIT 4',
  );
  const remove = db.lazy('DELETE FROM revocation_followers WHERE tenant = ? AND client_id = ? AND node = ?');
  const removePoints = db.lazy('DELETE FROM revocation_points WHERE tenant = ? AND client_id = ? AND node = ?');
  const write =
    db.lazy(`INSERT INTO revocation_followers (tenant, client_id, node, epoch, seen_at, points, fallen_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT DO UPDATE SET epoch = ?4, seen_at = ?5, points = ?6, fallen_seq = ?7`);
  const addPoint = db.lazy(
    'INSERT INTO revocation_points (tenant, client_id, node, seq, at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const nth = db.lazy('SELECT seq FROM revocation_points WHERE tenant = ? AND client_id = ? AND node = ? ORDER BY seq LIMIT 1 OFFSET ?');
  const removeOldest = db.lazy('DELETE FROM revocation_points WHERE tenant = ? AND client_id = ? AND node = ? AND seq <= ?');
  const list = db.lazy(`SELECT f.client_id, f.node, f.epoch, f.seen_at, f.fallen_seq, p.seq, p.at_ms
    FROM revocation_followers f INDEXED BY revocation_followers_by_time
    LEFT JOIN revocation_points p ON p.tenant = f.tenant AND p.client_id = f.client_id AND p.node = f.node
      AND p.seq = (SELECT min(seq) FROM revocation_points q WHERE q.tenant = f.tenant AND q.client_id = f.client_id AND q.node = f.node AND q.seq >= ?2)
    WHERE f.tenant = ?1 AND f.seen_at >= ?3 ORDER BY f.client_id, f.node LIMIT ?4`);

  function forget(tenant: number, clientId: string, node: string): void {
    removePoints().run(tenant, clientId, node);
    remove().run(tenant, clientId, node);
  }

  /** Before one more is there. */
  function makeRoom(tenant: number, clientId: string, nowMs: number): void {
    for (const [client, node] of gone().all(tenant, nowMs - FOLLOWER_KEPT_SECONDS * 1000) as unknown as [string, string][])
      forget(tenant, client, node);
    const [there] = count().get(tenant, clientId) as unknown as [number];
    const over = there - MAX_FOLLOWERS + 1;
    if (over <= 0) return;
    for (const [node] of longestUnseen().all(tenant, clientId, over) as unknown as [string][]) forget(tenant, clientId, node);
  }

  function acknowledge(tenant: number, { clientId, node, epoch, points, nowMs }: Acknowledgement): void {
    const key = [tenant, clientId, node] as const;
    const there = find().get(...key) as unknown as Follower | undefined;
    if (there === undefined) makeRoom(tenant, clientId, nowMs);
    const isSame = there?.[0] === epoch;
    if (there !== undefined && !isSame) removePoints().run(...key);
    let held = isSame ? there[2] : 0;
    let fallen = isSame ? there[3] : 0;
    for (const { seq, atMs } of points) held += Number(addPoint().run(...key, seq, atMs).changes);
    if (held > MAX_POINTS) {
      const falling = held - MAX_POINTS + POINTS_SLACK;
      const [last] = nth().get(...key, falling - 1) as unknown as [number];
      held -= Number(removeOldest().run(...key, last).changes);
      fallen = Math.max(fallen, last);
    }
    write().run(...key, epoch, Math.max(there?.[1] ?? 0, nowMs), held, fallen);
  }

  return {
    acknowledgeRevocations: (tenant, acknowledgement) => db.write(() => acknowledge(tenant, acknowledgement)),
    listRevocationFollowers: (tenant, seq, sinceMs, limit) =>
      db.read(() => (list().all(tenant, seq, sinceMs, limit) as unknown as Row[]).map((row) => toFollower(row, seq))),
  };
}

type Follower = [epoch: string, seenAt: number, points: number, fallenSeq: number];
type Row = [
  clientId: string,
  node: string,
  epoch: string,
  seenAt: number,
  fallenSeq: number,
  pointSeq: number | null,
  pointAt: number | null,
];

function toFollower([clientId, node, epoch, seenAtMs, fallenSeq, pointSeq, atMs]: Row, seq: number): RevocationFollower {
  const first = pointSeq === null || atMs === null ? undefined : { seq: pointSeq, atMs };
  return { clientId, node, epoch, seenAtMs, first, isEarliest: fallenSeq < seq };
}
