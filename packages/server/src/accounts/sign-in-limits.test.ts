import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUILTINS } from '../limits/builtin.ts';
import { type LimitCheckout, openLimits } from '../testing/limits.ts';
import { countClientFailure, hasFailed, type SignInAttempt, takeSignIn, takeSignUp } from './sign-in-limits.ts';

function attempt(account: string, address = '198.51.100.1', knownBrowser?: string): SignInAttempt {
  return { account, address, knownBrowser };
}

/** How many attempts pass before the first that does not, up to `most`. */
async function passes(ctx: LimitCheckout, make: (i: number) => SignInAttempt, most: number): Promise<number> {
  for (let i = 0; i < most; i++) if ((await takeSignIn(ctx, make(i))).kind === 'limited') return i;
  return most;
}

/** Seconds to wait; 0: none. */
async function waitOf(taken: ReturnType<typeof takeSignIn>): Promise<number> {
  const one = await taken;
  return one.kind === 'limited' ? one.retryAfterSeconds : 0;
}

test('one source gets five guesses at an account, then one a minute, and is told how long and by which limit', async () => {
  const ctx = openLimits();
  assert.equal(await passes(ctx, () => attempt('alice'), 100), 5);
  assert.deepEqual(await takeSignIn(ctx, attempt('alice')), { kind: 'limited', retryAfterSeconds: 60, rule: 'sign-in-source-account' });
  ctx.advance(59_001);
  assert.equal(await waitOf(takeSignIn(ctx, attempt('alice'))), 1);
  ctx.advance(999);
  assert.equal(await waitOf(takeSignIn(ctx, attempt('alice'))), 0);
  assert.equal(await waitOf(takeSignIn(ctx, attempt('alice'))), 60);
});

test('guesses from many sources at one account are slowed down together', async () => {
  assert.equal(await passes(openLimits(), (i) => attempt('alice', `198.51.100.${i}`), 100), 20);
});

test('one source that tries many accounts is slowed down', async () => {
  assert.equal(await passes(openLimits(), (i) => attempt(`user${i}`), 100), 40);
});

test('a stranger does not lock the owner out of a browser that has signed in before; that browser has a limit of its own', async () => {
  const ctx = openLimits();
  assert.equal(await passes(ctx, (i) => attempt('alice', `198.51.100.${i}`), 100), 20);
  assert.equal((await takeSignIn(ctx, attempt('alice', '203.0.113.5'))).kind, 'limited', 'strangers wait');
  assert.equal(await passes(ctx, () => attempt('alice', '203.0.113.5', 'her-browser'), 100), 10);
  assert.equal((await takeSignIn(ctx, attempt('alice', '203.0.113.5', 'her-other-browser'))).kind, 'taken');
});

test('one source that never stops guessing leaves the owner of the account room at a device that is new', async () => {
  const ctx = openLimits();
  let refused = 0;
  for (let second = 0; second < 3_600; second += 0.5) {
    await takeSignIn(ctx, attempt('alice', '198.51.100.66'));
    ctx.advance(500);
    if (second % 120 === 0 && (await takeSignIn(ctx, attempt('alice', '203.0.113.5'))).kind === 'limited') refused++;
  }
  assert.equal(refused, 0);
});

test('a refusal takes nothing, so that whoever knocks on does not wait for longer', async () => {
  const ctx = openLimits();
  await passes(ctx, () => attempt('alice'), 100);
  for (let i = 0; i < 1_000; i++) await takeSignIn(ctx, attempt('alice'));
  assert.equal(await passes(ctx, (i) => attempt(`user${i}`), 100), 35, 'nor from the limit of the source');
  ctx.advance(60_000);
  assert.equal((await takeSignIn(ctx, attempt('alice'))).kind, 'taken');
});

test('a right password gives back what it took, once: signing in often is no guessing', async () => {
  const ctx = openLimits();
  for (let i = 0; i < 200; i++) {
    for (const known of [undefined, 'her-browser']) {
      const taken = await takeSignIn(ctx, attempt('alice', '198.51.100.1', known));
      assert.ok(taken.kind === 'taken');
      taken.refund();
      taken.refund();
    }
  }
  assert.equal(await passes(ctx, () => attempt('alice'), 100), 5);
});

test('a program is likely once three fifths of a limit are used, for a name that nobody has as well', async () => {
  const ctx = openLimits();
  for (const name of ['alice', 'nobody']) {
    for (let i = 0; i < 3; i++) {
      assert.equal(await hasFailed(ctx, attempt(name)), false, `${name} ${i}`);
      await takeSignIn(ctx, attempt(name));
    }
    assert.equal(await hasFailed(ctx, attempt(name)), true);
  }
  assert.equal(await hasFailed(ctx, attempt('alice', '203.0.113.9')), false, 'from elsewhere');
  ctx.advance(60_000);
  assert.equal(await hasFailed(ctx, attempt('alice')), false, 'later');
  assert.equal(await passes(ctx, () => attempt('carol'), 100), 5, 'looking takes nothing');
});

test('an IPv6 customer is one source: all addresses of a /64, however they are written', async () => {
  const ctx = openLimits();
  const written = ['2001:db8:1:2::1', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::', '2001:DB8:1:2:0:0:0:9', '2001:db8:1:2:ffff::1'];
  assert.equal(await passes(ctx, (i) => attempt('alice', written[i % written.length] ?? ''), 100), 5);
  assert.equal((await takeSignIn(ctx, attempt('alice', '2001:db8:1:3::1'))).kind, 'taken', 'the next /64 is another');
  const two = openLimits();
  assert.equal(await passes(two, (i) => attempt('alice', `198.51.100.${i % 2}`), 100), 10, 'IPv4 addresses are sources of their own');
  const mapped = openLimits();
  assert.equal(await passes(mapped, (i) => attempt('alice', i % 2 === 0 ? '198.51.100.1' : '::ffff:198.51.100.1'), 100), 5);
});

test('a source makes twenty accounts, then one in three minutes; all sources together have a limit too', async () => {
  const ctx = openLimits();
  for (let i = 0; i < 20; i++) assert.equal(await waitOf(takeSignUp(ctx, `2001:db8:1:2::${i}`)), 0);
  assert.equal(await waitOf(takeSignUp(ctx, '2001:db8:1:2::ffff')), 180);
  assert.equal(await waitOf(takeSignUp(ctx, '2001:db8:1:3::1')), 0, 'the next /64');
  ctx.advance(180_000);
  assert.equal(await waitOf(takeSignUp(ctx, '2001:db8:1:2::ffff')), 0);
  const all = openLimits();
  for (let i = 0; i < 300; i++) assert.equal(await waitOf(takeSignUp(all, `198.51.${i >> 8}.${i & 255}`)), 0);
  assert.equal(await waitOf(takeSignUp(all, '203.0.113.1')), 1);
  assert.equal((await takeSignIn(all, attempt('alice', '203.0.113.1'))).kind, 'taken', 'who has an account signs in');
});

test('a client that fails twenty times from one source waits, from there alone (RFC 6749 §2.3.1)', async () => {
  const ctx = openLimits();
  for (let i = 0; i < 20; i++) assert.equal(await waitOf(countClientFailure(ctx, 'web', '198.51.100.1')), 0);
  assert.equal(await waitOf(countClientFailure(ctx, 'web', '198.51.100.1')), 10);
  assert.equal(await waitOf(countClientFailure(ctx, 'web', '198.51.100.2')), 0);
  assert.equal(await waitOf(countClientFailure(ctx, 'api', '198.51.100.1')), 0);
  ctx.advance(10_000);
  assert.equal(await waitOf(countClientFailure(ctx, 'web', '198.51.100.1')), 0);
});

test('no flood of names that somebody makes up has a limit forgotten that is in use', async () => {
  const ctx = openLimits();
  assert.equal(await passes(ctx, () => attempt('alice', '203.0.113.1'), 100), 5);
  for (let i = 0; i < 20_000; i++) await countClientFailure(ctx, `c${i}`, '203.0.113.2');
  assert.equal((await takeSignIn(ctx, attempt('alice', '203.0.113.1'))).kind, 'limited');
});

test('switched off, nothing is ever slowed down', async () => {
  const ctx = openLimits('mode: test\npolicies: { brute_force: off }');
  for (let i = 0; i < 1_000; i++) assert.equal(await waitOf(takeSignUp(ctx, '198.51.100.1')), 0);
  assert.equal(await passes(ctx, () => attempt('alice'), 1_000), 1_000);
  for (let i = 0; i < 1_000; i++) assert.equal(await waitOf(countClientFailure(ctx, 'web', '198.51.100.1')), 0);
  assert.equal(await hasFailed(ctx, attempt('alice')), false);
});

test('a limit is as the configuration has it', async () => {
  const ctx = openLimits('limits: { builtin: { sign-in-source-account: { limit: 2, period: 1m, burst: 10 } } }');
  assert.equal(await passes(ctx, () => attempt('alice'), 100), 10);
  assert.equal(await waitOf(takeSignIn(ctx, attempt('alice'))), 30);
  assert.deepEqual(BUILTINS['sign-in-source-account'].rate, { limit: 1, periodMs: 60_000, burst: 5 });
});
