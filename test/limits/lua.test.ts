import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { State } from '@hufu/flow/algorithm';
import { algorithmOf, checkAlgorithm } from '@hufu/flow/algorithms';
import { systemClock } from '@hufu/flow/redis/clock';
import { CLOCK, SAVE } from '@hufu/flow/redis/lua/scripts';
import { Planner } from '@hufu/flow/redis/plan';
import { RedisLine } from '@hufu/flow/redis/redis-line';
import { runChange, runTake } from '@hufu/flow/redis/take-script';
import type { AlgorithmRule, Rule } from '@hufu/flow/rule';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let client: Redis;
before(async () => {
  redis = await startRedis();
  client = redis.connect();
});
after(() => redis.stop());

/** By the clock of the test, and no state goes by itself. */
const NOW = 'the time';
const GIVEN_CLOCK = `local now = tonumber(redis.call('GET', '${NOW}'))`;
const KEEPING = `local function save(key, text) redis.call('SET', key, text) end`;

const count = (max: number): fc.Arbitrary<number> => fc.oneof(fc.integer({ min: 1, max: Math.min(max, 20) }), fc.integer({ min: 1, max }));
const rate = { limit: count(100_000), periodMs: count(100_000_000) };
const warmUp = {
  ...rate,
  warmUpMs: count(10_000_000),
  coldFactor: fc.oneof(fc.constant(3), fc.double({ min: 1.01, max: 1_000, noNaN: true })),
};
const RULES: { readonly [Kind in AlgorithmRule['kind']]?: fc.Arbitrary<AlgorithmRule> } = {
  fixed_window: fc.record({ kind: fc.constant('fixed_window'), ...rate }),
  gcra: fc.record({ kind: fc.constant('gcra'), ...rate, burst: count(100_000) }),
  leaky_bucket: fc.record({ kind: fc.constant('leaky_bucket'), ...rate, maxQueueMs: count(1_000_000) }),
  quota: fc.record({
    kind: fc.constant('quota'),
    limit: count(1_000),
    period: fc.constantFrom('hour', 'day', 'week', 'month', 'year'),
    zone: fc.constantFrom('UTC', 'Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe'),
  }),
  sliding_counter: fc.record({ kind: fc.constant('sliding_counter'), ...rate }),
  sliding_log: fc.record({ kind: fc.constant('sliding_log'), limit: count(30), periodMs: count(100_000_000) }),
  token_bucket: fc
    .record({ kind: fc.constant('token_bucket'), capacity: count(100_000), unit: count(100_000), intervalMs: count(100_000_000) })
    .map((rule) => ({ ...rule, unit: Math.min(rule.unit, rule.capacity) })),
  warm_up: fc.record({ kind: fc.constant('warm_up'), ...warmUp, burst: count(1_000) }),
  warm_up_pacing: fc.record({ kind: fc.constant('warm_up_pacing'), ...warmUp, maxQueueMs: count(1_000_000) }),
};

/** Time goes on by a part of `spanMs`, or back; the size is a part of what there is. */
const STEP = fc.record({
  act: fc.constantFrom('take', 'take', 'take', 'look', 'refund', 'charge'),
  steps: fc.oneof(
    fc.constantFrom(0, 0, 1),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 0.01, noNaN: true }),
    fc.double({ min: -0.5, max: 0, noNaN: true }),
    fc.constantFrom(3, -3, 20, -20),
  ),
  size: fc.oneof(fc.constantFrom(0, 0.0001, 1, 1.1), fc.double({ min: 0, max: 0.4, noNaN: true })),
});

for (const [kind, rules] of Object.entries(RULES)) {
  test(`${kind}: the script decides to the bit as the function does, also where the clock is set back`, async () => {
    const commands = fc.tuple(
      rules.filter((rule) => checkAlgorithm(rule) === undefined),
      fc.array(STEP, { minLength: 20, maxLength: 40 }),
    );
    let runs = 0;
    let [allowed, refused, changed] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(commands, async ([algorithm, steps]) => {
        const rule: Rule = { name: kind, key: [], algorithm };
        const plan = new Planner('lua:', new Uint8Array(32)).plan({
          rule,
          algorithm,
          override: undefined,
          key: String(runs++),
          cost: 1,
          fresh: undefined,
        });
        const { size: most, spanMs } = extentOf(algorithm);
        let nowMs = 1_700_000_000_000;
        const line = new RedisLine({ connection: { call: callWith }, clock: { ...systemClock, nowMs: () => nowMs }, timeoutMs: 10_000 });
        const way = algorithmOf(algorithm);
        const taken: { readonly cost: number; readonly atMs: number }[] = [];
        let state: State | undefined;
        for (const { act, steps: parts, size } of steps) {
          nowMs += Math.trunc(parts * spanMs);
          await client.set(NOW, nowMs);
          const cost = size === 0.0001 ? 1 : Math.floor(size * most);
          const last = taken.pop();
          if (act === 'take' || act === 'look') {
            if (last !== undefined) taken.push(last);
            const { state: after, decision } = way.decide(state, nowMs, cost, algorithm);
            const ran = await runTake(line, act, [{ plan, isShadow: false, fresh: undefined, cost, most: cost }]);
            assert.equal(ran.kind, 'answer', JSON.stringify(ran));
            const result = ran.kind === 'answer' ? ran.results[0] : undefined;
            if (act === 'take') {
              assert.deepEqual(result?.decision, decision);
              state = after;
            } else {
              const now = way.decide(state, nowMs, 0, algorithm).decision;
              assert.equal(result?.decision.retryAfterMs, decision.retryAfterMs);
              assert.equal(result?.decision.remaining, decision.allowed ? now.remaining : decision.remaining);
            }
            assert.equal(result?.taken, decision.allowed && act === 'take' ? cost : 0);
            if (decision.allowed && act === 'take' && cost > 0) taken.push({ cost, atMs: nowMs });
            if (decision.allowed) allowed += 1;
            else refused += 1;
          } else if (act === 'charge') {
            if (last !== undefined) taken.push(last);
            if (way.charge === undefined || cost === 0) continue;
            state = way.charge(state, nowMs, cost, algorithm);
            assert.equal((await runChange(line, 'charge', [{ plan, cost, atMs: -1 }])).kind, 'answer');
            changed += 1;
          } else if (last !== undefined) {
            if (state !== undefined) state = way.refund(state, nowMs, last.cost, last.atMs, algorithm);
            assert.equal((await runChange(line, 'refund', [{ plan, cost: last.cost, atMs: last.atMs }])).kind, 'answer');
            changed += 1;
          }
          const text = await client.get(plan.name);
          assert.deepEqual(text === null ? undefined : text.split(' ').map(Number), state, `${act} ${cost}`);
        }
      }),
      { numRuns: 100 },
    );
    assert.ok(allowed > 100 && refused > 50 && changed > 100, `${allowed} ${refused} ${changed}`);
  });
}

async function callWith(command: string, ...args: (string | number)[]): Promise<unknown> {
  if (command === 'EVALSHA') throw new Error('NOSCRIPT');
  const [script, ...rest] = args;
  const text = String(script).replace(CLOCK, GIVEN_CLOCK).replace(SAVE, KEEPING);
  assert.ok(!text.includes('TIME') && !text.includes("'PX'"));
  return await client.call(command, text, ...rest);
}

/** About how much it holds, and for how long. */
function extentOf(rule: AlgorithmRule): { readonly size: number; readonly spanMs: number } {
  switch (rule.kind) {
    case 'gcra':
      return { size: rule.burst, spanMs: Math.ceil((rule.burst * rule.periodMs) / rule.limit) };
    case 'token_bucket':
      return { size: rule.capacity, spanMs: Math.ceil(rule.capacity / rule.unit) * rule.intervalMs };
    case 'leaky_bucket':
      return { size: rule.limit, spanMs: rule.maxQueueMs };
    case 'warm_up':
      return { size: rule.burst, spanMs: rule.warmUpMs };
    case 'warm_up_pacing':
      return { size: rule.limit, spanMs: rule.maxQueueMs };
    case 'quota':
      // The periods that a script is handed reach two ahead: no further back than that.
      return { size: rule.limit, spanMs: { hour: 1, day: 24, week: 168, month: 720, year: 8_760 }[rule.period] * 3_600_000 * 0.3 };
    default:
      return { size: 'limit' in rule ? rule.limit : 1, spanMs: 'periodMs' in rule ? rule.periodMs : 1 };
  }
}
