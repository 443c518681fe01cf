import { test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { startNode } from '../support/nodes.ts';
import { firstSeed, rounds } from '../support/seeds.ts';
import { slowStore } from '../support/slow-store.ts';
import { checkConcurrently } from './concurrent.ts';
import { MODEL_YAML } from './customer.ts';
import { checkSequentially } from './sequential.ts';

const RUNS = rounds(300, 5_000);

test(`grants, codes and tokens live and die as the model has them (attacks part 4), ${RUNS} runs of up to 40 commands`, async (t) => {
  const node = await startNode({ store: await openMemory(), yaml: MODEL_YAML });
  try {
    const { commands, seconds } = await checkSequentially(node, { runs: RUNS, seed: firstSeed(), maxCommands: 40, shrink: true });
    t.diagnostic(`${RUNS} runs, ${commands} commands in ${seconds.toFixed(1)} s`);
  } finally {
    await node.stop();
  }
});

const SCRIPTS = rounds(300, 5_000);

test(`what is done at once with one grant has the answers of some order (attacks part 4.2, I1 to I9), ${SCRIPTS} scripts over a slow store`, async (t) => {
  const slow = slowStore(await openMemory());
  const node = await startNode({ store: slow.store, yaml: MODEL_YAML });
  try {
    const { batches, worlds } = await checkConcurrently(node, slow, { runs: SCRIPTS, seed: firstSeed() });
    t.diagnostic(`${SCRIPTS} scripts, ${batches} batches, at most ${worlds} possible worlds`);
  } finally {
    slow.slowDown(0, 0);
    await node.stop();
  }
});
