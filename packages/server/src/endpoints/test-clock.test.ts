import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '../clock.ts';
import type { HttpRequest } from '../http.ts';
import { testClockEndpoint } from './test-clock.ts';

function ground(): {
  readonly send: (body: string) => { status: number; now: string | undefined };
  readonly clock: ReturnType<typeof testClock>;
} {
  const clock = testClock();
  const endpoint = testClockEndpoint(clock);
  return {
    clock,
    send(body) {
      const reply = endpoint({ body } as unknown as HttpRequest);
      return { status: reply.status, now: JSON.parse(reply.body.toString()).now };
    },
  };
}

test('now freezes, advance moves, null resumes; the answer is the time (product M27)', () => {
  const { send, clock } = ground();
  assert.deepEqual(send('{"now":"2026-01-01T00:00:00Z"}'), { status: 200, now: '2026-01-01T00:00:00.000Z' });
  assert.deepEqual(send('{"advance":"PT1H"}'), { status: 200, now: '2026-01-01T01:00:00.000Z' });
  assert.deepEqual(send('{"advance":"P30DT1M1.5S"}').now, '2026-01-31T01:01:01.500Z');
  assert.deepEqual(send('{"advance":"P1W"}').now, '2026-02-07T01:01:01.500Z');
  assert.equal(send('{"now":"2020-02-03T04:05:06+08:00"}').now, '2020-02-02T20:05:06.000Z', 'back as well: it is a test');
  assert.equal(send('{"now":null}').status, 200);
  assert.ok(Math.abs(clock.nowMs() - Date.now()) < 1_000);
});

test('whatever else is refused, and the clock stays where it is', () => {
  const { send, clock } = ground();
  clock.freeze(1_000);
  for (const body of [
    '',
    'x',
    'null',
    '7',
    '[]',
    '{}',
    '{"now":"soon"}',
    '{"now":7}',
    '{"now":""}',
    '{"now":"-000001-01-01T00:00:00Z"}',
    '{"now":"+010000-01-01T00:00:00Z"}',
    '{"now":null,"advance":"PT1S"}',
    '{"advance":"P"}',
    '{"advance":"PT"}',
    '{"advance":"P1M"}',
    '{"advance":"1h"}',
    '{"advance":"-PT1H"}',
    '{"advance":"P999999999D"}',
    '{"advance":null}',
    '{"freeze":true}',
  ]) {
    assert.equal(send(body).status, 400, body);
    assert.equal(clock.nowMs(), 1_000, body);
  }
});
