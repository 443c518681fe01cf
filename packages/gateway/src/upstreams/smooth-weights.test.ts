import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextTurn } from './smooth-weights.ts';

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });

test('after as many turns as all weights together, each had exactly its weight', () => {
  fc.assert(
    fc.property(weights, (all) => {
      const turns = all.map((weight) => ({ credit: 0, weight, had: 0 }));
      const round = all.reduce((sum, weight) => sum + weight, 0);
      for (let turn = 0; turn < round; turn += 1) {
        const one = nextTurn(turns, ({ weight }) => weight);
        if (one !== undefined) one.had += 1;
      }
      assert.deepEqual(
        turns.map(({ had }) => had),
        all,
      );
    }),
  );
});

test('nobody is ever a whole turn behind or ahead of its share for each other there is', () => {
  fc.assert(
    fc.property(weights, fc.nat(200), (all, count) => {
      const turns = all.map((weight) => ({ credit: 0, weight, had: 0 }));
      const round = all.reduce((sum, weight) => sum + weight, 0);
      let worst = 0;
      for (let turn = 1; turn <= count; turn += 1) {
        const one = nextTurn(turns, ({ weight }) => weight);
        if (one !== undefined) one.had += 1;
        for (const { had, weight } of turns) worst = Math.max(worst, Math.abs(had - (turn * weight) / round));
      }
      assert.ok(worst < Math.max(1, all.length - 1), `${worst} of ${all.length}`);
    }),
  );
});

test('a heavy one does not have its turns in a row', () => {
  const turns = [5, 1, 1].map((weight, at) => ({ credit: 0, weight, name: 'abc'.charAt(at) }));
  const order = Array.from({ length: 7 }, () => nextTurn(turns, ({ weight }) => weight)?.name).join('');
  assert.equal(order, 'aabacaa');
});

test('who may not have this turn keeps what it has saved, and nobody has it where nobody may', () => {
  const turns = [1, 1].map((weight) => ({ credit: 0, weight }));
  assert.equal(
    nextTurn(turns, () => 0),
    undefined,
  );
  const [first, second] = turns;
  for (let turn = 0; turn < 3; turn += 1)
    assert.equal(
      nextTurn(turns, (one) => (one === second ? 1 : 0)),
      second,
    );
  assert.equal(first?.credit, 0);
});
