import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMON_PASSWORDS } from './common-passwords.ts';
import { normalizePassword } from './normalize-password.ts';
import { judgePassword, MAX_NEW_PASSWORD } from './password-policy.ts';

const WORDS = ['mei', 'mei.example@post.example', 'Mei Example of Nowhere'];

function judge(password: string, minLength = 15): ReturnType<typeof judgePassword> {
  return judgePassword(password, WORDS, minLength);
}

test('length counts, and what a password is made of does not (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.1, attacks USR-04)', async () => {
  for (const password of [
    'two halves make a tally',
    'jrkwmzpqhdbvnxs',
    '四个不相干的词连在一起就很好记啦',
    '🔑🐅🌧🪨📎🧵🫖🛶🎏🪁🧂🪜🧊🎋🪶',
    ' leading and trailing ',
  ])
    assert.equal(await judge(password), undefined, password);
  assert.equal(await judge('jrkwmzpqhdbvnx'), 'too_short');
  assert.equal(await judge('🔑🐅🌧🪨📎🧵🫖🛶🎏🪁🧂🪜🧊🎋'), 'too_short', 'a code point is one character');
  assert.equal(await judge('jrkwmzpq', 8), undefined);
  assert.equal(await judge('', 8), 'too_short');
  const long = Array.from({ length: MAX_NEW_PASSWORD }, (_, i) => String.fromCodePoint(0x4e00 + i * 7)).join('');
  assert.equal(await judge(long), undefined);
  assert.equal(await judge(`${long}x`), 'too_long');
  assert.equal(await judge('z'.repeat(1_000_000)), 'too_long');
});

test('what is tried first is refused, in any case and however often it is repeated or counted on (NIST SP 800-63B-4 §3.1.1.2, attacks USR-25)', async () => {
  for (const password of [
    'password',
    'PassWord',
    'qwerty123',
    'iloveyou',
    '1qaz2wsx',
    'abcdefgh',
    '87654321',
    'aaaaaaaa',
    'abcabcabc',
    'password1234',
    'sunshine!!',
  ])
    assert.equal(await judge(password, 8), 'common', password);
  for (const password of [
    'passwordpassword',
    'passwordpasswor',
    'aaaaaaaaaaaaaaa',
    '123456789012345',
    'abcdefghijklmno',
    'zyxwvutsrqponml',
    'alicealicealice',
    'iloveyou1234567',
    'Password!!!!!!!',
  ])
    assert.equal(await judge(password), 'common', password);
  for (const password of ['mountain elephant', 'password for the shed', 'abcdefgxijklmno', 'tally tally ho ho', 'aXaXaXaXaXaXaXaXaYb'])
    assert.equal(await judge(password), undefined, password);
});

test('what everybody knows of a person is no password, in any case and width', async () => {
  for (const password of ['mei.example@post.example', 'MEI.EXAMPLE@POST.EXAMPLE', 'mei example of nowhere', 'Ｍei Example of Nowhere'])
    assert.equal(await judge(password), 'same_as_account', password);
  assert.equal(await judge('mei.example@post.example and more'), undefined);
});

test('the list has three thousand at least that are long enough, each once, folded as it is looked up (ASVS 6.2.4)', () => {
  const list = COMMON_PASSWORDS.split(/\s+/);
  assert.equal(new Set(list).size, list.length);
  assert.ok(list.length >= 3_000);
  for (const password of list) assert.ok(password.length >= 8 && password === password.toLowerCase(), password);
});

test('a letter with its accent is one letter, whatever the keyboard sends, and nothing else changes (RFC 8265 §4.2.2)', () => {
  assert.equal(normalizePassword('pa\u0308ss'), 'p\u00e4ss');
  for (const kept of ['ＡＢＣ', ' a  b ', 'ﬁ', 'Ab', '\u200d']) assert.equal(normalizePassword(kept), kept);
});
