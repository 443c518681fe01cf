import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, readTable, renderTable, type TablePlan } from './conformance-table.ts';

const PLANS: readonly TablePlan[] = [
  {
    id: 'one',
    suiteName: 'suite-one',
    tests: [
      { module: 'a', variant: 'dynamic, code' },
      { module: 'a', variant: 'static, code' },
      { module: 'b', variant: 'static, code' },
    ],
  },
  { id: 'two', suiteName: 'suite-two', tests: [{ module: 'b', variant: 'dynamic, code id_token' }] },
];
const RESULTS = new Map([
  ['one | a | dynamic, code', 'passed'],
  ['one | b | static, code', 'skipped: `none` is not offered'],
  ['two | b | dynamic, code id_token', 'failed'],
]);

test('the table of the conformance tests tells what was run, what was not, and what there is not to run', () => {
  const text = renderTable(PLANS, RESULTS);
  assert.match(text, /^\| \[one\]\(#one\) \| 2 \| 3 \| 1 \| 1 \|$/m);
  assert.match(text, /^\| `a` \| passed \| not run \|$/m);
  assert.match(text, /^\| `b` \| – \| skipped \|$/m);
  assert.match(text, /^\| `b` \| failed \|$/m);
  assert.match(text, /^\| `b` \| `none` is not offered \|$/m);
});

test('the table of the conformance tests reads back to the results that it was written from', () => {
  assert.deepEqual(readTable(renderTable(PLANS, RESULTS)), RESULTS);
  assert.equal(renderTable(PLANS, readTable(renderTable(PLANS, RESULTS))), renderTable(PLANS, RESULTS));
  assert.deepEqual(readTable(''), new Map());
  assert.equal(keyOf('one', { module: 'a', variant: 'x' }), 'one | a | x');
});
