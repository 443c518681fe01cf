import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLog } from './log.ts';

function logged(act: (log: ReturnType<typeof jsonLog>) => void): readonly string[] {
  const lines: string[] = [];
  act(
    jsonLog(
      (line) => lines.push(line),
      () => 1_767_225_600_123,
    ),
  );
  return lines;
}

test('an event is one line of JSON: time, level, event, then its fields', () => {
  assert.deepEqual(
    logged((log) => {
      log.info('config.applied', { clients: 2 });
      log.warn('code.replayed', { client: 'spa', grant: 7 });
    }),
    [
      '{"time":"2026-01-01T00:00:00.123Z","level":"info","event":"config.applied","clients":2}',
      '{"time":"2026-01-01T00:00:00.123Z","level":"warn","event":"code.replayed","client":"spa","grant":7}',
    ],
  );
});

test('whatever a field holds, a line stays one line (CWE-117)', () => {
  const [line = ''] = logged((log) => log.warn('outbound.refused', { reason: 'a\n{"event":"server.started"}\r\u2028"' }));
  assert.equal(line.split(/\r|\n/).length, 1);
  assert.equal(JSON.parse(line).event, 'outbound.refused');
});

test('an error brings its stack and its cause into one field; what is no Error is not printed', () => {
  const cause = new RangeError('why');
  const [first = '', second = ''] = logged((log) => {
    log.error('request.failed', new TypeError('what', { cause }), { path: '/x' });
    log.error('request.failed', { password: 'hunter2' });
  });
  const { error, path, level } = JSON.parse(first);
  assert.match(error, /^TypeError: what\n {4}at /);
  assert.match(error, /; caused by RangeError: why$/);
  assert.deepEqual([path, level], ['/x', 'error']);
  assert.equal(JSON.parse(second).error, 'not an Error');
  assert.equal(second.includes('hunter2'), false);
});
