import { Desk } from './desk.ts';
import type { Facts } from './facts.ts';
import { startOurs } from './ours.ts';
import type { DifferentialRequest } from './request.ts';
import { startTheirs } from './theirs.ts';
import { makeWorld } from './world.ts';

/** One aspect of one answer in which the two differ; undefined where one has nothing of the kind. */
export interface Difference {
  readonly id: string;
  readonly aspect: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Sends every request to both. */
export async function runDifferential(requests: readonly DifferentialRequest[]): Promise<readonly Difference[]> {
  const world = await makeWorld();
  const sides = await Promise.all([startOurs(world), startTheirs(world)]);
  try {
    const [ours, theirs] = await Promise.all(sides.map((side) => Desk.open(side, world)));
    if (ours === undefined || theirs === undefined) throw new TypeError('two sides');
    const differences: Difference[] = [];
    for (const { id, send } of requests.toSorted((a, b) => Number(a.late ?? false) - Number(b.late ?? false))) {
      const [here, there] = await Promise.all([send(ours), send(theirs)].map((facts) => facts.catch(toFacts)));
      if (here !== undefined && there !== undefined) differences.push(...compare(id, here, there));
    }
    return differences;
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
  }
}

function compare(id: string, ours: Facts, theirs: Facts): readonly Difference[] {
  if (ours['outcome'] !== theirs['outcome']) return [{ id, aspect: 'outcome', ours: ours['outcome'], theirs: theirs['outcome'] }];
  const aspects = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...aspects]
    .filter((aspect) => ours[aspect] !== theirs[aspect])
    .map((aspect) => ({ id, aspect, ours: ours[aspect], theirs: theirs[aspect] }));
}

/** What cannot even be prepared is a difference too, unless it is the same on both. */
function toFacts(error: unknown): Facts {
  return { outcome: error instanceof Error ? error.message.replace(/^(ours|theirs): /, '') : String(error) };
}
