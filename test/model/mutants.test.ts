import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { withLatency } from '@hufu/store/slow';
import { crash } from '../fault/crash.ts';
import { crashDatabase } from '../fault/database-crash.ts';
import { type Course, memoryCourse, originAt, SPA } from '../race/course.ts';
import { keepOpen, startBoth } from '../race/first-start.ts';
import { oneConsent } from '../race/pages.ts';
import { oneCode, oneRefreshToken } from '../race/scenarios.ts';
import { Agent } from '../support/agent.ts';
import { type Mutant, makeMutant } from '../support/mutant.ts';
import { startNode } from '../support/nodes.ts';
import { slowStore } from '../support/slow-store.ts';
import { checkClockBehind } from './clock-behind.ts';
import { checkConcurrently } from './concurrent.ts';
import { MODEL_YAML } from './customer.ts';
import { MUTANTS, type MutantRecipe } from './mutants.ts';
import { checkSequentially } from './sequential.ts';

/** The same for all, so that a mutant that is killed once is killed every time, as far as chance is in it. */
const SEED = 20_260_101;
const RUNS = 300;
const RACES = 20;

type Suite = (recipe: MutantRecipe, mutant: Mutant | undefined) => Promise<void>;

/** Every suite as the tests run it, until it finds something. */
const SUITES: Readonly<Record<MutantRecipe['by'], Suite>> = {
  'sequential model': async (recipe, mutant) => {
    const node = await startNode({ store: await open(recipe, mutant), yaml: MODEL_YAML, ...server(mutant) });
    await checkSequentially(node, { runs: RUNS, seed: SEED, maxCommands: 40, shrink: false }).finally(() => node.stop());
  },
  'concurrent model': async (recipe, mutant) => {
    const slow = slowStore(await open(recipe, mutant));
    const node = await startNode({ store: slow.store, yaml: MODEL_YAML, ...server(mutant) });
    await checkConcurrently(node, slow, { runs: RUNS, seed: SEED }).finally(() => node.stop());
  },
  'code race': (recipe, mutant) => race(recipe, mutant, (course, agent, seed) => oneCode(course, agent, SPA, 50, seed)),
  'refresh race': (recipe, mutant) => race(recipe, mutant, (course, agent, seed) => oneRefreshToken(course, agent, SPA, 50, seed)),
  'consent race': (recipe, mutant) => race(recipe, mutant, (course, agent, seed) => oneConsent(course, agent, 8, seed)),
  'first start': async (recipe, mutant) => {
    const inner = await open(recipe, mutant);
    for (let seed = 0; seed < RACES; seed += 1) {
      await startBoth(async (index) => keepOpen(withLatency(inner, { seed: seed * 2 + index, maxMs: 1.5 })), mutant?.startServer);
    }
  },
  'clock behind': (_recipe, mutant) => checkClockBehind(mutant?.startServer),
  'database crash': async () => {
    const { lost, revived, complaints } = await crashDatabase(10, SEED, { unsafe: true });
    assert.deepEqual({ lost, revived, complaints }, { lost: [], revived: [], complaints: [] });
  },
  crash: async (_recipe, mutant) => {
    const { lost, revived, complaints } = await crash('sqlite', 10, SEED, mutant?.main);
    assert.deepEqual({ lost, revived, complaints }, { lost: [], revived: [], complaints: [] });
  },
};

describe('every mutant is killed (attacks 4.4)', () => {
  for (const recipe of MUTANTS) {
    test(`by the ${recipe.by}: ${recipe.name}`, async (t) => {
      const mutant = recipe.edits === undefined ? undefined : await makeMutant(recipe.edits);
      try {
        await SUITES[recipe.by](recipe, mutant).then(
          () => assert.fail('it lives'),
          (error: unknown) => {
            const cause = error instanceof Error ? (error.cause ?? error) : error;
            const message = cause instanceof Error ? cause.message : String(cause);
            t.diagnostic(message.split('\n').slice(-2).join(' · ').slice(0, 300));
          },
        );
      } finally {
        await mutant?.remove();
      }
    });
  }
});

function open(recipe: MutantRecipe, mutant: Mutant | undefined): ReturnType<typeof openMemory> {
  return (recipe.open ?? mutant?.openMemory ?? openMemory)();
}

function server(mutant: Mutant | undefined): Partial<Pick<Mutant, 'startServer'>> {
  return mutant === undefined ? {} : { startServer: mutant.startServer };
}

async function race(
  recipe: MutantRecipe,
  mutant: Mutant | undefined,
  run: (course: Course, agent: Agent, seed: number) => Promise<void>,
): Promise<void> {
  const course = await memoryCourse({ store: await open(recipe, mutant), ...server(mutant) });
  const agent = new Agent(originAt(course, 0));
  try {
    for (let seed = SEED; seed < SEED + RACES; seed += 1) await run(course, agent, seed);
  } finally {
    await course.stop();
  }
}
