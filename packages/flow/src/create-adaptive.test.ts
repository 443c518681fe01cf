import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdaptiveRule, checkAdaptive } from './algorithms/adaptive.ts';
import { createAdaptive } from './create-adaptive.ts';
import { createGate } from './create-gate.ts';
import { type Door, fixedDoor, goodput, latencies, overload, quantile, refusals, run } from './testing/overload.ts';

const SERVICE_MS = 20;
const rule: AdaptiveRule = { kind: 'adaptive', minLimit: 1, maxLimit: 1_000, initialLimit: 20 };

test('under five times what can be served it serves 90 % of what the best fixed limit does in time, three seconds after it was started, and 99 in 100 wait as long as a service may take', () => {
  for (const [servers, forMs] of [
    [4, 60_000],
    [16, 20_000],
    [64, 9_000],
  ] as const) {
    const station = { servers, serviceMs: () => SERVICE_MS, arrivals: overload(5, servers / SERVICE_MS), forMs };
    const best = Math.max(
      ...limitsAround(servers).map((limit) => goodput(run({ ...station, seed: 1 }, fixedDoor(limit)), 3_000, forMs, SERVICE_MS)),
    );
    let adaptive = 0;
    for (const seed of [1, 2, 3]) {
      const visits = run({ ...station, seed }, adaptiveDoor());
      adaptive += goodput(visits, 3_000, forMs, SERVICE_MS) / 3;
      // One exponential service in a hundred takes 4.6 times the mean by itself.
      assert.ok(quantile(latencies(visits, 3_000, forMs), 0.99) < 7 * SERVICE_MS);
    }
    assert.ok(adaptive >= 0.9 * best, `${servers} servers: ${adaptive / best}`);
  }
});

test('without a limit there is an answer in time for nobody but the first', () => {
  const station = { servers: 4, serviceMs: () => SERVICE_MS, arrivals: overload(5, 4 / SERVICE_MS), forMs: 20_000, seed: 1 };
  assert.ok(goodput(run(station, fixedDoor(Number.POSITIVE_INFINITY)), 0, 20_000, SERVICE_MS) < 0.05 * 4_000);
});

test('a second after an overload is over, nobody is refused any more but by chance', () => {
  for (const servers of [4, 16]) {
    const capacity = servers / SERVICE_MS;
    const arrivals = (ms: number) => (ms < 20_000 ? 5 * capacity : capacity / 2);
    const visits = run({ servers, serviceMs: () => SERVICE_MS, arrivals, forMs: 40_000, seed: 1 }, adaptiveDoor());
    assert.ok(refusals(visits, 21_000, 40_000) < 0.02, `${servers} servers: ${refusals(visits, 21_000, 40_000)}`);
  }
});

test('servers that become three times slower are found out within three seconds, and five seconds after they are fast again as much is served as before', () => {
  for (const servers of [4, 16]) {
    for (const seed of [1, 2, 3]) {
      const serviceMs = (ms: number) => (ms >= 10_000 && ms < 25_000 ? 3 * SERVICE_MS : SERVICE_MS);
      const arrivals = overload(5, servers / SERVICE_MS);
      const visits = run({ servers, serviceMs, arrivals, forMs: 40_000, seed }, adaptiveDoor());
      const slow = latencies(visits, 13_000, 25_000);
      assert.ok(quantile(slow, 0.99) < 7 * 3 * SERVICE_MS);
      const capacity = (servers / SERVICE_MS) * 1_000;
      assert.ok(slow.length / 12 >= 0.7 * (capacity / 3), `${servers} servers, slow: ${slow.length / 12}`);
      const after = latencies(visits, 30_000, 40_000).length / 10;
      assert.ok(after >= 0.85 * capacity, `${servers} servers: ${after}`);
    }
  }
});

test('the gate, which finds no limit but remembers one, serves 85 % of what the best fixed limit does, and holds back nobody while there is no overload', () => {
  for (const servers of [4, 16]) {
    const capacity = servers / SERVICE_MS;
    const station = { servers, serviceMs: () => SERVICE_MS, arrivals: (ms: number) => capacity * (ms < 10_000 ? 0.5 : 5), forMs: 25_000 };
    const served = (door: Door, seed: number) => {
      const visits = run({ ...station, seed }, door);
      return { good: goodput(visits, 10_000, 25_000, SERVICE_MS), early: refusals(visits, 0, 10_000) };
    };
    const best = Math.max(...limitsAround(servers).map((limit) => served(fixedDoor(limit), 1).good));
    const gated = [1, 2, 3].map((seed) => served(gateDoor(servers), seed));
    for (const { early } of gated) assert.ok(early < 0.02, `${servers} servers: ${early}`);
    const good = gated.reduce((sum, one) => sum + one.good / 3, 0);
    assert.ok(good >= 0.85 * best, `${servers} servers: ${good / best}`);
  }
});

test('a million admissions end with nobody in flight, whatever is said of them and however often', () => {
  let now = 0;
  const adaptive = createAdaptive(rule, { nowMs: () => now });
  for (let turn = 0; turn < 1_000_000; turn++) {
    const one = adaptive.admit();
    assert.ok(one.kind === 'admission');
    now += (turn % 7) / 3;
    if (turn % 5 === 0) one.lost();
    if (turn % 3 === 0) one.ignored();
    one.answered();
  }
  assert.equal(adaptive.inFlight, 0);
});

test('whoever is let in and never says what came of it is given up, so that the places come back', () => {
  let now = 0;
  const adaptive = createAdaptive({ ...rule, minLimit: 2, initialLimit: 2, maxLimit: 2 }, { nowMs: () => now, leaseMs: 1_000 });
  const [first] = [adaptive.admit(), adaptive.admit()];
  assert.equal(adaptive.admit().kind, 'refused');
  now = 999;
  assert.equal(adaptive.admit().kind, 'refused');
  now = 1_000;
  assert.equal(adaptive.admit().kind, 'admission');
  assert.equal(adaptive.inFlight, 1);
  if (first?.kind === 'admission') first.answered();
  assert.equal(adaptive.inFlight, 1);
});

test('what is lost takes a tenth of the limit, once for all that are lost together; what was not half used teaches nothing', () => {
  let now = 0;
  const adaptive = createAdaptive({ ...rule, initialLimit: 100 }, { nowMs: () => now });
  const some = Array.from({ length: 40 }, () => adaptive.admit());
  for (const one of some) if (one.kind === 'admission') one.lost();
  assert.equal(adaptive.limit, 90);
  for (let turn = 0; turn < 5_000; turn++) {
    const one = adaptive.admit();
    now += 1 + (turn % 50);
    if (one.kind === 'admission') one.answered();
  }
  assert.equal(adaptive.limit, 90);
});

test('a rule that is none is refused', () => {
  assert.equal(checkAdaptive(rule), undefined);
  for (const flaw of [{ minLimit: 0 }, { minLimit: 21 }, { maxLimit: 19 }, { maxLimit: 1.5 }, { maxLimit: 2_000_000 }]) {
    assert.equal(typeof checkAdaptive({ ...rule, ...flaw }), 'string');
    assert.throws(() => createAdaptive({ ...rule, ...flaw }, { nowMs: () => 0 }), TypeError);
  }
  assert.throws(() => createGate({ kind: 'gate', windowMs: 9 }, { nowMs: () => 0, isOverloaded: () => true }), TypeError);
});

function adaptiveDoor(): Door {
  let now = 0;
  const adaptive = createAdaptive(rule, { nowMs: () => now });
  return {
    admit(nowMs) {
      now = nowMs;
      const one = adaptive.admit();
      if (one.kind === 'refused') return undefined;
      return (endedMs) => {
        now = endedMs;
        one.answered();
      };
    },
  };
}

/** Overloaded is, as on a processor, who is busy nine tenths of the time. */
function gateDoor(servers: number): Door {
  let [now, atMs, working, share] = [0, 0, 0, 0];
  const gate = createGate({ kind: 'gate', windowMs: 10_000 }, { nowMs: () => now, isOverloaded: () => share > 0.9 });
  return {
    busy(nowMs, count) {
      const kept = Math.exp(-(nowMs - atMs) / 100);
      share = share * kept + (1 - kept) * (working / servers);
      [atMs, working] = [nowMs, count];
    },
    admit(nowMs) {
      now = nowMs;
      const one = gate.admit();
      if (one.kind === 'refused') return undefined;
      return (endedMs) => {
        now = endedMs;
        one.answered();
      };
    },
  };
}

function limitsAround(servers: number): readonly number[] {
  return [1, 1.1, 1.25, 1.5].map((factor) => Math.max(1, Math.round(servers * factor)));
}
