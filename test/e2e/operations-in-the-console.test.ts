/** The ledger of the console's tests. Run alone, this file brings them along; in the suite they have run before it, by their names. */
import './console-acts.test.ts';
import './console-edge.test.ts';
import './console-webhooks.test.ts';
import './console-workbench.test.ts';
import './console.test.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATION_NAMES } from '@hufu/protocol/admin/operations';
import { doneFromConsole } from '../support/console-ledger.ts';

test('every operation of the admin API was done by somebody at the console, in a browser (issue 9)', () => {
  const done = doneFromConsole();
  assert.deepEqual(
    OPERATION_NAMES.filter((name) => !done.has(name)),
    [],
  );
});
