import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { GcraRule } from '@hufu/flow/gcra';
import type { Context } from '../context.ts';
import { openWorld, START_MS } from '../testing/world.ts';
import { GUESS_RULES, takeGuess } from './guesses.ts';
import { MAX_USUAL_CODES, OPEN_LIMITS } from './throttle.ts';
import { USER_CODE_ALPHABET, USER_CODE_LENGTHS } from './user-code.ts';

const world = await openWorld();
after(() => world.close());

/** The most that a rule lets through in a span (`gcra.ts`). */
const most = ({ burst, intervalMs }: GcraRule, spanMs: number): number => burst + Math.floor(spanMs / intervalMs);
const MINUTES = 60_000;
const HOUR = 60 * MINUTES;
const YEAR = 365 * 24 * HOUR;
/** Seconds that a guess has to wait; 0 where it was taken. */
function waitFor(ctx: Context, guess: { readonly userId: number; readonly address: string }, nowMs: number): number {
  const taken = takeGuess(ctx, guess, nowMs);
  return taken.kind === 'limited' ? taken.retryAfterSeconds : 0;
}
const codesOf = (length: number): number => USER_CODE_ALPHABET.length ** length;

test('one account hits one code with a chance of 2^-32 in the life of the code (RFC 8628 §5.1, attacks DEV-07)', () => {
  const guesses = most(GUESS_RULES.account, 10 * MINUTES);
  assert.ok(guesses <= 5);
  assert.ok(guesses / codesOf(USER_CODE_LENGTHS.usual) <= 2 ** -32, `${Math.log2(guesses / codesOf(USER_CODE_LENGTHS.usual))}`);
  assert.equal(most(GUESS_RULES.account, HOUR), 5);
  assert.equal(most(GUESS_RULES.source, HOUR), 15);
});

test('what a guesser may expect in an hour and in a year, where as many codes wait as can (RFC 8628 §5.1, attacks DEV-07)', () => {
  const usual = MAX_USUAL_CODES / codesOf(USER_CODE_LENGTHS.usual);
  const long = OPEN_LIMITS.maxOpen / codesOf(USER_CODE_LENGTHS.long);
  const chance = usual + long;
  // One account, any of a thousand codes of a client that wait all the time: 2 in ten million an hour, 1 in 2,800 a year.
  assert.ok(most(GUESS_RULES.account, HOUR) * chance < 2.1e-7);
  assert.ok(most(GUESS_RULES.account, YEAR) * chance < 1 / 2_800);
  // A crowd that guesses day and night against one process: one hit a year, beside the first guess an hour of accounts that have none yet. A hit shows
  // somebody's device and lets the guesser connect it to their own account; it opens nobody else's.
  const everybody = most(GUESS_RULES.everybody, YEAR);
  assert.ok(everybody * chance < 1.1, `${everybody * chance}`);
});

test('an account has five wrong codes an hour, a source fifteen, and a right one costs nothing (attacks DEV-07)', () => {
  const guess = { userId: 1, address: '192.0.2.9' };
  for (let i = 0; i < 100; i++) {
    const right = takeGuess(world.ctx, guess, START_MS);
    assert.ok(right.kind === 'taken');
    right.refund();
  }
  for (let i = 0; i < 4; i++) assert.equal(waitFor(world.ctx, guess, START_MS), 0);
  assert.equal(waitFor(world.ctx, guess, START_MS), 3_600);
  assert.equal(waitFor(world.ctx, guess, START_MS + HOUR), 0);
  assert.ok(waitFor(world.ctx, guess, START_MS + HOUR) > 0);
  for (let userId = 2; userId < 12; userId++)
    assert.equal(waitFor(world.ctx, { userId, address: `2001:db8:1:2:${userId}::1` }, START_MS), 0);
  assert.equal(waitFor(world.ctx, { userId: 12, address: '2001:db8:1:2:ffff::1' }, START_MS), 720, 'a /64 is one source');
});

test('where everybody together guesses too much, accounts without a wrong code are still heard (attacks DEV-07)', async () => {
  const own = await openWorld();
  let userId = 0;
  const next = (): number => waitFor(own.ctx, { userId: ++userId, address: `198.51.${userId >> 8}.${userId & 255}` }, START_MS);
  for (let i = 0; i < 500; i++) assert.equal(next(), 0);
  assert.equal(next(), 0, 'its first');
  assert.ok(waitFor(own.ctx, { userId, address: '203.0.113.1' }, START_MS) > 0, 'its second');
  await own.close();
});

test('where everybody guesses too much, right codes make no room for wrong ones (attacks DEV-07)', async () => {
  const own = await openWorld();
  const address = (userId: number): string => `198.51.${userId >> 8}.${userId & 255}`;
  for (let userId = 1; userId <= 500; userId++) assert.equal(waitFor(own.ctx, { userId, address: address(userId) }, START_MS), 0);
  for (let userId = 501; userId <= 510; userId++) {
    const right = takeGuess(own.ctx, { userId, address: address(userId) }, START_MS);
    assert.ok(right.kind === 'taken');
    right.refund();
  }
  assert.ok(waitFor(own.ctx, { userId: 1, address: address(1) }, START_MS) > 0);
  await own.close();
});
