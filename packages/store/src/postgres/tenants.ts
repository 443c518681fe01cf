import { type TenantId, tenantId } from '@hufu/protocol/ids';
import type { Tenants } from '../port.ts';
import { lockCounter, raiseCounter } from './counters.ts';
import type { Database, Session, Statement } from './database.ts';

export function tenants(db: Database): Tenants {
  return {
    async ensureTenant(name) {
      const there = await findTenant(db, name);
      if (there !== undefined) return { id: there, name };
      const id = await db.transact(async (session) => {
        await lockCounter(session, 0, 'tenant');
        const made = await findTenant(session, name);
        if (made !== undefined) return made;
        const next = tenantId(await raiseCounter(session, 0, 'tenant'));
        await session.run(INSERT, [next, name]);
        return next;
      });
      return { id, name };
    },
  };
}

async function findTenant(session: Session, name: string): Promise<TenantId | undefined> {
  const [row] = await session.run<{ id: number }>(FIND, [name]);
  return row === undefined ? undefined : tenantId(row.id);
}

const FIND: Statement = { text: 'SELECT id FROM tenants WHERE name = $1::text' };
const INSERT: Statement = { text: 'INSERT INTO tenants (id, name) VALUES ($1::bigint, $2::text)' };
