import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Figure } from './measure.ts';
import { report, table } from './report.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

function figure(value: number, p99: number): Figure {
  return { value, p50: p99 / 2, p99, serverBusy: 1, loadBusy: 0.5, disturbed: 0, perCpuSecond: value };
}

function scenario(name: string): Scenario {
  const found = SCENARIOS.find((candidate) => candidate.name === name);
  assert.ok(found);
  return found;
}

test('medians and ratios come from the rounds of one run', () => {
  const samples = new Map([
    ['ours', [figure(900, 5), figure(1000, 6), figure(5000, 1)]],
    ['floor', [figure(1250, 4), figure(1250, 4), figure(1250, 4)]],
    ['oidc-provider-memory', [figure(250, 24), figure(100, 24), figure(300, 24)]],
  ]);
  const found = report(scenario('refresh'), samples);
  assert.equal(found.ours, 1000);
  assert.equal(found.vs_floor, 0.8);
  assert.deepEqual(found.peers, { 'oidc-provider-memory': 250 });
  assert.deepEqual(found.vs_peers, { 'oidc-provider-memory': 4 });
  assert.deepEqual(found.p99_vs_peers, { 'oidc-provider-memory': 0.208 });
  assert.deepEqual(found.samples['ours'], [900, 1000, 5000]);
  assert.match(table({ refresh: found }), /refresh +req\/s +1,000 +1,250 +0\.8 +0\.8 +250 +4 +– +–/);
});

test('a contender that is not there leaves null, not a ratio of nothing', () => {
  const found = report(scenario('idle_rss'), new Map([['floor', [{ ...figure(60, 1), p50: undefined, p99: undefined }]]]));
  assert.equal(found.unit, 'MB');
  assert.equal(found.ours, null);
  assert.equal(found.vs_floor, null);
  assert.deepEqual(found.vs_peers, {});
  assert.deepEqual(found.p99, {});
});
