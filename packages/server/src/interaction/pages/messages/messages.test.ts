import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_KINDS } from '../error-kinds.ts';
import { html, renderHtml, Html } from '../html.ts';
import { LOCALES, messagesFor, readLocale } from './locale.ts';

/** Every sentence of a table, with sample values where it takes some. */
function sentences(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Html) return [renderHtml(value)];
  if (typeof value === 'function') {
    const sample = /second|duration/i.test(value.toString()) ? 30 : html`x`;
    return sentences(value(sample));
  }
  return Object.values(value as object).flatMap(sentences);
}

test('no language leaves a sentence empty', () => {
  for (const locale of LOCALES) {
    const all = sentences(messagesFor(locale));
    assert.ok(all.length > 100);
    for (const sentence of all) assert.match(sentence.trim(), /\S/, locale);
  }
});

test('Chinese is Chinese throughout, with its own punctuation', () => {
  for (const sentence of sentences(messagesFor('zh-CN'))) {
    if (sentence === '（x）') continue;
    assert.match(sentence, /\p{Script=Han}/u);
    assert.doesNotMatch(sentence, /\p{Script=Han}[,.;:!?()]/u, sentence);
  }
});

test('English says one second and two seconds', () => {
  assert.match(messagesFor('en').signIn.slowedDown(1), /1 second,/);
  assert.match(messagesFor('en').signIn.slowedDown(2), /2 seconds,/);
});

test('the fixed phrases are unlike each other', () => {
  const phrases = Object.values(ERROR_KINDS).map(({ phrase }) => phrase);
  for (const phrase of phrases)
    assert.deepEqual(
      phrases.filter((other) => other.includes(phrase)),
      phrase === 'redirect_uri is not registered' ? [phrase, `post_logout_${phrase}`] : [phrase],
    );
});

test('the first language of ui_locales that there is decides (OpenID Connect Core §3.1.2.1)', () => {
  assert.equal(readLocale('fr-CA zh-Hans en', 'en'), 'zh-CN');
  assert.equal(readLocale('en-GB zh', 'zh-CN'), 'en');
  assert.equal(readLocale('zh_CN', undefined), 'zh-CN');
  assert.equal(readLocale('fr de', 'zh-CN,zh;q=0.9'), 'zh-CN');
});

test('else the browser decides by weight, and English stands in (RFC 9110 §12.5.4)', () => {
  assert.equal(readLocale(undefined, 'fr, en;q=0.5, zh-TW;q=0.8'), 'zh-CN');
  assert.equal(readLocale(undefined, 'zh;q=0, en;q=0.1'), 'en');
  assert.equal(readLocale('', 'zh;q=2, en;q=0.1'), 'en');
  assert.equal(readLocale(undefined, 'en-US,en;q=0.9,zh-CN;q=0.9'), 'en');
  assert.equal(readLocale(undefined, undefined), 'en');
  assert.equal(readLocale(undefined, `${'x,'.repeat(50)}zh`), 'en');
});
