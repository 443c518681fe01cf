import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencies, overload, quantile } from '@hufu/flow/testing/overload';
import { runStation } from '@hufu/flow/testing/station';
import { type Acquire, type Lease, UpstreamAway, type Waiting } from '../proxy/upstream.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { AdaptiveGate } from './adaptive-gate.ts';
import { createUpstream } from './create-upstream.ts';

const TARGETS = [{ url: 'http://127.0.0.1:9' }];
const PLAIN: Acquire = { method: 'GET', identity: undefined, replayable: true, stream: false, tried: [] };
const PHASES = { timeouts: { connectMs: 1_000, headMs: 1_000 }, queue: { length: 1, timeoutMs: 1_000 } };

function lease(again: 'pass' | 'again' = 'pass'): Lease {
  return {
    target: 'a',
    dispatcher: { dispatch: () => assert.fail('nobody sends') },
    headTimeoutMs: 7,
    answered: () => again,
    streams: () => undefined,
    end: () => 'over',
  };
}

interface Ground {
  readonly gate: AdaptiveGate;
  pass(request?: Partial<Acquire>, got?: () => Lease | Waiting): Lease;
  join(waiting: Waiting): Waiting;
}

function ground(limit: number, nowMs: () => number = () => 0): Ground {
  const gate = new AdaptiveGate({ kind: 'adaptive', minLimit: 1, maxLimit: 1_000, initialLimit: limit }, PHASES, nowMs);
  return {
    gate,
    pass(request = {}, got = lease) {
      const passed = gate.pass({ ...PLAIN, ...request }, got);
      assert.ok(!('cancel' in passed));
      return passed;
    },
    join(waiting) {
      const passed = gate.pass(PLAIN, () => waiting);
      assert.ok('cancel' in passed);
      return passed;
    },
  };
}

test('who is too much is refused at once, with when to come again, and a head makes room (RFC 9110 §15.6.4)', () => {
  const { gate, pass } = ground(2);
  const [one, two] = [pass(), pass()];
  const refused = (error: unknown): boolean =>
    error instanceof UpstreamAway && error.reason === 'overloaded' && error.retryAfterSeconds === 1;
  assert.throws(() => pass(), refused);
  assert.equal(one.answered(200), 'pass');
  assert.equal(gate.state.inFlight, 1, 'how long the rest takes is up to the client');
  const three = pass();
  assert.throws(() => pass(), refused);
  assert.deepEqual([one.target, one.headTimeoutMs], ['a', 7]);
  for (const each of [one, two, three]) assert.equal(each.end({ kind: 'aborted' }), 'over');
  assert.equal(gate.state.inFlight, 0);
});

test('streams, and requests whose bodies clients send as slowly as they like, take no room', () => {
  const { gate, pass } = ground(1);
  for (let i = 0; i < 3; i++) {
    pass({ stream: true });
    pass({ replayable: false });
  }
  assert.equal(gate.state.inFlight, 0);
  pass();
});

test('who waits behind the gate, or is gone before there is a place, leaves no room taken', async () => {
  const { gate, join, pass } = ground(1);
  const never = new Promise<Lease>(() => undefined);
  let cancelled = 0;
  const gone = join({ lease: never, cancel: () => cancelled++ });
  assert.throws(() => pass(), UpstreamAway);
  gone.cancel();
  assert.deepEqual([cancelled, gate.state.inFlight], [1, 0]);
  await assert.rejects(join({ lease: Promise.reject(new UpstreamAway('queue_timeout', 1)), cancel: () => undefined }).lease, {
    reason: 'queue_timeout',
  });
  assert.throws(() => pass({}, () => assert.fail('broken')), /broken/);
  assert.equal(gate.state.inFlight, 0);
  const later = await join({ lease: Promise.resolve(lease()), cancel: () => undefined }).lease;
  assert.equal(gate.state.inFlight, 1);
  later.answered(200);
  assert.equal(gate.state.inFlight, 0);
});

test('timeouts and answers that there is too much to do make the limit smaller; a target that is away says nothing of it', () => {
  const limitAfter = (act: (lease: Lease) => void): number => {
    const { gate, pass } = ground(100);
    act(pass());
    return gate.state.limit;
  };
  assert.equal(
    limitAfter((one) => one.end({ kind: 'failed', phase: 'head', cause: 'timeout', sent: true })),
    90,
  );
  assert.equal(
    limitAfter((one) => one.answered(503)),
    90,
  );
  assert.equal(
    limitAfter((one) => one.answered(500)),
    100,
    'that may be the request’s fault',
  );
  assert.equal(
    limitAfter((one) => one.end({ kind: 'failed', phase: 'connect', cause: 'refused', sent: false })),
    100,
  );
  assert.equal(
    limitAfter((one) => one.end({ kind: 'aborted' })),
    100,
    'the client went',
  );
});

test('under five times what an upstream can do, those who are let in are served in time', () => {
  const [servers, serviceMs, forMs] = [4, 20, 30_000];
  let now = 0;
  const { gate } = ground(100, () => now);
  const visits = runStation({
    servers,
    serviceMs: () => serviceMs,
    arrivals: overload(5, servers / serviceMs),
    forMs,
    seed: 1,
    admit(nowMs) {
      now = nowMs;
      try {
        const got = gate.pass(PLAIN, lease);
        assert.ok(!('cancel' in got));
        return (doneMs) => {
          now = doneMs;
          got.answered(200);
          got.end({ kind: 'whole' });
        };
      } catch {
        return undefined;
      }
    },
  });
  assert.ok(quantile(latencies(visits, 10_000, forMs), 0.99) < 7 * serviceMs);
  const best = ((forMs - 10_000) * servers) / serviceMs;
  assert.ok(latencies(visits, 10_000, forMs).length > 0.8 * best, 'nearly as many as can be');
});

test('an upstream has a gate where it is configured, says how it does, and refuses limits that are none', async () => {
  const clock = simulatedClock();
  const upstream = createUpstream({ name: 'notes', targets: TARGETS, adaptive: { minLimit: 1, maxLimit: 1, initialLimit: 1 } }, { clock });
  const one = upstream.acquire(PLAIN);
  assert.ok(!('cancel' in one));
  assert.throws(() => upstream.acquire(PLAIN), { reason: 'overloaded' });
  assert.deepEqual(upstream.state().adaptive, { inFlight: 1, limit: 1 });
  one.end({ kind: 'aborted' });
  assert.equal(upstream.state().adaptive?.inFlight, 0);
  await upstream.close();
  const wrong = { minLimit: 5, maxLimit: 4, initialLimit: 4 };
  assert.throws(() => createUpstream({ name: 'notes', targets: TARGETS, adaptive: wrong }), /upstream notes: adaptive: the first limit/);
});
