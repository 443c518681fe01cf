import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUILTINS, type BuiltinRate } from '../limits/builtin.ts';
import { type LimitCheckout, openLimits } from '../testing/limits.ts';
import { takeGuess } from './guesses.ts';
import { MAX_USUAL_CODES, OPEN_LIMITS } from './throttle.ts';
import { USER_CODE_ALPHABET, USER_CODE_LENGTHS } from './user-code.ts';

/** The most that a rule lets through in a span that holds both its ends. */
const most = ({ limit, periodMs, burst }: BuiltinRate, spanMs: number): number => burst + Math.floor((spanMs * limit) / periodMs);
const MINUTES = 60_000;
const HOUR = 60 * MINUTES;
const YEAR = 365 * 24 * HOUR;
const RULES = {
  account: BUILTINS['device-guess-user'].rate,
  source: BUILTINS['device-guess-source'].rate,
  everybody: BUILTINS['device-guesses'].rate,
};
/** Seconds that a guess has to wait; 0 where it was taken. */
async function waitFor(ctx: LimitCheckout, guess: { readonly userId: number; readonly address: string }): Promise<number> {
  const taken = await takeGuess(ctx, guess);
  return taken.kind === 'limited' ? taken.retryAfterSeconds : 0;
}
const codesOf = (length: number): number => USER_CODE_ALPHABET.length ** length;

test('one account hits one code with a chance of 2^-32 in the life of the code (RFC 8628 §5.1, attacks DEV-07)', () => {
  const guesses = most(RULES.account, 10 * MINUTES);
  assert.ok(guesses <= 5);
  assert.ok(guesses / codesOf(USER_CODE_LENGTHS.usual) <= 2 ** -32, `${Math.log2(guesses / codesOf(USER_CODE_LENGTHS.usual))}`);
  assert.equal(most(RULES.account, HOUR), 5);
  assert.equal(most(RULES.source, HOUR), 15);
});

test('what a guesser may expect in an hour and in a year, where as many codes wait as can (RFC 8628 §5.1, attacks DEV-07)', () => {
  const usual = MAX_USUAL_CODES / codesOf(USER_CODE_LENGTHS.usual);
  const long = OPEN_LIMITS.maxOpen / codesOf(USER_CODE_LENGTHS.long);
  const chance = usual + long;
  // One account, any of a thousand codes of a client that wait all the time: 2 in ten million an hour, 1 in 2,800 a year.
  assert.ok(most(RULES.account, HOUR) * chance < 2.1e-7);
  assert.ok(most(RULES.account, YEAR) * chance < 1 / 2_800);
  // A crowd that guesses day and night against one process: one hit a year, beside the first guess an hour of accounts that have none yet. A hit shows
  // somebody's device and lets the guesser connect it to their own account; it opens nobody else's.
  const everybody = most(RULES.everybody, YEAR);
  assert.ok(everybody * chance < 1.1, `${everybody * chance}`);
});

test('an account has five wrong codes an hour, a source fifteen, and a right one costs nothing (attacks DEV-07)', async () => {
  const ctx = openLimits();
  const guess = { userId: 1, address: '192.0.2.9' };
  for (let i = 0; i < 100; i++) {
    const right = await takeGuess(ctx, guess);
    assert.ok(right.kind === 'taken');
    right.refund();
  }
  for (let i = 0; i < 4; i++) assert.equal(await waitFor(ctx, guess), 0);
  assert.equal(await waitFor(ctx, guess), 3_600);
  for (let userId = 2; userId < 12; userId++) assert.equal(await waitFor(ctx, { userId, address: `2001:db8:1:2:${userId}::1` }), 0);
  assert.equal(await waitFor(ctx, { userId: 12, address: '2001:db8:1:2:ffff::1' }), 720, 'a /64 is one source');
  ctx.advance(HOUR);
  assert.equal(await waitFor(ctx, guess), 0);
  assert.ok((await waitFor(ctx, guess)) > 0);
});

test('where everybody together guesses too much, accounts without a wrong code are still heard (attacks DEV-07)', async () => {
  const ctx = openLimits();
  let userId = 0;
  const next = (): Promise<number> => waitFor(ctx, { userId: ++userId, address: `198.51.${userId >> 8}.${userId & 255}` });
  for (let i = 0; i < 500; i++) assert.equal(await next(), 0);
  assert.equal(await next(), 0, 'its first');
  assert.ok((await waitFor(ctx, { userId, address: '203.0.113.1' })) > 0, 'its second');
});

test('where everybody guesses too much, right codes make no room for wrong ones (attacks DEV-07)', async () => {
  const ctx = openLimits();
  const address = (userId: number): string => `198.51.${userId >> 8}.${userId & 255}`;
  for (let userId = 1; userId <= 500; userId++) assert.equal(await waitFor(ctx, { userId, address: address(userId) }), 0);
  for (let userId = 501; userId <= 510; userId++) {
    const right = await takeGuess(ctx, { userId, address: address(userId) });
    assert.ok(right.kind === 'taken');
    right.refund();
  }
  assert.ok((await waitFor(ctx, { userId: 1, address: address(1) })) > 0);
});
