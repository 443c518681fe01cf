import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Revocation } from '@hufu/store/port';
import { openWorld, START } from '../testing/world.ts';
import { wireEntry } from './wire-entry.ts';

const world = await openWorld();
after(() => world.close());

const row: Revocation = { seq: 7, kind: 'session', subject: '3', reason: 'signed_out', at: START, expiresAt: START + 60 };

test('sessions and devices are told of under names that others know, or nobody does, and kill no token', () => {
  const session = wireEntry(world.ctx, row);
  assert.deepEqual([session.kind, session.info, session.before, session.exp], ['session', true, undefined, START + 360]);
  assert.match(session.id, /^[0-9a-z]{1,10}$/);
  const device = wireEntry(world.ctx, { ...row, kind: 'device' });
  assert.deepEqual([device.kind, device.info], ['device', true]);
  assert.match(device.id, /^[\w-]{43}$/);
  assert.notEqual(device.id, wireEntry(world.ctx, { ...row, kind: 'device', subject: '4' }).id);
});

test('of a client that may be given nothing, whatever a node with a clock ahead has issued is named as well; of one that was revoked not what it is given next', () => {
  const befores = ['client_removed', 'client_disabled', 'client_revoked'].map((reason) => {
    const entry = wireEntry(world.ctx, { ...row, kind: 'client', subject: 'web', reason });
    return (entry.before ?? 0) - START;
  });
  assert.deepEqual(befores, [60, 60, 1]);
});

test('a kind that a version after this one has written is passed on without its name, which may be anybody’s: whoever follows cannot take it for nothing', () => {
  const strange: Revocation = Object({ ...row, kind: 'planet' });
  assert.deepEqual(wireEntry(world.ctx, strange), { seq: 7, at: START, exp: START + 360, reason: 'signed_out', kind: 'planet', id: '-' });
});

test('a grant is named as its tokens name it, whatever list it is in', () => {
  const names = [1, 2 ** 20 - 1, 2 ** 20, 2 ** 47].map((id) => wireEntry(world.ctx, { ...row, kind: 'grant', subject: String(id) }).id);
  assert.equal(new Set(names).size, 4);
  for (const [index, id] of [1, 2 ** 20 - 1, 2 ** 20, 2 ** 47].entries()) {
    const [list = Number.NaN, place = Number.NaN] = (names[index] ?? '').split('/').map(Number);
    assert.equal(world.ctx.keys.tally.permutation.restore(list * 2 ** 20 + place), id);
  }
});
