/** Every case of the catalogue is tested, or stands in `later.ts` with the reason: nothing is skipped silently. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CATALOGUE } from './catalogue.ts';
import { LATER } from './later.ts';

const known = new Set(Object.entries(CATALOGUE).flatMap(([group, numbers]) => numbers.split(' ').map((number) => `${group}-${number}`)));

/** The ids that titles begin with. */
function findTested(): ReadonlySet<string> {
  const tested = new Set<string>();
  for (const file of readdirSync(import.meta.dirname)) {
    if (!file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    for (const [, ids = ''] of text.matchAll(/\btest\(\s*['"`]((?:[A-Z]{3}-\d{2} · )+)/g))
      for (const id of ids.split(' · ')) if (id !== '') tested.add(id);
  }
  return tested;
}

test('every case of the catalogue is tested, or waits for something that is named', () => {
  const tested = findTested();
  assert.ok(tested.size > 50);
  assert.deepEqual(
    [...known].filter((id) => !tested.has(id) && !LATER.has(id)),
    [],
  );
});

test('what waits as a whole is not tested yet, and what waits in part is', () => {
  const tested = findTested();
  assert.deepEqual(
    [...LATER].filter(([id, { what }]) => tested.has(id) !== (what === 'rest')),
    [],
  );
  assert.deepEqual(
    [...LATER.keys()].filter((id) => !known.has(id)),
    [],
  );
});

test('no title claims a case of these groups that is not in the catalogue', () => {
  assert.deepEqual(
    [...findTested()].filter((id) => Object.hasOwn(CATALOGUE, id.slice(0, 3)) && !known.has(id)),
    [],
  );
});
