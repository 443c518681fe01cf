import assert from 'node:assert/strict';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { wrapped } from '@hufu/store/wrapped';
import { assertRefused, COURSE_YAML, freshCode, isActive, readTokens, redeem, WEB } from '../race/course.ts';
import { keepOpen } from '../race/first-start.ts';
import { Agent } from '../support/agent.ts';
import { type Node, type NodeOptions, startNode } from '../support/nodes.ts';

const BEHIND_MS = 2 * 3_600_000;
const ISSUER = 'http://127.0.0.1:1';

/**
 * A machine whose clock is two hours behind the store's: what was over two hours ago stays over (attacks COD-08, I9). `start` is a
 * mutant's.
 */
export async function checkClockBehind(start?: NodeOptions['startServer']): Promise<void> {
  const store = await openMemory();
  const open = (wrapped: Store): Promise<Node> =>
    startNode({ store: wrapped, yaml: COURSE_YAML, issuer: ISSUER, ...(start === undefined ? {} : { startServer: start }) });
  const before = await open(keepOpen(store));
  const agent = new Agent(before.origin);
  const waiting = await freshCode(agent, WEB);
  const tokens = readTokens(WEB, await redeem(before.origin, await freshCode(agent, WEB)));
  assert.equal(await isActive(before.origin, tokens.access), true);
  await before.stop();

  const behind = await open(ahead(store));
  try {
    assert.equal(await isActive(behind.origin, tokens.access), false, 'an access token that is over');
    assertRefused(await redeem(behind.origin, waiting));
  } finally {
    await behind.stop();
  }
}

/** The same store, whose clock is ahead of this machine's. */
function ahead(store: Store): Store {
  return wrapped(
    store,
    (inner) =>
      new Proxy(inner, {
        get: (target, name) =>
          name === 'time' ? async (): Promise<number> => Math.max(await target.time(), Date.now()) + BEHIND_MS : Reflect.get(target, name),
      }),
  );
}
