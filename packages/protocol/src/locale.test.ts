import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseLocale, LOCALES } from './locale.ts';

/** Any code points, half of them ASCII; also lone surrogates. */
const anyText = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)), { maxLength: 60 }).map((codes) => String.fromCodePoint(...codes));

test('ui_locales comes before Accept-Language, which comes before English (OpenID Connect Core §3.1.2.1)', () => {
  assert.equal(chooseLocale(undefined, undefined), 'en');
  assert.equal(chooseLocale('zh-CN', 'en'), 'zh-CN');
  assert.equal(chooseLocale('en', 'zh-CN'), 'en');
  assert.equal(chooseLocale('fr', 'zh-CN'), 'zh-CN');
  assert.equal(chooseLocale('fr de', 'it'), 'en');
});

test('ui_locales is an ordered list of tags (OpenID Connect Core §3.1.2.1)', () => {
  assert.equal(chooseLocale('fr-CA zh en', undefined), 'zh-CN');
  assert.equal(chooseLocale('fr-CA en-GB zh', undefined), 'en');
  assert.equal(chooseLocale('  zh-CN ', undefined), 'zh-CN');
});

test('a range matches whole or cut from its end, in any case (RFC 4647 §3.4)', () => {
  for (const range of ['zh', 'zh-CN', 'ZH-cn', 'zh-Hans', 'zh-Hans-CN', 'zh-TW', 'zh-Hant-HK', 'zh-CN-x-private', 'zh-SG']) {
    assert.equal(chooseLocale(range, undefined), 'zh-CN', range);
  }
  for (const range of ['en-US', 'en', 'EN-gb-oed', '*', 'zhx', 'xx-zh', '-zh', ''])
    assert.equal(chooseLocale(range, undefined), 'en', range);
});

test('Accept-Language is weighed; q=0 means never (RFC 9110 §12.4.2, §12.5.4)', () => {
  assert.equal(chooseLocale(undefined, 'en;q=0.5, zh-CN;q=0.9'), 'zh-CN');
  assert.equal(chooseLocale(undefined, 'fr, zh;q=0.8, en;q=0.8'), 'zh-CN');
  assert.equal(chooseLocale(undefined, 'fr, en;q=0.8, zh;q=0.8'), 'en');
  assert.equal(chooseLocale(undefined, 'zh;q=0, en'), 'en');
  assert.equal(chooseLocale(undefined, 'zh;q=0'), 'en');
  assert.equal(chooseLocale(undefined, 'zh ; Q=1.000 , en;q=0.001'), 'zh-CN');
  assert.equal(chooseLocale(undefined, 'zh;q=2, en;q=0.1'), 'en');
  assert.equal(chooseLocale(undefined, 'zh;q=x'), 'en');
  assert.equal(chooseLocale(undefined, '*, zh;q=0.1'), 'zh-CN');
  assert.equal(chooseLocale(undefined, 'en;q=1, zh;q=1.5'), 'en');
});

test('only the first 32 ranges are looked at (RFC 4647 §3.4)', () => {
  const ranges = (count: number) => Array.from({ length: count }, () => 'fr');
  assert.equal(chooseLocale(undefined, [...ranges(31), 'zh'].join(',')), 'zh-CN');
  assert.equal(chooseLocale(undefined, [...ranges(32), 'zh'].join(',')), 'en');
  assert.equal(chooseLocale([...ranges(32), 'zh'].join(' '), undefined), 'en');
});

test('any text chooses one of our languages', () => {
  const text = fc.option(anyText, { nil: undefined });
  fc.assert(fc.property(text, text, (one, other) => assert.ok(LOCALES.includes(chooseLocale(one, other)))));
});
