import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('a class has one rule of its own: two pages that call different things the same would spoil each other', () => {
  const text = readFileSync(new URL('style.css', import.meta.url), 'utf8');
  const own = [...text.matchAll(/^\.([\w-]+) \{$/gm)].map(([, name = '']) => name);
  assert.ok(own.length > 50, `${own.length} classes`);
  assert.deepEqual(
    own.filter((name, index) => own.indexOf(name) !== index),
    [],
  );
});
