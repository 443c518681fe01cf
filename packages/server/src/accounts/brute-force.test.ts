import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BruteForce, bruteForce, noBruteForce, type SignInAttempt } from './brute-force.ts';

const T = 1_800_000_000_000;

function attempt(account: string, address = '198.51.100.1', knownBrowser?: string): SignInAttempt {
  return { account, address, knownBrowser };
}

/** How many attempts pass before the first that does not, up to `most`. */
function passes(limits: BruteForce, make: (i: number) => SignInAttempt, most: number, nowMs = T): number {
  for (let i = 0; i < most; i++) if (limits.takeSignIn(make(i), nowMs).kind === 'limited') return i;
  return most;
}

test('one source gets five guesses at an account, then one in fifteen seconds, and is told how long', () => {
  const limits = bruteForce();
  assert.equal(
    passes(limits, () => attempt('alice'), 100),
    5,
  );
  assert.deepEqual(limits.takeSignIn(attempt('alice'), T), { kind: 'limited', retryAfterSeconds: 15 });
  assert.deepEqual(limits.takeSignIn(attempt('alice'), T + 14_001), { kind: 'limited', retryAfterSeconds: 1 });
  assert.deepEqual(limits.takeSignIn(attempt('alice'), T + 15_000), { kind: 'allowed' });
  assert.deepEqual(limits.takeSignIn(attempt('alice'), T + 15_000), { kind: 'limited', retryAfterSeconds: 15 });
});

test('guesses from many sources at one account are slowed down together', () => {
  assert.equal(
    passes(bruteForce(), (i) => attempt('alice', `198.51.100.${i}`), 100),
    20,
  );
});

test('one source that tries many accounts is slowed down', () => {
  assert.equal(
    passes(bruteForce(), (i) => attempt(`user${i}`), 100),
    40,
  );
});

test('a stranger does not lock the owner out of a browser that has signed in before; that browser has a limit of its own', () => {
  const limits = bruteForce();
  assert.equal(
    passes(limits, (i) => attempt('alice', `198.51.100.${i}`), 100),
    20,
  );
  assert.equal(limits.takeSignIn(attempt('alice', '203.0.113.5'), T).kind, 'limited', 'strangers wait');
  assert.equal(
    passes(limits, () => attempt('alice', '203.0.113.5', 'her-browser'), 100),
    10,
  );
  assert.equal(limits.takeSignIn(attempt('alice', '203.0.113.5', 'her-other-browser'), T).kind, 'allowed');
});

test('a refusal takes nothing, so that whoever knocks on does not wait for longer', () => {
  const limits = bruteForce();
  passes(limits, () => attempt('alice'), 100);
  for (let i = 0; i < 1_000; i++) limits.takeSignIn(attempt('alice'), T);
  assert.equal(limits.takeSignIn(attempt('alice'), T + 15_000).kind, 'allowed');
  assert.equal(
    passes(limits, (i) => attempt(`user${i}`), 100, T + 15_000),
    39,
    'nor from the limit of the source: 35 were left, and five flowed back, and one went',
  );
});

test('a right password gives back what it took: signing in often is no guessing', () => {
  const limits = bruteForce();
  for (let i = 0; i < 200; i++) {
    for (const known of [undefined, 'her-browser']) {
      const one = attempt('alice', '198.51.100.1', known);
      assert.equal(limits.takeSignIn(one, T).kind, 'allowed');
      limits.refundSignIn(one);
    }
  }
  assert.equal(
    passes(limits, () => attempt('alice'), 100),
    5,
  );
});

test('a refund of nothing gives nothing', () => {
  const limits = bruteForce();
  for (let i = 0; i < 50; i++) limits.refundSignIn(attempt('alice'));
  assert.equal(
    passes(limits, () => attempt('alice'), 100),
    5,
  );
});

test('an IPv6 customer is one source: all addresses of a /64, however they are written', () => {
  const limits = bruteForce();
  const written = ['2001:db8:1:2::1', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::', '2001:db8:1:2:0:0:0:9', '2001:db8:1:2:ffff::1'];
  assert.equal(
    passes(limits, (i) => attempt('alice', written[i % written.length] ?? ''), 100),
    5,
  );
  assert.equal(limits.takeSignIn(attempt('alice', '2001:db8:1:3::1'), T).kind, 'allowed', 'the next /64 is another');
  const short = bruteForce();
  assert.equal(
    passes(short, (i) => attempt('alice', ['::1', '::2', '0:0:0:0:1::'][i % 3] ?? ''), 100),
    5,
  );
  const mapped = bruteForce();
  assert.equal(
    passes(mapped, (i) => attempt('alice', `198.51.100.${i % 2}`), 100),
    10,
    'IPv4 addresses are sources of their own',
  );
});

test('a source makes twenty accounts, then one in three minutes; all sources together have a limit too', () => {
  const limits = bruteForce();
  for (let i = 0; i < 20; i++) assert.equal(limits.takeSignUp(`2001:db8:1:2::${i}`, T), 0);
  assert.equal(limits.takeSignUp('2001:db8:1:2::ffff', T), 180);
  assert.equal(limits.takeSignUp('2001:db8:1:3::1', T), 0, 'the next /64');
  assert.equal(limits.takeSignUp('2001:db8:1:2::ffff', T + 180_000), 0);
  const all = bruteForce();
  for (let i = 0; i < 300; i++) assert.equal(all.takeSignUp(`198.51.${i >> 8}.${i & 255}`, T), 0);
  assert.equal(all.takeSignUp('203.0.113.1', T), 1);
  assert.equal(all.takeSignIn(attempt('alice', '203.0.113.1'), T).kind, 'allowed', 'who has an account signs in');
});

test('a client that fails twenty times from one source waits, from there alone (RFC 6749 §2.3.1)', () => {
  const limits = bruteForce();
  for (let i = 0; i < 20; i++) assert.equal(limits.clientFailed('web', '198.51.100.1', T), 0);
  assert.equal(limits.clientFailed('web', '198.51.100.1', T), 10);
  assert.equal(limits.clientFailed('web', '198.51.100.2', T), 0);
  assert.equal(limits.clientFailed('api', '198.51.100.1', T), 0);
  assert.equal(limits.clientFailed('web', '198.51.100.1', T + 10_000), 0);
});

test('memory is bounded: what was used longest ago is forgiven, and what is used stays', () => {
  const limits = bruteForce();
  assert.equal(
    passes(limits, () => attempt('alice', '203.0.113.1'), 100),
    5,
  );
  for (let i = 0; i < 100_000; i++) {
    if (i % 20_000 === 0) assert.equal(limits.clientFailed('steady', '203.0.113.7', T), 0);
    limits.clientFailed(`c${i}`, '203.0.113.2', T);
  }
  assert.equal(limits.takeSignIn(attempt('alice', '203.0.113.1'), T).kind, 'allowed', 'forgotten');
  for (let i = 5; i < 20; i++) assert.equal(limits.clientFailed('steady', '203.0.113.7', T), 0);
  assert.notEqual(limits.clientFailed('steady', '203.0.113.7', T), 0, 'its five from before still count');
});

test('switched off, nothing is ever slowed down', () => {
  const limits = noBruteForce();
  for (let i = 0; i < 1_000; i++) assert.equal(limits.takeSignUp('198.51.100.1', T), 0);
  assert.equal(
    passes(limits, () => attempt('alice'), 1_000),
    1_000,
  );
  for (let i = 0; i < 1_000; i++) assert.equal(limits.clientFailed('web', '198.51.100.1', T), 0);
});
