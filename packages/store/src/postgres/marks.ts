import type { TenantId } from '@hufu/protocol/ids';
import type { MarkKind, Marks } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import { batch } from './batch.ts';
import type { Database, Statement } from './database.ts';
import { type Ended, ended, type Purge } from './purge.ts';

export function marks(db: Database, purge: Purge): Marks {
  const kinds = new Map<MarkKind, Ended>();
  /** The key begins with tenant and kind: an index by end would cost more than asking once for each kind. */
  const endedMarks = (kind: MarkKind): Ended => {
    const known = kinds.get(kind) ?? ended('marks', 'expires_at', FALL_AFTER_SECONDS, `kind = '${kind}'`);
    kinds.set(kind, known);
    return known;
  };
  const take = batch<Mark, boolean>({
    key: ({ tenant, kind }) => `${tenant} ${kind}`,
    send: (items) => takeTogether(db, items),
  });
  return {
    async takeOnce(tenant, kind, value, expiresAt, now) {
      if (expiresAt <= now) return false;
      const taken = await take({ tenant, kind, value, expiresAt });
      if (taken) purge.count(tenant, endedMarks(kind), 1, now);
      return taken;
    },
  };
}

interface Mark {
  readonly tenant: TenantId;
  readonly kind: MarkKind;
  readonly value: string;
  readonly expiresAt: number;
}

interface MarkRow {
  readonly expires_at: number;
  readonly value: string;
}

/** In one order on every node, so that two batches with the same marks wait for each other and never in a circle. */
async function takeTogether(db: Database, items: readonly Mark[]): Promise<boolean[]> {
  const sorted = items.toSorted((one, other) => one.expiresAt - other.expiresAt || (one.value < other.value ? -1 : 1));
  const values = [items[0]?.tenant, items[0]?.kind, sorted.map((mark) => mark.expiresAt), sorted.map((mark) => mark.value)];
  const rows = await db.run<MarkRow>(TAKE, values);
  const taken = new Set(rows.map((row) => `${row.expires_at} ${row.value}`));
  // Of several in one batch the first has it.
  return items.map((mark) => taken.delete(`${mark.expiresAt} ${mark.value}`));
}

const TAKE: Statement = {
  name: 'take_marks',
  text: `INSERT INTO marks (tenant, kind, expires_at, value)
    SELECT $1::bigint, $2::text, w.expires_at, w.value FROM unnest($3::bigint[], $4::text[]) AS w (expires_at, value)
    ON CONFLICT (tenant, kind, expires_at, value) DO NOTHING
    RETURNING expires_at, value`,
};
