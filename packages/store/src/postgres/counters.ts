import type { TenantId } from '@hufu/protocol/ids';
import type { Session, Statement } from './database.ts';

export type CounterName =
  | 'tenant'
  | 'user'
  | 'client'
  | 'key'
  | 'keys'
  | 'grant'
  | 'session'
  | 'pushed'
  | 'pending'
  | 'device'
  | 'factor'
  | 'challenge'
  | 'mail'
  | 'event'
  | 'audit'
  | 'limit_rules'
  | 'edge_end'
  | 'administrators'
  | 'webhooks';

/** The counter's value, locked until the end of the transaction: whoever holds it is alone with what it numbers. */
export async function lockCounter(session: Session, tenant: TenantId | 0, name: CounterName): Promise<number> {
  return await raiseCounter(session, tenant, name, 0);
}

/** Answers the new value. The first is `by`. */
export async function raiseCounter(session: Session, tenant: TenantId | 0, name: CounterName, by = 1): Promise<number> {
  const [row] = await session.run<{ value: number }>(RAISE, [tenant, name, by]);
  if (row === undefined) throw new Error(`no counter ${name}`);
  return row.value;
}

/** 0 where nobody has counted yet. */
export async function readCounter(session: Session, tenant: TenantId, name: CounterName): Promise<number> {
  const [row] = await session.run<{ value: number }>(READ, [tenant, name]);
  return row?.value ?? 0;
}

const RAISE: Statement = {
  name: 'raise_counter',
  text: `INSERT INTO counters AS n (tenant, name, value) VALUES ($1::bigint, $2::text, $3::bigint)
    ON CONFLICT (tenant, name) DO UPDATE SET value = n.value + excluded.value
    RETURNING value`,
};

const READ: Statement = { name: 'read_counter', text: 'SELECT value FROM counters WHERE tenant = $1::bigint AND name = $2::text' };
