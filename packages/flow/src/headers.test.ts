import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clocks } from './clock.ts';
import { createLimiter } from './create-limiter.ts';
import { limitHeaders, refusalReply } from './headers.ts';
import type { Outcome } from './limiter.ts';
import type { AlgorithmRule, Rule } from './rule.ts';

const clocks: Clocks = { monotonicMs: () => 1_800_000_000_500, wallMs: () => 1_800_000_000_500 };

function rule(name: string, algorithm: AlgorithmRule, tell: Rule['tell']): Rule {
  return { name, algorithm, key: [], ...(tell === undefined ? {} : { tell }) };
}

function take(rules: readonly Rule[], ...costs: readonly number[]): Outcome {
  const limiter = createLimiter({ rules, clocks });
  let outcome = limiter.takeNow({});
  for (const cost of costs) outcome = limiter.takeNow({}, { cost });
  return outcome;
}

const second = { kind: 'gcra', limit: 10, periodMs: 1_000, burst: 10 } as const;

test('policies and what is left are told of rules that tell all, as structured fields (RFC 9651 §3.3.3)', () => {
  const headers = limitHeaders(
    take([
      rule('a-1', second, 'all'),
      rule('b', { kind: 'token_bucket', capacity: 7, unit: 2, intervalMs: 1_500 }, 'all'),
      rule('c', { kind: 'fixed_window', limit: 5, periodMs: 60_000 }, 'all'),
      rule('d', { kind: 'quota', limit: 100, period: 'month', zone: 'UTC' }, 'all'),
      rule('quiet', second, 'retry'),
      rule('silent', second, 'nothing'),
      rule('by-default', second, undefined),
    ]),
  );
  assert.equal(headers['ratelimit-policy'], '"a-1";q=10;w=1, "b";q=7;w=6, "c";q=5;w=60, "d";q=100');
  assert.match(headers['ratelimit'] ?? '', /^"a-1";r=9;t=1, "b";r=6;t=2, "c";r=4;t=60, "d";r=99;t=\d+$/);
  assert.equal(headers['retry-after'], undefined);
});

test('a number is never larger than an integer of a structured field may be (RFC 9651 §3.3.1)', () => {
  const many = { kind: 'gcra', limit: 2 ** 50, periodMs: 2 ** 50, burst: 2 ** 50 } as const;
  assert.equal(limitHeaders(take([rule('many', many, 'all')]))['ratelimit-policy'], '"many";q=999999999999999;w=1125899906843');
});

test('windows below a second, shadows and pacing tell nothing', () => {
  const fast = { kind: 'gcra', limit: 10, periodMs: 100, burst: 9 } as const;
  const paced = { kind: 'leaky_bucket', limit: 10, periodMs: 1_000, maxQueueMs: 5_000 } as const;
  assert.deepEqual(
    limitHeaders(take([rule('fast', fast, 'all'), rule('paced', paced, 'all'), { ...rule('shadow', second, 'all'), shadow: true }])),
    {},
  );
});

test('a refusal says when to come again in whole seconds, rounded up, one at least (RFC 9110 §10.2.3)', () => {
  assert.equal(limitHeaders(take([rule('a', second, undefined)], 10))['retry-after'], '1');
  assert.equal(limitHeaders(take([rule('a', { ...second, limit: 1, burst: 2 }, undefined)], 1, 2))['retry-after'], '2');
  assert.equal(limitHeaders(take([rule('a', { ...second, limit: 1, periodMs: 1_001, burst: 1 }, 'retry')], 1))['retry-after'], '2');
  assert.equal(limitHeaders(take([rule('a', { ...second, burst: 1 }, 'nothing')], 1))['retry-after'], undefined);
  assert.equal(limitHeaders(take([rule('a', second, 'all')], 11))['retry-after'], undefined, 'it never fits');
});

test('a refusal is 429 and a problem in JSON (RFC 9457 §3), and tells no more than the headers do', () => {
  const reply = refusalReply(take([rule('a', { ...second, burst: 1 }, undefined)], 1));
  assert.equal(reply.status, 429);
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  assert.deepEqual(JSON.parse(reply.body), { type: 'about:blank', title: 'Too Many Requests', status: 429, retry_after: 1 });
  for (const tell of ['all', 'nothing'] as const) {
    const never = refusalReply(take([rule('a', second, tell)], 11));
    assert.deepEqual(JSON.parse(never.body), { type: 'about:blank', title: 'Too Many Requests', status: 429 });
  }
});

test('a store that is away is 503', () => {
  const refused = take([rule('a', { ...second, burst: 1 }, undefined)], 1);
  const away: Outcome = {
    ...refused,
    rule: 'a',
    allowed: false,
    retryAfterMs: 1_000,
    rules: refused.rules.map((one) => ({ ...one, kind: 'store_error' })),
  };
  const { status, headers } = refusalReply(away);
  assert.deepEqual([status, headers['retry-after']], [503, '1']);
});
