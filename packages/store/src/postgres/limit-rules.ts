import type { LimitRuleRecord, LimitRules } from '../port.ts';
import { lockCounter, raiseCounter, readCounter } from './counters.ts';
import type { Database, Statement } from './database.ts';

export function limitRules(db: Database): LimitRules {
  return {
    async listLimitRules(tenant) {
      const version = await readCounter(db, tenant, 'limit_rules');
      return { version, rules: (await db.run<Row>(LIST, [tenant])).map(readRule) };
    },

    limitRulesVersion: (tenant) => readCounter(db, tenant, 'limit_rules'),

    putLimitRule: (tenant, { name, rule, changedAt, changedBy }, version, most) =>
      db.transact(async (session) => {
        const there = await lockCounter(session, tenant, 'limit_rules');
        if (version !== undefined && version !== there) return { kind: 'changed', version: there };
        const [others] = await session.run<{ others: number }>(COUNT_OTHERS, [tenant, name]);
        if ((others?.others ?? 0) >= most) return { kind: 'full' };
        await session.run(PUT, [tenant, name, rule, changedAt, changedBy]);
        return { kind: 'done', version: await raiseCounter(session, tenant, 'limit_rules') };
      }),

    removeLimitRule: (tenant, name, version) =>
      db.transact(async (session) => {
        const there = await lockCounter(session, tenant, 'limit_rules');
        if (version !== undefined && version !== there) return { kind: 'changed', version: there };
        const [removed] = await session.run(REMOVE, [tenant, name]);
        if (removed === undefined) return { kind: 'unknown' };
        return { kind: 'done', version: await raiseCounter(session, tenant, 'limit_rules') };
      }),
  };
}

interface Row {
  readonly name: string;
  readonly rule: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

function readRule({ name, rule, changed_at, changed_by }: Row): LimitRuleRecord {
  return { name, rule, changedAt: changed_at, changedBy: changed_by };
}

const LIST: Statement = { text: 'SELECT name, rule, changed_at, changed_by FROM limit_rules WHERE tenant = $1::bigint ORDER BY name' };
const COUNT_OTHERS: Statement = {
  text: 'SELECT count(*)::bigint AS others FROM limit_rules WHERE tenant = $1::bigint AND name <> $2::text',
};
const PUT: Statement = {
  text: `INSERT INTO limit_rules (tenant, name, rule, changed_at, changed_by)
    VALUES ($1::bigint, $2::text, $3::text, $4::bigint, $5::text)
    ON CONFLICT (tenant, name) DO UPDATE SET rule = excluded.rule, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
};
const REMOVE: Statement = { text: 'DELETE FROM limit_rules WHERE tenant = $1::bigint AND name = $2::text RETURNING name' };
