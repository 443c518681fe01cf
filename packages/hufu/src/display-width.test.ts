import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, visible } from './display-width.ts';
import { table } from './table.ts';

test('a text takes as many columns as a terminal draws', () => {
  const widths = { hufu: 4, 虎符: 4, ａ: 2, é: 1, 'e\u0301': 1, 한글: 4, '🐯': 2, カナ: 4 };
  for (const [text, width] of Object.entries(widths)) assert.equal(displayWidth(text), width, text);
});

test('columns stand below each other, whatever the script', () => {
  assert.equal(
    table(
      ['id', 'name', 'on'],
      [
        ['a', '虎记', 'true'],
        ['bcd', 'Tiger', 'false'],
      ],
    ),
    'ID   NAME   ON\na    虎记   true\nbcd  Tiger  false',
  );
});

test('nothing that others wrote moves a cursor', () => {
  assert.equal(visible('a\u001b[2J\u202eb\u0085\n'), 'a?[2J?b??');
});
