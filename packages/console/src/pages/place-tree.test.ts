import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GrantSummary } from '@hufu/protocol/admin/grants';
import { placeTree } from './place-tree.ts';

const grant = (id: string, parent?: string): GrantSummary => ({
  id,
  client_id: 'c',
  state: 'live',
  ...(parent !== undefined && { parent }),
});

test('ancestors stand in a line before the grant, and each leaf below it has a row of its own', () => {
  const lineage = {
    grant: grant('me', 'mother'),
    ancestors: [grant('mother', 'root'), grant('root')],
    descendants: [grant('a', 'me'), grant('b', 'me'), grant('a1', 'a'), grant('a2', 'a')],
    truncated: false,
  };
  const { nodes, columns, rows } = placeTree(lineage);
  const places = Object.fromEntries(nodes.map(({ grant: { id }, column, row, parent }) => [id, [column, row, parent?.grant.id]]));
  assert.deepEqual(places, {
    root: [0, 0, undefined],
    mother: [1, 0, 'root'],
    me: [2, 0, 'mother'],
    a: [3, 0, 'me'],
    a1: [4, 0, 'a'],
    a2: [4, 1, 'a'],
    b: [3, 2, 'me'],
  });
  assert.deepEqual([columns, rows], [5, 3]);
});

test('a grant alone is one place, and what leads to itself is drawn once', () => {
  assert.deepEqual(placeTree({ grant: grant('me'), ancestors: [], descendants: [], truncated: false }).nodes.length, 1);
  const circle = placeTree({ grant: grant('me'), ancestors: [], descendants: [grant('a', 'me'), grant('me', 'a')], truncated: false });
  assert.equal(circle.nodes.length, 2);
});
