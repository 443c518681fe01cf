import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fault, FieldReader, formatPath } from './field-reader.ts';

const strict = { nulls: 'wrong', unknown: 'refused' } as const;
const lenient = { nulls: 'absent', unknown: 'ignored' } as const;
const written = (faults: readonly Fault[]) => faults.map(({ path, message }) => `${formatPath(path)} ${message}`);

test('every fault is found in one pass, each with its path', () => {
  const faults: Fault[] = [];
  const fields = new FieldReader(
    { a: 1, b: ['x', 2, 'x', 'y'], c: 'z', d: 'yes', e: 1.5, f: '1w', g: { h: [{ i: 7 }] }, j: {} },
    [],
    faults,
    strict,
  );
  assert.equal(fields.text('a', { max: 5 }), undefined);
  assert.deepEqual(fields.texts('b', 9, { max: 5 }), ['x', 'y']);
  assert.equal(fields.choice('c', ['a', 'b']), undefined);
  assert.equal(fields.flag('d'), undefined);
  assert.equal(fields.integer('e', 0, 9), undefined);
  assert.equal(fields.duration('f', 0, 9), undefined);
  const inner = fields.object('g');
  assert.equal(inner?.objects('h', 1)?.[0]?.text('i', { max: 1 }), undefined);
  inner?.finish();
  fields.finish();
  assert.deepEqual(written(faults), [
    'a is not a text',
    'b[1] is not a text',
    'c is not one of a, b',
    'd is neither true nor false',
    'e is not a whole number from 0 to 9',
    'f is not a duration (seconds, or 90s, 10m, 12h, 30d)',
    'g.h[0].i is not a text',
    'j is not known',
  ]);
});

test('what is bounded is bounded', () => {
  const faults: Fault[] = [];
  const fields = new FieldReader({ a: 'xxxxxx', b: [1, 2], c: '11s', d: '\ud800' }, ['root'], faults, strict);
  fields.text('a', { max: 5 });
  fields.texts('b', 1, { max: 5 });
  fields.duration('c', 1, 10);
  fields.text('d', { max: 5 });
  assert.deepEqual(written(faults), [
    'root.a is longer than 5 characters',
    'root.b has more than 1 entries',
    'root.c is not from 1 to 10 seconds',
    'root.d is not well-formed Unicode',
  ]);
  const many: Fault[] = [];
  new FieldReader(Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, at])), [], many, strict).finish();
  assert.equal(many.length, 100);
});

test('null is absent or wrong, unknown members are ignored or refused, as the rules say (RFC 7592 §2.2)', () => {
  const faults: Fault[] = [];
  const fields = new FieldReader({ a: null, z: 1 }, [], faults, lenient);
  assert.equal(fields.text('a', { max: 5 }), undefined);
  fields.finish();
  assert.deepEqual(faults, []);
  new FieldReader({ a: null }, [], faults, strict).text('a', { max: 5 });
  assert.deepEqual(written(faults), ['a is not a text']);
});

test('only own members count, and what is not an object has none', () => {
  const faults: Fault[] = [];
  const fields = new FieldReader(JSON.parse('{"__proto__":{"a":"polluted"}}'), [], faults, strict);
  assert.equal(fields.text('a', { max: 50 }), undefined);
  assert.equal(fields.take('toString'), undefined);
  fields.finish();
  assert.deepEqual(written(faults), ['__proto__ is not known']);
  for (const value of [undefined, null, 1, 'x', [], true]) {
    const found: Fault[] = [];
    assert.equal(new FieldReader(value, ['x', 0], found, strict).take('length'), undefined);
    assert.deepEqual(written(found), ['x[0] is not an object']);
  }
});
