import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MAX_ID } from '@hufu/protocol/ids';
import fc from 'fast-check';
import { openWorld } from '../testing/world.ts';
import { grantAt, PLACES, placeOf, readList, readPlace, statusUri, writePlace } from './place.ts';

const world = await openWorld();
after(() => world.close());

test('each grant has a place of its own, and each place is one grant’s (decision 0002)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_ID }), (id) => {
      const place = placeOf(world.ctx, id);
      assert.ok(place.index >= 0 && place.index < PLACES && place.list >= 0 && place.list < 2 ** 28);
      assert.equal(grantAt(world.ctx, place), id);
      assert.deepEqual(readPlace(writePlace(place)), place);
    }),
  );
  const lists = new Set(Array.from({ length: 1000 }, (_, index) => placeOf(world.ctx, PLACES + index).list));
  assert.equal(lists.size, 1, 'neighbours share a list');
});

test('a place and a list have one text each: canonical decimal, within bounds', () => {
  for (const text of ['0/0', '268435455/1048575', '7/12']) assert.equal(writePlace(readPlace(text) ?? assert.fail(text)), text);
  for (const text of [
    '',
    '1',
    '01/2',
    '1/02',
    '1/1048576',
    '268435456/1',
    '-1/2',
    '1/2/3',
    ' 1/2',
    '1/2\n',
    '1e3/2',
    '0x1/2',
    '99999999999/1',
  ])
    assert.equal(readPlace(text), undefined, text);
  for (const text of ['0', '268435455']) assert.equal(readList(text), Number(text));
  for (const text of ['', '00', '01', '268435456', '1 ', '1.0', '+1', '١', '1\n']) assert.equal(readList(text), undefined, text);
  assert.equal(statusUri('https://id.example/a', 7), 'https://id.example/a/oauth/status/7');
});
