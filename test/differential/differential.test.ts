import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { KNOWN_DIFFERENCES } from './differences.ts';
import { judge } from './judge.ts';
import { REPORT, writeReport } from './report.ts';
import { REQUESTS } from './requests.ts';
import { runDifferential } from './run.ts';

describe('beside oidc-provider, the same requests to both', async () => {
  const differences = await runDifferential(REQUESTS);
  const { unknown, idle, counts } = judge(differences, KNOWN_DIFFERENCES);

  test('no two requests have one name, and there are at least 300', () => {
    assert.ok(REQUESTS.length >= 300);
    assert.equal(new Set(REQUESTS.map(({ id }) => id)).size, REQUESTS.length);
  });

  test('every difference is written down, with the section that decides it', () => {
    assert.deepEqual(
      unknown.map(({ id, aspect, ours = 'nothing', theirs = 'nothing' }) => `${id} | ${aspect} | ours: ${ours} | theirs: ${theirs}`),
      [],
    );
  });

  test('every difference that is written down is one', () => {
    assert.deepEqual(
      idle.map(({ requests, aspect, ours, theirs }) => `${String(requests)} | ${aspect} | ours: ${ours} | theirs: ${theirs}`),
      [],
    );
  });

  test('docs/differential.md counts them as they are', () => {
    const report = writeReport(REQUESTS.length, differences, counts);
    if (process.env['HUFU_WRITE_REPORT'] === '1') writeFileSync(REPORT, report);
    assert.equal(readFileSync(REPORT, 'utf8'), report, 'HUFU_WRITE_REPORT=1 writes it');
  });
});
