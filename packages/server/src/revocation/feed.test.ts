import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import type { Context } from '../context.ts';
import { serverLimits } from '../limits/server-limits.ts';
import { openWorld, type World } from '../testing/world.ts';
import { makeFeed } from './feed.ts';

const API = { clientId: clientId('api') };

/** With a clock of its own for what nobody stops. */
function withPassing({ ctx, clock }: World, passedMs: () => number): Context {
  return { ...ctx, limits: serverLimits({ config: ctx.config, nowMs: clock.nowMs, remote: undefined, passedMs }) };
}

test('a node acknowledges five times a second, by a clock that nobody stops; each by itself', async () => {
  const world = await openWorld();
  let passed = 0.5;
  const feed = makeFeed(withPassing(world, () => passed));
  for (let count = 0; count < 5; count += 1) assert.equal(feed.takeAcknowledgement(API, 'n1'), 0);
  assert.equal(feed.takeAcknowledgement(API, 'n1'), 1);
  assert.equal(feed.takeAcknowledgement(API, 'n2'), 0);
  // The clock of the world stands still.
  passed += 200;
  assert.deepEqual([feed.takeAcknowledgement(API, 'n1'), feed.takeAcknowledgement(API, 'n1')], [0, 1]);
  await world.close();
});

test('names that a client makes up are no write each, and cost nobody else anything', async () => {
  let writes = 0;
  const world = await openWorld({
    wrap: (store) => ({
      ...store,
      acknowledgeRevocations: async () => {
        writes += 1;
      },
    }),
  });
  let passed = 0;
  const feed = makeFeed(withPassing(world, () => passed));
  await feed.hub.look();
  const admitted = Array.from({ length: 20_000 }, (_, index) => feed.takeAcknowledgement(API, `made-up-${index}`)).filter(
    (wait) => wait === 0,
  );
  assert.equal(admitted.length, 512);
  for (let index = 0; index < 20_000; index += 1) feed.seen(API, `made-up-${index}`);
  assert.equal(writes, 512);
  const other = { clientId: clientId('machine') };
  assert.equal(feed.takeAcknowledgement(other, 'n'), 0);
  feed.seen(other, 'n');
  feed.seen(other, 'n');
  assert.equal(writes, 513, 'a node is seen once in a while');
  passed += 1_000;
  for (let index = 0; index < 100; index += 1) feed.seen(API, `new-${index}`);
  assert.equal(writes, 563);
  await world.close();
});
