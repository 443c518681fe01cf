import { test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { startNode } from '../support/nodes.ts';
import { firstSeed, rounds } from '../support/seeds.ts';
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
