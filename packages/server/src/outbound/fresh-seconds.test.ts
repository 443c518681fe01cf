import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeconds } from './fresh-seconds.ts';

test('a document is fresh for its max-age, between a minute and a day, and five minutes where nothing is said (RFC 9111 §5.2.2.1)', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['', 300],
    ['public', 300],
    ['max-age=600', 600],
    ['public, MAX-AGE = "900" , immutable', 900],
    ['max-age=1', 60],
    ['max-age=0', 60],
    ['max-age=31536000', 86_400],
    ['max-age=9999999999', 86_400],
    ['max-age=-1', 300],
    ['max-age=1e9', 300],
    ['max-age=99999999999', 300],
    ['s-maxage=7200', 300],
    ['x-max-age=7200', 300],
    ['no-store, max-age=7200', 60],
    ['max-age=7200, no-cache', 60],
  ];
  for (const [header, seconds] of cases) assert.equal(freshSeconds(header), seconds, header);
});
