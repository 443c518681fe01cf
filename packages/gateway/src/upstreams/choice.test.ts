import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Choice, type Choosable, type Wanted } from './choice.ts';
import { Health } from './health.ts';

const RULE = {
  windowMs: 10_000,
  minimum: 10,
  ratio: 0.5,
  connectFailures: 1,
  openMs: 2_000,
  maxOpenMs: 60_000,
  forgiveMs: 30_000,
  probes: 3,
  probeMs: 10_000,
  slowStartMs: 10_000,
};
const GET: Wanted = { stream: false, repeatable: true, tried: [] };
const POST: Wanted = { stream: false, repeatable: false, tried: [] };

interface Model extends Choosable {
  isFull: boolean;
}

function target(name: string, weight = 1): Model {
  const model: Model = {
    name,
    weight,
    credit: 0,
    isFull: false,
    hasPlace: () => !model.isFull,
    health: new Health({ rule: RULE, chance: () => 0.5, mayOpenForErrors: () => true, onChange: () => {} }),
  };
  return model;
}

function putOut({ health }: Model, nowMs: number): void {
  health.fail(health.admit(nowMs), nowMs, 'connect');
}

function bringBack({ health }: Model, nowMs: number): void {
  for (let probe = 0; probe < RULE.probes; probe += 1) health.succeed(health.admit(nowMs), nowMs);
}

function chosen(choice: Choice<Model>, count: number, nowMs: number, wanted: Wanted = GET): string {
  return Array.from({ length: count }, () => {
    const one = choice.choose(wanted, nowMs);
    return typeof one === 'string' ? ` ${one} ` : one.name;
  }).join('');
}

test('the lowest tier serves, by weights, and nobody of the next one as long as half of it lives', () => {
  const [a, b, c, z] = [target('a', 2), target('b'), target('c'), target('z')];
  const choice = new Choice([[a, b, c], [z]], 0.5);
  assert.equal(chosen(choice, 8, 0), 'abcaabca');
  putOut(a, 0);
  assert.equal(chosen(choice, 4, 0), 'bcbc');
  putOut(b, 0);
  assert.equal(chosen(choice, 4, 0), 'zzzz');
});

test('where no tier has enough that lives, all that live serve together', () => {
  const [a, b, c] = [target('a'), target('b'), target('c')];
  const [x, y, z] = [target('x'), target('y'), target('z')];
  const choice = new Choice(
    [
      [a, b, c],
      [x, y, z],
    ],
    0.5,
  );
  for (const one of [b, c, y, z]) putOut(one, 0);
  assert.equal(chosen(choice, 4, 0), 'axax');
});

test('a full target is left out, and where all that live are full one has to wait: the next tier is not for that', () => {
  const [a, b, z] = [target('a'), target('b'), target('z')];
  const choice = new Choice([[a, b], [z]], 0.5);
  a.isFull = true;
  assert.equal(chosen(choice, 3, 0), 'bbb');
  b.isFull = true;
  assert.equal(chosen(choice, 1, 0), ' full ');
});

test('who had the request already comes last', () => {
  const [a, b, c] = [target('a'), target('b', 100), target('c')];
  const choice = new Choice([[a, b, c]], 0.5);
  assert.equal(chosen(choice, 3, 0, { ...GET, tried: ['b', 'c'] }), 'aaa');
  a.isFull = true;
  assert.match(chosen(choice, 3, 0, { ...GET, tried: ['b', 'c'] }), /^[bc]{3}$/);
});

test('a request that all of the serving tier had goes to the next tier, and where that is full back to the first', () => {
  const [a, b, z] = [target('a'), target('b'), target('z')];
  const choice = new Choice([[a, b], [z]], 0.5);
  assert.equal(chosen(choice, 2, 0, { ...GET, tried: ['a'] }), 'bb');
  assert.equal(chosen(choice, 2, 0, { ...GET, tried: ['a', 'b'] }), 'zz');
  z.isFull = true;
  assert.match(chosen(choice, 2, 0, { ...GET, tried: ['a', 'b'] }), /^[ab]{2}$/);
});

test('a target that may be tried gets one request, which can be sent again if it fails; another one only after five seconds', () => {
  const [a, b] = [target('a'), target('b')];
  const choice = new Choice([[a, b]], 0.5);
  putOut(a, 0);
  assert.equal(chosen(choice, 3, 1_999), 'bbb');
  assert.equal(chosen(choice, 2, 2_000, POST), 'bb');
  assert.equal(chosen(choice, 2, 6_999, POST), 'bb');
  assert.equal(chosen(choice, 1, 7_000, POST), 'a');
  assert.equal(chosen(choice, 1, 7_000), 'a');
  a.health.admit(7_000);
  assert.equal(chosen(choice, 3, 7_000), 'bbb');
});

test('who failed a request is not tried with it', () => {
  const [a, b] = [target('a'), target('b')];
  const choice = new Choice([[a, b]], 0.5);
  putOut(a, 0);
  assert.equal(chosen(choice, 1, 2_000, { ...GET, tried: ['a'] }), 'b');
  assert.equal(chosen(choice, 1, 2_000, GET), 'a');
});

test('a dead tier is tried while the next one serves, and serves again once enough of it is back', () => {
  const [a, b, z] = [target('a'), target('b'), target('z')];
  const choice = new Choice([[a, b], [z]], 0.5);
  putOut(a, 0);
  putOut(b, 0);
  assert.equal(chosen(choice, 3, 0), 'zzz');
  assert.equal(chosen(choice, 1, 2_000), 'a');
  bringBack(a, 2_000);
  // The other one is tried meanwhile.
  assert.equal(chosen(choice, 1, 2_000), 'b');
  b.health.admit(2_000);
  assert.equal(chosen(choice, 3, 2_000), 'aaa');
});

test('a target of a later tier is not tried while a better one serves', () => {
  const [a, z] = [target('a'), target('z')];
  const choice = new Choice([[a], [z]], 0.5);
  putOut(z, 0);
  assert.equal(chosen(choice, 3, 10_000), 'aaa');
});

test('who comes back gets a tenth at first and its whole share ten seconds later: no herd follows it', () => {
  const [a, b] = [target('a'), target('b')];
  const choice = new Choice([[a, b]], 0.5);
  putOut(a, 0);
  assert.equal(chosen(choice, 100, 0), 'b'.repeat(100));
  bringBack(a, 2_000);
  const count = (text: string): number => [...text].filter((name) => name === 'a').length;
  const first = chosen(choice, 110, 2_000);
  assert.equal(count(first), 10);
  assert.ok(!first.includes('aa'));
  assert.equal(count(chosen(choice, 90, 7_000)), 30);
  assert.equal(count(chosen(choice, 100, 12_000)), 50);
});

test('where nobody lives those are tried that no check has closed, the best tier first, and none where checks have closed all', () => {
  const [a, b, z] = [target('a'), target('b'), target('z')];
  const choice = new Choice([[a, b], [z]], 0.5);
  for (const one of [a, b, z]) putOut(one, 0);
  assert.equal(chosen(choice, 4, 0), 'abab');
  assert.equal(chosen(choice, 2, 0, { ...GET, tried: ['a', 'b'] }), 'zz');
  a.health.check('ill', 0);
  assert.equal(chosen(choice, 2, 0), 'bb');
  b.isFull = true;
  z.isFull = true;
  assert.equal(chosen(choice, 1, 0), ' full ');
  b.health.check('ill', 0);
  z.health.check('ill', 0);
  assert.equal(chosen(choice, 1, 3_600_000), ' none ');
});

test('another one that could be asked at once lives, has a place, and had not this request', () => {
  const [a, b] = [target('a'), target('b')];
  const choice = new Choice([[a, b]], 0.5);
  assert.equal(choice.hasOther({ ...GET, tried: ['a'] }, 0), true);
  assert.equal(choice.hasOther({ ...GET, tried: ['a', 'b'] }, 0), false);
  b.isFull = true;
  assert.equal(choice.hasOther({ ...GET, tried: ['a'] }, 0), false);
  b.isFull = false;
  putOut(b, 0);
  assert.equal(choice.hasOther({ ...GET, tried: ['a'] }, 0), false);
});

test('one target alone that is full has to be waited for', () => {
  const only = target('a');
  const choice = new Choice([[only]], 0.5);
  assert.equal(chosen(choice, 2, 0), 'aa');
  only.isFull = true;
  assert.equal(chosen(choice, 1, 0), ' full ');
});
