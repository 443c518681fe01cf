import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../random.ts';
import { formatUserCode, newUserCode, readUserCode, USER_CODE_ALPHABET, USER_CODE_LENGTHS } from './user-code.ts';

test('a code reads in any case and width, with spaces and dashes or without; other letters are none (RFC 8628 §6.1, attacks DEV-09)', () => {
  for (const text of [
    'WDJB-MJHT',
    'wdjbmjht',
    ' wdjb mjht ',
    'W-D-J-B-M-J-H-T',
    'wdjb—mjht',
    'ＷＤＪＢ－ｍｊｈｔ',
    'WDJB.MJHT',
    'WDJB\u00a0MJHT',
  ])
    assert.equal(readUserCode(text), 'WDJBMJHT', text);
  for (const text of ['WDJA-MJHT', 'WDJB-MJH1', 'WDJB-MJH', 'WDJB-MJHTT', 'WDJBЅMJHT', '', '--------', 'W'.repeat(65), 'WDJB+MJHT'])
    assert.equal(readUserCode(text), undefined, text);
  assert.equal(readUserCode('BCDFG-HJKLM'), 'BCDFGHJKLM');
});

test('codes are shown in two halves (RFC 8628 §6.1)', () => {
  assert.equal(formatUserCode('WDJBMJHT'), 'WDJB-MJHT');
  assert.equal(formatUserCode('BCDFGHJKLM'), 'BCDFG-HJKLM');
});

test('each letter is as likely as any other, and no code comes twice in a hundred thousand (attacks DEV-18)', () => {
  const random = systemRandom();
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  const codes = 100_000;
  for (let i = 0; i < codes; i++) {
    const code = newUserCode(random, USER_CODE_LENGTHS.usual);
    assert.equal(readUserCode(formatUserCode(code).toLowerCase()), code);
    seen.add(code);
    for (const letter of code) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  assert.equal(counts.size, USER_CODE_ALPHABET.length);
  const expected = (codes * USER_CODE_LENGTHS.usual) / USER_CODE_ALPHABET.length;
  // Chi squared with 19 degrees of freedom goes beyond 70 once in ten million runs.
  let chi = 0;
  for (const count of counts.values()) chi += (count - expected) ** 2 / expected;
  assert.ok(chi < 70, `chi squared ${chi}`);
  assert.ok(codes - seen.size <= 5, 'of 2^34.6 codes, 0.2 pairs are expected');
});
