import fc from 'fast-check';
import type { Node } from '../support/nodes.ts';
import type { SlowStore } from '../support/slow-store.ts';
import { Customer } from './customer.ts';
import * as intents from './intents.ts';
import { sweep } from './sequential.ts';
import { step } from './spec.ts';
import { newWorld, type Op, type Reply, type World } from './world.ts';

export interface ConcurrentRun {
  readonly runs: number;
  readonly seed: number;
}

const MAX_WAIT_MS = 2;

/**
 * Two to four things at once with one grant: their answers must be those of some order of them, one after another (attacks part 4.2). Where
 * several orders explain what was seen, all their worlds are kept; what follows rules some out, and when none is left that is a defect.
 */
export async function checkConcurrently(
  node: Node,
  slow: SlowStore,
  { runs, seed }: ConcurrentRun,
): Promise<{ readonly batches: number; readonly worlds: number }> {
  await node.freeze();
  let batches = 0;
  let mostWorlds = 0;
  await fc.assert(
    fc.asyncProperty(script, async ({ first, refreshes, rounds, latency }) => {
      const customer = await Customer.join(node);
      const history: string[] = [];
      let worlds: readonly World[] = [newWorld(customer.now)];
      const together = async (wanted: readonly intents.Intent[]): Promise<void> => {
        const [world] = worlds;
        const ops = world === undefined ? [] : wanted.flatMap((intent) => intents.resolve(intent, world) ?? []);
        worlds = await performTogether(customer, ops, worlds, history);
        mostWorlds = Math.max(mostWorlds, worlds.length);
      };
      slow.slowDown(0, 0);
      await together([first]);
      for (const intent of refreshes) await together([intent]);
      for (const { pause, batch } of rounds) {
        await together([pause]);
        slow.slowDown(latency, MAX_WAIT_MS);
        await together(batch);
        batches += 1;
        slow.slowDown(0, 0);
      }
      for (const op of worlds.flatMap((world) => sweep(world)).filter(isFirst))
        worlds = await performTogether(customer, [op], worlds, history);
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
  return { batches, worlds: mostWorlds };
}

/** All about the one grant there is. */
const atOnce: fc.Arbitrary<intents.Intent> = fc.oneof(
  { weight: 6, arbitrary: intents.refresh },
  { weight: 4, arbitrary: intents.redeem.map((intent) => ({ ...intent, stale: true })) },
  { weight: 3, arbitrary: intents.revoke },
  { weight: 2, arbitrary: intents.introspect },
  { weight: 1, arbitrary: intents.userinfo },
  { weight: 1, arbitrary: intents.disable },
  { weight: 1, arbitrary: intents.enable },
  { weight: 1, arbitrary: intents.changePassword },
  { weight: 1, arbitrary: intents.signOut },
  { weight: 1, arbitrary: intents.withdraw },
  { weight: 1, arbitrary: intents.revokeClient },
);

const REDEEM: intents.Intent = { kind: 'redeem', grant: 0, stale: false, by: 'owner', verifier: 'right', redirect: 'right' };
const REFRESH: intents.Intent = { kind: 'refresh', grant: 1, age: 0, by: 'owner', scope: 'same', resource: undefined };

/** Any two to four, or the code and the newest refresh token fought over by two who both own them, beside others. */
const batch: fc.Arbitrary<readonly intents.Intent[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(atOnce, { minLength: 2, maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom([REDEEM, REDEEM], [REFRESH, REFRESH]), fc.array(atOnce, { maxLength: 2 }))
      .map(([fight, others]) => [...fight, ...others]),
  },
);

const pause = fc.constantFrom(1, 1, 30, 61, 200).map((seconds): intents.Intent => ({ kind: 'advance', seconds }));

const script = fc.record({
  first: intents.authorize.map((intent) => ({ ...intent, deny: false })),
  /** None at all: the code itself is fought over. */
  refreshes: fc.oneof(
    fc.constant<readonly intents.Intent[]>([]),
    fc.array(fc.constant(REFRESH), { maxLength: 3 }).map((refreshes) => [REDEEM, ...refreshes]),
  ),
  rounds: fc.array(fc.record({ pause, batch }), { minLength: 1, maxLength: 3 }),
  latency: fc.nat(),
});

async function performTogether(
  customer: Customer,
  ops: readonly Op[],
  worlds: readonly World[],
  history: string[],
): Promise<readonly World[]> {
  const replies = await Promise.all(ops.map((op) => customer.perform(op)));
  const seen = ops.map((op, index) => `${intents.describeOp(op)} → ${replies[index]?.outcome}`);
  history.push(ops.length > 1 ? `at once:\n  ${seen.join('\n  ')}` : seen.join());
  const after = new Map<string, World>();
  for (const world of worlds) {
    for (const reached of explain(world, ops, replies)) after.set(keyOf(reached), reached);
  }
  if (after.size > 0) return [...after.values()];
  throw new Error(`no order explains the answers:\n${history.join('\n')}\nreplies: ${JSON.stringify(replies)}`);
}

/** The worlds after each order of the operations that fits their answers (Wing and Gong's search; all of them overlap). */
export function explain(world: World, ops: readonly Op[], replies: readonly Reply[]): readonly World[] {
  if (ops.length === 0) return [world];
  return ops.flatMap((op, index) => {
    const reply = replies[index];
    const next = reply === undefined ? undefined : step(world, op, reply);
    return next?.kind === 'right' ? explain(next.world, ops.toSpliced(index, 1), replies.toSpliced(index, 1)) : [];
  });
}

function keyOf({ tokens, bound, revokedNames, ...rest }: World): string {
  const sorted = <T>(entries: Iterable<T>): readonly T[] =>
    [...entries].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return JSON.stringify({ rest, tokens: sorted(tokens), bound: sorted(bound), revoked: sorted(revokedNames) });
}

function isFirst(op: Op, index: number, all: readonly Op[]): boolean {
  return all.findIndex((other) => JSON.stringify(other) === JSON.stringify(op)) === index;
}
