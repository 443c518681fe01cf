import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINES } from '../support/databases.ts';
import { firstSeed, rounds } from '../support/seeds.ts';
import { crash } from './crash.ts';

const ROUNDS = rounds(5, 50);

for (const engine of ENGINES) {
  test(`kill -9 under load on ${engine} loses nothing that was acknowledged and revives nothing (attacks REL-01), ${ROUNDS} rounds`, async (t) => {
    const seed = firstSeed();
    const { lost, revived, complaints, ...report } = await crash(engine, ROUNDS, seed);
    t.diagnostic(`${engine}: ${JSON.stringify({ ...report, lost: lost.length, revived: revived.length })}`);
    assert.deepEqual({ lost, revived, complaints }, { lost: [], revived: [], complaints: [] }, `HUFU_SEED=${seed}, round ${report.rounds}`);
  });
}
