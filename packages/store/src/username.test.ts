import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldUsername } from './username.ts';

test('names that differ in case, width or composition are one (RFC 8265 §3.3)', () => {
  assert.equal(foldUsername('Ada'), 'ada');
  assert.equal(foldUsername('Ａｄａ'), 'ada');
  assert.equal(foldUsername('Zoe\u0308'), foldUsername('ZOË'));
  assert.notEqual(foldUsername('ada'), foldUsername('ádá'));
  assert.equal(foldUsername(' ada'), ' ada');
});

test('a folded name is folded', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (name) => foldUsername(foldUsername(name)) === foldUsername(name)));
});
