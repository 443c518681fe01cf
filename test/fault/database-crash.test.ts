import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstSeed, rounds } from '../support/seeds.ts';
import { crashDatabase } from './database-crash.ts';

const ROUNDS = rounds(4, 50);

test(`PostgreSQL that dies under load is 503 and nothing worse, and the server goes on by itself (attacks REL-04), ${ROUNDS} rounds`, async (t) => {
  const seed = firstSeed();
  const { lost, revived, complaints, ...report } = await crashDatabase(ROUNDS, seed, { unsafe: false });
  t.diagnostic(JSON.stringify({ ...report, lost: lost.length, revived: revived.length }));
  assert.deepEqual({ lost, revived, complaints }, { lost: [], revived: [], complaints: [] }, `HUFU_SEED=${seed}, round ${report.rounds}`);
});
