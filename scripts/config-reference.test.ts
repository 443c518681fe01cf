import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GUIDE, SCHEMA, type Schema, tables, withTables } from './config-reference.ts';

const schema: Schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));

test('the tables of docs/guides/configuration.md are those of hufu.schema.json', () => {
  const guide = readFileSync(GUIDE, 'utf8');
  assert.equal(guide, withTables(guide, schema), 'node scripts/config-reference.ts --write');
});

test('every key of hufu.yaml, however deep, has a row', () => {
  const text = tables(schema);
  const missing: string[] = [];
  for (const [name, { description, ...below }] of keysOf(schema)) {
    const named = typeof below.additionalProperties === 'object' ? below.additionalProperties : undefined;
    const isMapping =
      below.properties !== undefined || [below.items?.properties, below.items?.oneOf, named?.oneOf].some((one) => one !== undefined);
    if (!isMapping && !text.includes(`${name}\` | `)) missing.push(name);
    if (!isMapping && description === undefined) missing.push(`${name} has no description`);
  }
  assert.deepEqual(missing, []);
});

test('a row has the words, the range and the default of its key; what is reserved stands apart', () => {
  const text = tables({
    properties: {
      kind: { description: 'A | B.', anyOf: [{ enum: ['a', 'b'] }, { $ref: '#/$defs/variable' }], default: 'a' },
      wait: {
        description: 'How long.',
        anyOf: [
          { type: 'string', pattern: '^[0-9]+[smhd]$' },
          { type: 'integer', minimum: 90, maximum: 7_200 },
        ],
      },
      later: { description: 'Not supported by this version yet, so: not supported by this version yet.', type: 'object' },
      things: { description: 'Things.', items: { properties: { id: { description: 'Its id.', type: 'string' } }, required: ['id'] } },
    },
  });
  const [top = '', things = '', reserved = ''] = text.split('### ').slice(1);
  assert.match(top, /\| `kind` \| A \\\| B\. \| `a`, `b` \| `a` \|/);
  assert.match(top, /\| `wait` \| How long\. \| a duration, `90s` to `2h` \|  \|/);
  assert.doesNotMatch(top, /later/);
  assert.match(things, /^`things\[\]`[^]*\| `id` \| Its id\. \| text \| \*\*required\*\* \|/);
  assert.match(reserved, /`later`/);
});

function* keysOf({ properties = {}, items, additionalProperties: named, oneOf = [] }: Schema): Generator<readonly [string, Schema]> {
  if (items !== undefined) yield* keysOf(items);
  if (typeof named === 'object' && named.oneOf !== undefined) yield* keysOf(named);

  for (const variant of oneOf) yield* keysOf(variant);
  for (const [name, inner] of Object.entries(properties)) {
    // What tells variants apart stands in their headings.
    if (inner.const !== undefined) continue;
    yield [name, inner];
    yield* keysOf(inner);
  }
}
