import assert from 'node:assert/strict';
import { test } from 'node:test';
import { token } from '../endpoints/token.ts';
import { replayed } from '../testing/replays.ts';
import { tokenFacts } from '../testing/token-facts.ts';
import { BASIC_YAML, openWorld, SECRETS, START_MS, type World } from '../testing/world.ts';
import { limitsReplay } from './replay-limits.ts';

const FACTS = tokenFacts({ granted: ['read'] });
const limited = (rules: string): string => `${BASIC_YAML}limits: { rules: { ${rules} } }\n`;
const PER_CLIENT = 'per-client: { kind: gcra, limit: 5, period: 1m, burst: 5, key: [client], match: { routes: [/oauth/token] } }';

/** So many requests in the minute: at once, or one after the other. */
async function send(world: World, count: number, everyMs: number): Promise<number> {
  let refused = 0;
  for (let i = 0; i < count; i++) {
    world.clock.freeze(START_MS + i * everyMs);
    const authorization = `Basic ${Buffer.from(`machine:${SECRETS.machine}`).toString('base64')}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization };
    const body = 'grant_type=client_credentials&scope=read';
    const reply = await token(world.ctx, world.http({ method: 'POST', path: '/oauth/token', headers, body }));
    if (reply.status === 429) refused++;
  }
  return refused;
}

test('a limit that would have been too low is told within bounds, and what comes to pass lies between them', async () => {
  const world = await openWorld();
  assert.equal(await send(world, 15, 0), 0);
  const { limits } = await replayed(world, limited(PER_CLIENT));
  assert.deepEqual(limits, [
    {
      kind: 'judged',
      rule: 'per-client',
      shadow: false,
      requests: 15,
      refusedThen: 0,
      refusedAtLeast: 6,
      refusedAtMost: 10,
      clients: ['machine'],
      uncounted: 0,
    },
  ]);
  await world.close();
  for (const [everyMs, expected] of [
    [0, 10],
    [4_000, 6],
  ] as const) {
    const after = await openWorld({ yaml: limited(PER_CLIENT) });
    assert.equal(await send(after, 15, everyMs), expected, `every ${everyMs} ms`);
    await after.close();
  }
});

test('what there is no room for is not judged, and told', async () => {
  const world = await openWorld({ yaml: limited(PER_CLIENT) });
  const limits = limitsReplay(world.ctx);
  const facts = { ...FACTS, client: 'machine' };
  await limits.add(facts, START_MS / 1000, 60_000);
  await limits.add(facts, START_MS / 1000, 60_000);
  const [one] = limits.result();
  assert.ok(one?.kind === 'judged');
  assert.deepEqual([one.requests, one.uncounted], [100_000, 20_000]);
  await world.close();
});

test('what limits refused is counted with what they let pass, and a rule that refuses nobody is said to be one', async () => {
  const world = await openWorld({ yaml: limited(PER_CLIENT) });
  assert.equal(await send(world, 8, 0), 3);
  const [one] = (await replayed(world, limited(PER_CLIENT.replace('key:', 'shadow: true, key:')))).limits;
  assert.ok(one?.kind === 'judged');
  assert.deepEqual([one.shadow, one.requests, one.refusedThen, one.refusedAtMost], [true, 8, 3, 3]);
  await world.close();
});

test('what counts by addresses or headers is not judged, nor what is about other endpoints', async () => {
  const world = await openWorld();
  await send(world, 3, 0);
  const rules = [
    'by-address: { limit: 1, period: 1m, burst: 1, key: [address], match: { routes: [/oauth/token] } }',
    "by-header: { limit: 1, period: 1m, burst: 1, key: ['header:x-team'], match: { routes: [/oauth/token] } }",
    'elsewhere: { limit: 1, period: 1m, burst: 1, key: [client], match: { routes: [/oauth/par] } }',
    'everybody: { limit: 1, period: 1m, burst: 1, key: [], match: { routes: [/oauth/token] } }',
  ];
  const { limits } = await replayed(world, limited(rules.join(', ')));
  assert.deepEqual(
    limits.map((one) => [one.rule, one.kind === 'judged' ? one.refusedAtMost : one.why]),
    [
      ['by-address', 'it counts by address'],
      ['by-header', 'it counts by a header'],
      ['everybody', 2],
    ],
  );
  await world.close();
});
