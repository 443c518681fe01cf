import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { displayText } from './display-text.ts';

test('a name is one line without characters that reorder or hide what is around them', () => {
  assert.equal(displayText('Pay\u202egnp.\u202c \u2066x\u2069', 60), 'Paygnp. x');
  assert.equal(displayText('  Field\n\r\n Notes\u0000\u200b\ufeff ', 60), 'Field Notes');
  assert.equal(displayText('a\u2028b\u00a0c', 60), 'a b c');
});

test('a name of invisible letters alone is no name', () => {
  for (const text of ['', ' ', '\u3164\u115f', '\u2800\u2800', '\u200d\u200c', '\u0301\u0301', '\u{e0041}\u{e0042}'])
    assert.equal(displayText(text, 60), '', JSON.stringify(text));
});

test('a long name is cut between characters, with an ellipsis', () => {
  assert.equal(displayText('山海笔记本', 4), '山海笔…');
  assert.equal(displayText('😀'.repeat(9), 3), '😀😀…');
  assert.equal(displayText('x'.repeat(10_000), 60).length, 60);
});

test('no tower of marks grows out of its line', () => {
  assert.equal(displayText(`Z${'\u0336'.repeat(50)}a`, 60), 'Z\u0336\u0336a');
});

test('scripts and emoji that need joiners keep them', () => {
  assert.equal(displayText('می\u200cخواهم', 60), 'می\u200cخواهم');
  assert.equal(displayText('👩\u200d💻', 60), '👩\u200d💻');
});

test('whatever comes in, the bound holds and doing it twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 2, max: 40 }), (text, max) => {
      const shown = displayText(text, max);
      assert.ok(Array.from(shown).length <= max);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
      assert.equal(displayText(shown, max), shown);
    }),
  );
});
