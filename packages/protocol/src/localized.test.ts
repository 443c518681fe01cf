import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fault, FieldReader } from './field-reader.ts';
import { findDisplayFault, localize, readLocalized } from './localized.ts';

const read = (value: unknown) => {
  const faults: Fault[] = [];
  const fields = new FieldReader(value, [], faults, { nulls: 'wrong', unknown: 'refused' });
  const texts = readLocalized(fields, 'client_name', { max: 20, check: findDisplayFault });
  fields.finish();
  return { texts, faults: faults.map(({ path }) => path.join('.')) };
};

test('a text has variants by language tag (RFC 7591 §2.2)', () => {
  const { texts, faults } = read({ client_name: 'Tiger', 'client_name#zh-CN': '虎', 'client_name#ja': 'とら' });
  assert.deepEqual(faults, []);
  assert.equal(localize(texts, 'zh-CN'), '虎');
  assert.equal(localize(texts, 'zh-cn-x-y'), '虎');
  assert.equal(localize(texts, 'ja-JP'), 'とら');
  assert.equal(localize(texts, 'zh'), 'Tiger');
  assert.equal(localize(texts, 'en'), 'Tiger');
  assert.equal(localize(read({ 'client_name#ja': 'とら' }).texts, 'en'), 'とら');
  assert.equal(localize(read({}).texts, 'en'), undefined);
});

test('language tags are tags, and not too many (RFC 7591 §2.2)', () => {
  assert.deepEqual(read({ 'client_name#': 'a', 'client_name#zh_CN': 'b', 'client_name#abcdefghi': 'c', 'client_name#a--b': 'd' }).faults, [
    'client_name#',
    'client_name#zh_CN',
    'client_name#abcdefghi',
    'client_name#a--b',
  ]);
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`client_name#x${at}`, 'n']));
  assert.equal(read(many).faults.includes('client_name'), true);
});

test('a name that people are shown has no controls, direction marks or invisible characters (RFC 7591 §5)', () => {
  for (const fine of ['Tiger & Söhne', '虎符', 'می‌خواهم', '👩‍💻 dev', '<b>bold</b>', "O'Neil"])
    assert.equal(findDisplayFault(fine), undefined, fine);
  for (const blank of ['', ' ', '\u3000']) assert.equal(findDisplayFault(blank), 'is blank');
  for (const bad of [
    '\n',
    '\0',
    '\x7f',
    '\x85',
    '\u00ad',
    '\u061c',
    '\u200b',
    '\u200e',
    '\u200f',
    '\u202a',
    '\u202e',
    '\u2028',
    '\u2029',
    '\u2066',
    '\u2069',
    '\u2060',
    '\ufeff',
    '\u{e0041}',
  ]) {
    assert.equal(findDisplayFault(`a${bad}b`), 'has a control, direction or invisible character', `U+${bad.codePointAt(0)?.toString(16)}`);
  }
});
