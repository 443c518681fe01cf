import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acquire, type Lease, UpstreamAway } from '../proxy/upstream.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { Queue } from './queue.ts';

function request(method: string): Acquire {
  return { method, identity: undefined, replayable: true, stream: false, tried: [] };
}

function lease(target: string): Lease {
  return { target, dispatcher: { dispatch: () => true }, headTimeoutMs: 0, answered: () => 'pass', streams() {}, end: () => 'over' };
}

test('places go to who waits, in the order in which they came, and not to who has gone', async () => {
  const clock = simulatedClock();
  const queue = new Queue({ length: 10, timeoutMs: 1_000 }, clock.later);
  const [first, gone, third, fourth] = ['GET', 'PUT', 'POST', 'HEAD'].map((method) => queue.join(request(method)));
  gone?.cancel();
  let places = 2;
  queue.serve(({ method }) => {
    if (places === 0) return 'full';
    places -= 1;
    return lease(method);
  });
  assert.equal((await first?.lease)?.target, 'GET');
  assert.equal((await third?.lease)?.target, 'POST');
  assert.equal(queue.length, 1);
  queue.serve(() => lease('late'));
  assert.equal((await fourth?.lease)?.target, 'late');
  assert.equal(clock.timers(), 0);
});

test('who has waited for too long is refused, and the longest queue takes nobody', async () => {
  const clock = simulatedClock();
  const queue = new Queue({ length: 2, timeoutMs: 1_000 }, clock.later);
  const one = queue.join(request('GET'));
  clock.pass(500);
  const two = queue.join(request('GET'));
  assert.throws(() => queue.join(request('GET')), { name: 'UpstreamAway', reason: 'queue_full', retryAfterSeconds: 1 });
  clock.pass(500);
  await assert.rejects(one.lease, { reason: 'queue_timeout' });
  assert.equal(queue.length, 1);
  queue.serve(() => lease('a'));
  clock.pass(5_000);
  assert.equal((await two.lease).target, 'a');
});

test('who waits is refused where nobody is left, and when all is over', async () => {
  const queue = new Queue({ length: 10, timeoutMs: 1_000 }, simulatedClock().later);
  const one = queue.join(request('GET'));
  queue.serve(() => new UpstreamAway('no_target', 5));
  await assert.rejects(one.lease, { reason: 'no_target', retryAfterSeconds: 5 });
  const two = queue.join(request('GET'));
  queue.close();
  await assert.rejects(two.lease, { reason: 'no_target' });
  assert.equal(queue.length, 0);
});
