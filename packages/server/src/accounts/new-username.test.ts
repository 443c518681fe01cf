import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldUsername } from '@hufu/store/username';
import fc from 'fast-check';
import { MAX_NEW_USERNAME, readNewUsername, type UsernameFault } from './new-username.ts';

function nameOf(text: string): string {
  const read = readNewUsername(text);
  return read.kind === 'name' ? read.username : assert.fail(`${JSON.stringify(text)}: ${read.fault}`);
}

function faultOf(text: string): UsernameFault {
  const read = readNewUsername(text);
  return read.kind === 'fault' ? read.fault : assert.fail(`${JSON.stringify(text)} is ${read.username}`);
}

test('names of every living script are names, as they are kept', () => {
  for (const name of [
    'alice',
    'Mei.2',
    'a',
    '7',
    'jean-luc_p',
    'Łukasz',
    'đặng',
    'Ștefan',
    '王小明',
    'たなか太郎x',
    'データー',
    '한글ab',
    'мария',
    'عليّ',
    'नमस्ते',
    'สมชาย',
    'Ελένη',
  ])
    assert.equal(nameOf(` ${name} `), name);
  assert.equal(nameOf('Ａｌｉｃｅ'), 'Alice', 'width is folded before it is kept');
  assert.equal(nameOf('𝐚lice'), 'alice');
  assert.equal(nameOf('x'.repeat(MAX_NEW_USERNAME)).length, 64);
});

test('nothing that cannot be seen, reorders or stands for something else is in a name', () => {
  const hidden = [
    '\u200b',
    '\u200d',
    '\u00ad',
    '\u034f',
    '\u115f',
    '\u3164',
    '\ufe0f',
    '\u{e0061}',
    '\u202e',
    '\u2066',
    '\u0000',
    '\n',
    '\ufeff',
  ];
  for (const one of hidden) {
    assert.equal(faultOf(`al${one}ice`), 'characters', JSON.stringify(one));
    // At the ends there is nothing to see either: what trimming leaves is the name.
    for (const text of [`${one}alice`, `alice${one}`]) {
      const read = readNewUsername(text);
      assert.ok(read.kind === 'fault' || read.username === 'alice', JSON.stringify(text));
    }
  }
  for (const text of [
    'a b',
    'alice@corp.example',
    'a/b',
    '<b>',
    "o'hara",
    '.a',
    'a.',
    'a..b',
    '-a',
    '_a',
    'a-_b',
    '\u0301a',
    'न्््््',
    '💥',
    'a\u2024b…',
  ])
    assert.equal(faultOf(text), 'characters', text);
  for (const text of ['', '  ', '\t']) assert.equal(faultOf(text), 'missing');
  for (const text of ['x'.repeat(65), 'x'.repeat(1_000_000), '\ufdfa'.repeat(60)]) assert.equal(faultOf(text), 'too_long');
});

test('letters of two scripts do not stand in one name, nor those that were made for phonetics (Unicode UTS #39)', () => {
  // Cyrillic а, Greek ο, Cherokee, Latin alpha, a click, Armenian.
  for (const text of ['\u0430lice', 'r\u03bfot', 'аlісе', '\u13aalice', '\u0251lice', '\u01c0uke', 'p\u0585st', 'мария王', '한글かな'])
    assert.equal(faultOf(text), 'mixed_scripts', text);
});

test('a name that is read is read the same again, and its folded form is that of what was typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
      const read = readNewUsername(text);
      if (read.kind === 'fault') return;
      assert.equal(nameOf(read.username), read.username);
      assert.equal(foldUsername(read.username), foldUsername(text.trim()));
    }),
    { numRuns: 2_000 },
  );
});
