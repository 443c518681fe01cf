import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FeedBatch } from './feed-batch.ts';
import { Freshness } from './freshness.ts';

function batch(beat: number, signed: number, hub = 'a'): FeedBatch {
  return { issuedAt: 1, epoch: 'e', hub, beat, signed, after: 0, seq: 0, head: 0, entries: [] };
}

test('the age of what we know is never told younger than it is, whatever the delays and however the clocks are apart', () => {
  const delay = fc.integer({ min: 0, max: 5_000 });
  fc.assert(
    fc.property(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      delay,
      delay,
      delay,
      fc.array(fc.tuple(delay, delay, delay), { maxLength: 20 }),
      (apart, way, lag, back, later) => {
        // True time is ours; the issuer's process reads `time + apart`.
        const freshness = new Freshness();
        freshness.connect();
        let time = 0;
        const looked = time + way;
        const signed = looked + lag;
        let heard = signed + back;
        freshness.renew(batch(looked + apart, signed + apart), { monotonicMs: time, wallMs: time }, { monotonicMs: heard, wallMs: heard });
        assert.ok(freshness.ageMs({ monotonicMs: heard, wallMs: heard }) >= heard - looked);
        let lastLook = looked;
        for (const [pause, ownLag, ownWay] of later) {
          // Batches of a stream arrive in order.
          time = Math.max(signed, lastLook) + pause;
          lastLook = time;
          heard = Math.max(heard, time + ownLag + ownWay);
          freshness.renew(batch(time + apart, time + ownLag + apart), undefined, { monotonicMs: heard, wallMs: heard });
          const now = heard + pause;
          const age = freshness.ageMs({ monotonicMs: now, wallMs: now });
          assert.ok(age >= now - lastLook, `told ${age}, is ${now - lastLook}`);
          // Nor much older: what the first batch took, and no more.
          assert.ok(age <= now - lastLook + way + lag + back, `told ${age}, is ${now - lastLook}`);
        }
      },
    ),
  );
});

test('a batch of another process says nothing on a connection whose clock we do not know', () => {
  const freshness = new Freshness();
  freshness.connect();
  freshness.renew(batch(1_000, 1_000), undefined, { monotonicMs: 5, wallMs: 5 });
  assert.equal(freshness.ageMs({ monotonicMs: 5, wallMs: 5 }), Number.POSITIVE_INFINITY);
  freshness.renew(batch(1_000, 1_010), { monotonicMs: 0, wallMs: 0 }, { monotonicMs: 20, wallMs: 20 });
  assert.equal(freshness.ageMs({ monotonicMs: 20, wallMs: 20 }), 30);
  assert.equal(freshness.isOther(batch(1, 1, 'b')), true);
  assert.equal(freshness.isOther(batch(1, 1, 'a')), false);
  freshness.renew(batch(9_000, 9_000, 'b'), undefined, { monotonicMs: 25, wallMs: 25 });
  assert.equal(freshness.ageMs({ monotonicMs: 25, wallMs: 25 }), 35);
  freshness.lose();
  assert.equal(freshness.ageMs({ monotonicMs: 25, wallMs: 25 }), Number.POSITIVE_INFINITY);
});

test('an issuer that names a look from the future makes nothing younger than now', () => {
  const freshness = new Freshness();
  freshness.connect();
  freshness.renew(batch(0, 0), { monotonicMs: 0, wallMs: 0 }, { monotonicMs: 10, wallMs: 10 });
  freshness.renew(batch(1e9, 1e9), undefined, { monotonicMs: 20, wallMs: 20 });
  assert.equal(freshness.ageMs({ monotonicMs: 120, wallMs: 120 }), 100);
});

test('the first batch of a connection says how the clocks are apart, also where it does not lead up to the head', () => {
  const freshness = new Freshness();
  freshness.connect();
  freshness.begin(batch(1_000, 1_010), { monotonicMs: 0, wallMs: 0 });
  assert.equal(freshness.ageMs({ monotonicMs: 5, wallMs: 5 }), Number.POSITIVE_INFINITY);
  assert.equal(freshness.isOther(batch(1, 1, 'b')), true);
  freshness.renew(batch(1_100, 1_100), undefined, { monotonicMs: 120, wallMs: 120 });
  assert.equal(freshness.ageMs({ monotonicMs: 120, wallMs: 120 }), 30);
});

test('a batch that waited in the socket while the machine slept makes nothing fresh, and a new connection does', () => {
  const freshness = new Freshness();
  freshness.connect();
  freshness.renew(batch(1_000, 1_000), { monotonicMs: 0, wallMs: 0 }, { monotonicMs: 1, wallMs: 1 });
  const awake = { monotonicMs: 1_001, wallMs: 3_601_001 };
  // Signed before the sleep, or in it, or heard by a poll from before it: of an hour ago, for all that we know.
  for (const beat of [2_000, 60_000]) {
    freshness.renew(batch(beat, beat), undefined, awake);
    assert.ok(freshness.ageMs(awake) >= 3_600_000);
  }
  freshness.renew(batch(1_500, 1_500), { monotonicMs: 600, wallMs: 600 }, awake);
  assert.ok(freshness.ageMs(awake) >= 3_600_000);
  assert.equal(freshness.sleptMs(awake), 3_600_000);
  // Asked for after it, by a poll: its process's clock went on meanwhile.
  const later = { monotonicMs: 1_010, wallMs: 3_601_010 };
  freshness.renew(batch(3_601_000, 3_601_005), awake, later);
  assert.equal(freshness.ageMs(later), 14);
  assert.equal(freshness.sleptMs(later), 0);
});

test('a wall clock that is set back takes nothing off the age', () => {
  const freshness = new Freshness();
  freshness.renew(batch(0, 0), { monotonicMs: 0, wallMs: 50_000 }, { monotonicMs: 10, wallMs: 20 });
  assert.equal(freshness.ageMs({ monotonicMs: 10, wallMs: 20 }), 10);
});
