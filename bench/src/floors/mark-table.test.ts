import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MarkTable } from './mark-table.ts';

test('a name is taken once, by the first of those that come in one turn and by nobody later', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-bench-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const marks = new MarkTable(directory);
  const take = (name: string): Promise<boolean> => new Promise((resolve) => marks.take(name, 1, resolve));
  assert.deepEqual(await Promise.all([take('a'), take('a'), take('b')]), [true, false, true]);
  assert.equal(await take('a'), false);
});
