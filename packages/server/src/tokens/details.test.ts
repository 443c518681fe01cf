import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL_DETAILS } from '@hufu/protocol/tally';
import { detailsOf } from './details.ts';

const ALL = [{ type: 'a' }, { type: 'b' }, { type: 'c' }];

test('a token has those of its grant’s details that its bits name, the first one in the highest (RFC 9396 §6)', () => {
  assert.deepEqual(detailsOf(ALL, ALL_DETAILS), ALL);
  assert.deepEqual(detailsOf(ALL, 0x8000), [{ type: 'a' }]);
  assert.deepEqual(detailsOf(ALL, 0x6000), [{ type: 'b' }, { type: 'c' }]);
  assert.equal(detailsOf(ALL, 0), undefined);
  assert.equal(detailsOf(ALL, 0x1fff), undefined);
  assert.equal(detailsOf(undefined, ALL_DETAILS), undefined);
});
