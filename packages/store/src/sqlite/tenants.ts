import { tenantId } from '@hufu/protocol/ids';
import type { Tenants } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';

export function tenants(db: Connection, counters: Counters): Tenants {
  const find = db.lazy('SELECT id FROM tenants WHERE name = ?');
  const insert = db.lazy('INSERT INTO tenants (id, name) VALUES (?, ?)');
  return {
    ensureTenant: (name) =>
      db.write(() => {
        const row = find().get(name) as unknown as [number] | undefined;
        if (row !== undefined) return { id: tenantId(row[0]), name };
        const id = tenantId(counters.next(0, 'tenant'));
        insert().run(id, name);
        return { id, name };
      }),
  };
}
