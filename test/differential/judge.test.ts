import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './judge.ts';
import type { KnownDifference } from './known-difference.ts';

const KNOWN: KnownDifference = {
  requests: /^exchange: /,
  aspect: 'outcome',
  ours: '400: invalid_grant',
  theirs: 'nothing',
  ground: 'free',
  section: 'RFC 6749 §5.2',
  because: 'it is a test',
};
const SEEN = { id: 'exchange: x', aspect: 'outcome', ours: '400: invalid_grant', theirs: undefined };

test('a difference is known only as it is: the request, the aspect and both values', () => {
  assert.deepEqual(judge([SEEN], [KNOWN]), { unknown: [], idle: [], counts: new Map([[KNOWN, 1]]) });
  for (const other of [{ id: 'refresh: x' }, { aspect: 'scope' }, { ours: '400: invalid_request' }, { theirs: '200: done' }]) {
    const seen = { ...SEEN, ...other };
    assert.deepEqual(judge([seen], [KNOWN]), { unknown: [seen], idle: [KNOWN], counts: new Map() });
  }
});
