import type { Adapter, StoredPayload } from 'oidc-provider';
import type { Pool } from 'pg';

interface Row {
  readonly payload: StoredPayload;
  readonly consumed: boolean;
}

/** The table and the indexes that the adapter's reads need. No index for a sweep of what has expired: that keeps its writes cheaper. */
export async function createTable(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE TABLE IF NOT EXISTS oidc_payload (
      model text NOT NULL, id text NOT NULL, payload jsonb NOT NULL, grant_id text, user_code text, uid text,
      expires_at timestamptz, consumed_at timestamptz, PRIMARY KEY (id, model)
    );
    CREATE INDEX IF NOT EXISTS oidc_payload_grant ON oidc_payload (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS oidc_payload_user_code ON oidc_payload (user_code) WHERE user_code IS NOT NULL;
    CREATE INDEX IF NOT EXISTS oidc_payload_uid ON oidc_payload (uid) WHERE uid IS NOT NULL`);
}

/**
 * oidc-provider's storage in PostgreSQL, as its documentation defines the methods: one row per artifact, prepared statements over a
 * pool, what may be looked up in columns with an index, the rest as `jsonb`.
 */
export class PostgresAdapter implements Adapter {
  readonly #pool: Pool;
  readonly #model: string;

  constructor(pool: Pool, model: string) {
    this.#pool = pool;
    this.#model = model;
  }

  async upsert(id: string, payload: StoredPayload, expiresIn: number | undefined): Promise<void> {
    const { grantId = null, userCode = null, uid = null } = payload;
    await this.#pool.query({
      name: 'upsert',
      text: `INSERT INTO oidc_payload (model, id, payload, grant_id, user_code, uid, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')
             ON CONFLICT (id, model) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
               user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`,
      values: [this.#model, id, JSON.stringify(payload), grantId, userCode, uid, expiresIn ?? null],
    });
  }

  find(id: string): Promise<StoredPayload | undefined> {
    return this.#findBy('id', id);
  }

  findByUid(uid: string): Promise<StoredPayload | undefined> {
    return this.#findBy('uid', uid);
  }

  findByUserCode(userCode: string): Promise<StoredPayload | undefined> {
    return this.#findBy('user_code', userCode);
  }

  async consume(id: string): Promise<void> {
    await this.#pool.query({
      name: 'consume',
      text: 'UPDATE oidc_payload SET consumed_at = now() WHERE id = $1 AND model = $2',
      values: [id, this.#model],
    });
  }

  async destroy(id: string): Promise<void> {
    await this.#pool.query({ name: 'destroy', text: 'DELETE FROM oidc_payload WHERE id = $1 AND model = $2', values: [id, this.#model] });
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#pool.query({ name: 'revoke', text: 'DELETE FROM oidc_payload WHERE grant_id = $1', values: [grantId] });
  }

  async #findBy(column: 'id' | 'uid' | 'user_code', value: string): Promise<StoredPayload | undefined> {
    const { rows } = await this.#pool.query<Row>({
      name: `find_by_${column}`,
      text: `SELECT payload, consumed_at IS NOT NULL AS consumed FROM oidc_payload
             WHERE ${column} = $1 AND model = $2 AND (expires_at IS NULL OR expires_at > now())`,
      values: [value, this.#model],
    });
    const row = rows[0];
    if (row === undefined) return undefined;
    return row.consumed ? { ...row.payload, consumed: true } : row.payload;
  }
}
