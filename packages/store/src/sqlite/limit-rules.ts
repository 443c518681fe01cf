import type { LimitRuleRecord, LimitRules } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';

const COLUMNS = 'name, rule, changed_at, changed_by';

export function limitRules(db: Connection, counters: Counters): LimitRules {
  const list = db.lazy(`SELECT ${COLUMNS} FROM limit_rules WHERE tenant = ? ORDER BY name`);
  const countOthers = db.lazy('SELECT count(*) FROM limit_rules WHERE tenant = ? AND name <> ?');
  const put = db.lazy(`INSERT OR REPLACE INTO limit_rules (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?)`);
  const remove = db.lazy('DELETE FROM limit_rules WHERE tenant = ? AND name = ?');

  return {
    listLimitRules: (tenant) =>
      db.read(() => ({
        version: counters.find(tenant, 'limit_rules'),
        rules: (list().all(tenant) as unknown as Row[]).map(readRule),
      })),

    limitRulesVersion: (tenant) => db.read(() => counters.find(tenant, 'limit_rules')),

    putLimitRule: (tenant, { name, rule, changedAt, changedBy }, version, most) =>
      db.write(() => {
        const there = counters.find(tenant, 'limit_rules');
        if (version !== undefined && version !== there) return { kind: 'changed', version: there };
        const [others] = countOthers().get(tenant, name) as unknown as [number];
        if (others >= most) return { kind: 'full' };
        put().run(tenant, name, rule, changedAt, changedBy);
        return { kind: 'done', version: counters.next(tenant, 'limit_rules') };
      }),

    removeLimitRule: (tenant, name, version) =>
      db.write(() => {
        const there = counters.find(tenant, 'limit_rules');
        if (version !== undefined && version !== there) return { kind: 'changed', version: there };
        if (remove().run(tenant, name).changes === 0) return { kind: 'unknown' };
        return { kind: 'done', version: counters.next(tenant, 'limit_rules') };
      }),
  };
}

type Row = [string, string, number, string];

function readRule([name, rule, changedAt, changedBy]: Row): LimitRuleRecord {
  return { name, rule, changedAt, changedBy };
}
