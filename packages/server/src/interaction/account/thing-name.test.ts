import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readThingName } from './thing-name.ts';

test('a name is one line of what can be seen, 64 characters at most; else the thing keeps its own (attacks XSS-05)', () => {
  for (const [typed, name] of [
    ['  My   phone ', 'My phone'],
    ['\u202e\u200b\u0000', 'Firefox on Linux'],
    [undefined, 'Firefox on Linux'],
    ['a\nb', 'a b'],
    ['\ud800x', '\ufffdx'],
    ['😀'.repeat(100), '😀'.repeat(64)],
    ['x'.repeat(100_000), 'x'.repeat(64)],
  ] as const)
    assert.equal(readThingName(typed, 'Firefox on Linux'), name);
});
