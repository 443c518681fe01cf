import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_KINDS } from '../error-kinds.ts';
import { Html, html, renderHtml } from '../html.ts';
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

test('a wish for a language finds its words (OpenID Connect Core §3.1.2.1)', () => {
  assert.equal(messagesFor(readLocale('fr-CA zh-Hans en', 'en')).signIn.heading, '登录');
  assert.equal(messagesFor(readLocale(undefined, 'fr, en;q=0.5')).signIn.heading, 'Sign in');
});
