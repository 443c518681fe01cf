import assert from 'node:assert/strict';
import type { LimitRuleRecord } from '../port.ts';
import { type Case, countKinds, NOW, race } from './bench.ts';

function someRule(name: string, more: Partial<LimitRuleRecord> = {}): LimitRuleRecord {
  return { name, rule: '{"limit":1}', changedAt: NOW, changedBy: 'admin', ...more };
}

const MOST = 10;

export function limitRuleCases(define: Case): void {
  define('a rule is set, seen by every node, set anew, and removed; each change has a version', async ({ store, second, tenant }) => {
    assert.deepEqual(await store.listLimitRules(tenant), { version: 0, rules: [] });
    assert.equal(await store.limitRulesVersion(tenant), 0);
    assert.deepEqual(await store.putLimitRule(tenant, someRule('b'), undefined, MOST), { kind: 'done', version: 1 });
    assert.deepEqual(await second.putLimitRule(tenant, someRule('a', { rule: '{}' }), 1, MOST), { kind: 'done', version: 2 });
    assert.deepEqual(await store.listLimitRules(tenant), { version: 2, rules: [someRule('a', { rule: '{}' }), someRule('b')] });
    const anew = someRule('b', { rule: '{"limit":2}', changedAt: NOW + 1, changedBy: 'cli' });
    assert.deepEqual(await store.putLimitRule(tenant, anew, 2, MOST), { kind: 'done', version: 3 });
    assert.equal(await second.limitRulesVersion(tenant), 3);
    assert.deepEqual(await second.removeLimitRule(tenant, 'a', 3), { kind: 'done', version: 4 });
    assert.deepEqual(await store.listLimitRules(tenant), { version: 4, rules: [anew] });
  });

  define('who knows an older version changes nothing', async ({ store, tenant }) => {
    await store.putLimitRule(tenant, someRule('a'), undefined, MOST);
    assert.deepEqual(await store.putLimitRule(tenant, someRule('a', { rule: 'x' }), 0, MOST), { kind: 'changed', version: 1 });
    assert.deepEqual(await store.removeLimitRule(tenant, 'a', 2), { kind: 'changed', version: 1 });
    assert.deepEqual(await store.removeLimitRule(tenant, 'z', undefined), { kind: 'unknown' });
    assert.deepEqual(await store.listLimitRules(tenant), { version: 1, rules: [someRule('a')] });
  });

  define('there are so many rules and no more, in each tenant by itself', async ({ store, tenant, otherTenant }) => {
    assert.equal((await store.putLimitRule(tenant, someRule('a'), undefined, 2)).kind, 'done');
    assert.equal((await store.putLimitRule(tenant, someRule('b'), undefined, 2)).kind, 'done');
    assert.deepEqual(await store.putLimitRule(tenant, someRule('c'), undefined, 2), { kind: 'full' });
    assert.equal((await store.putLimitRule(tenant, someRule('b', { rule: 'x' }), undefined, 2)).kind, 'done', 'it is there already');
    assert.deepEqual(await store.putLimitRule(otherTenant, someRule('c'), undefined, 2), { kind: 'done', version: 1 });
    assert.equal((await store.listLimitRules(tenant)).rules.length, 2);
  });

  define('of fifty who set a rule on the same version, one does', async (b) => {
    const answers = await race(b, async (store) => await store.putLimitRule(b.tenant, someRule('a'), 0, MOST));
    assert.deepEqual(countKinds(answers), { done: 1, changed: 49 });
    assert.equal(await b.store.limitRulesVersion(b.tenant), 1);
  });

  define('of fifty who set rules of their own at once, as many do as there is room for', async (b) => {
    let next = 0;
    const answers = await race(b, async (store) => await store.putLimitRule(b.tenant, someRule(`r${next++}`), undefined, MOST));
    assert.deepEqual(countKinds(answers), { done: MOST, full: 50 - MOST });
  });
}
