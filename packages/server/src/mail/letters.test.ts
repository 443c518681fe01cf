import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOCALES } from '@hufu/protocol/locale';
import { MAILED_EVENTS } from '../accounts/user-event-kinds.ts';
import { MAIL_TEMPLATES } from '../config/appearance-shape.ts';
import type { Appearance } from '../config/config.ts';
import type { Written } from './letter.ts';
import { sampleLetter } from './sample-letter.ts';
import { writeAccountThere } from './templates/account-there.ts';
import { type AskKind, writeAsk } from './templates/ask.ts';
import { writeNoPassword } from './templates/no-password.ts';
import { writeNotice } from './templates/notice.ts';
import { type MailGround, mailWordsFor } from './words/words-for.ts';

const CTX = groundOf({ note: {}, mails: {} });
const NOW = 1_767_225_600;
const ASKS: readonly AskKind[] = ['signIn', 'signUp', 'verifyEmail', 'resetPassword', 'invite', 'enrol'];

function groundOf(appearance: Appearance): MailGround {
  return { issuer: 'https://id.example/tenant', config: { policies: { appearance } } };
}

function allLetters(): readonly Written[] {
  return LOCALES.flatMap((locale) => [
    ...ASKS.map((kind) =>
      writeAsk(CTX, kind, locale, { code: '12345678', path: kind === 'enrol' ? undefined : '/signin/link?link=1.x', lifetimeSeconds: 600 }),
    ),
    writeNoPassword(CTX, locale),
    writeAccountThere(CTX, locale),
    ...MAILED_EVENTS.map((event) => writeNotice(CTX, event, locale, { device: 'Firefox 140 on Linux', name: 'Key' }, NOW)),
  ]);
}

test('every mail has a subject of its own words, a text and a document, and loads nothing from anywhere', () => {
  for (const { locale, subject, text, html } of allLetters()) {
    assert.match(subject, locale === 'zh-CN' ? /^\p{Script=Han}+/u : /^[A-Z]/);
    assert.ok(subject.length < 60 && !/[\r\n]/.test(subject));
    assert.match(text, /id\.example/);
    assert.match(html, new RegExp(`^<!doctype html>\\n<html lang="${locale}">`));
    assert.doesNotMatch(html, /<(?:img|script|link|iframe|form|object|svg)\b|\bsrc=|url\(|@import|\bon[a-z]+=/i);
    assert.match(html, /prefers-color-scheme: dark/);
    assert.match(html, /<meta name="color-scheme" content="light dark">/);
  }
});

test('every link begins with the issuer of the configuration (attacks USR-19)', () => {
  let links = 0;
  for (const { text, html } of allLetters()) {
    for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) {
      assert.ok(href.startsWith(`${CTX.issuer}/`), href);
      assert.ok(text.includes(href.replaceAll('&amp;', '&')), 'the text has it too');
      links += 1;
    }
  }
  assert.ok(links > 20);
});

test('a code is in the text and in the document, and not in the subject', () => {
  const { subject, text, html } = writeAsk(CTX, 'signIn', 'en', { code: '01234567', path: '/signin/link?link=1.x', lifetimeSeconds: 600 });
  assert.match(text, /^ {4}0123 4567$/m);
  assert.match(html, /<p class="code">0123 4567<\/p>/);
  assert.doesNotMatch(subject, /\d/);
  assert.match(text, /10 minutes/);
});

test('what somebody else chose is one line of text in both parts, and nothing in it becomes a link (attacks XSS-05)', () => {
  const name = '<img src=x onerror=alert(1)>\r\nBcc: all@evil.example\u202e see https://evil.example/ or evil.example, www.evil.example';
  for (const locale of LOCALES) {
    const { subject, text, html } = writeNotice(CTX, 'factor_added', locale, { name }, NOW);
    assert.doesNotMatch(html, /<img/);
    assert.doesNotMatch(subject + text + html, /evil|\u202e|\r/);
    assert.equal(text.split('\n').filter((line) => line.includes('Bcc')).length, 1);
    assert.doesNotMatch(text, /^Bcc/m);
  }
  const long = writeNotice(CTX, 'factor_added', 'en', { name: 'n'.repeat(5_000) }, NOW);
  assert.ok(!long.text.includes('n'.repeat(65)));
});

test('a notice says when and where, and what to do; one of an account that is gone leads nowhere', () => {
  const { text } = writeNotice(CTX, 'new_device', 'en', { device: 'Firefox 140 on Linux' }, NOW);
  assert.match(text, /^When: 2026-01-01 00:00 UTC\nWhere: Firefox 140 on Linux$/m);
  assert.match(text, /https:\/\/id\.example\/tenant\/account\/security/);
  const gone = writeNotice(CTX, 'account_deleted', 'zh-CN', {}, NOW);
  assert.doesNotMatch(gone.html, /href=/);
});

test('Chinese mails are Chinese throughout', () => {
  const sentences = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value === 'function') return sentences(value('10 分钟'));
    return Object.values(Object(value)).flatMap(sentences);
  };
  for (const sentence of sentences(mailWordsFor('zh-CN'))) {
    if (sentence === '') continue;
    assert.match(sentence, /\p{Script=Han}/u);
    assert.doesNotMatch(sentence, /\p{Script=Han}[,.;:!?()]/u, sentence);
  }
});

test('the configuration names the service, its colour and words of a mail; code, link and what to do otherwise stay ours', () => {
  const ground = groundOf({
    name: 'Acme <b> $&',
    accent: '#ffee00',
    note: {},
    mails: { sign_in: { en: { subject: 'Welcome back to {name}', lead: 'Here is <i>your</i> code.' } } },
  });
  const ask = { code: '01234567', path: '/signin/link?link=1.x', lifetimeSeconds: 600 };
  const { subject, text, html } = writeAsk(ground, 'signIn', 'en', ask);
  assert.equal(subject, 'Welcome back to Acme <b> $&');
  assert.match(text, /^Sign in\n\nHere is <i>your<\/i> code\./);
  assert.match(text, /0123 4567/);
  assert.match(text, /https:\/\/id\.example\/tenant\/signin\/link\?link=1\.x/);
  assert.match(text, /give the code to nobody/);
  assert.match(html, /Here is &lt;i&gt;your&lt;\/i&gt; code/);
  assert.match(html, /<div class="head">Acme &lt;b&gt; \$&amp;<\/div>/);
  assert.doesNotMatch(html, /<i>|<b>|#1f6a5c|#ffee00; color: #fdfbf6/);
  // Another language has words of its own.
  assert.equal(writeAsk(ground, 'signIn', 'zh-CN', ask).subject, '登录验证码');
});

test('every mail has a sample, with words that the configuration sets and the rest ours', () => {
  for (const locale of LOCALES)
    for (const template of MAIL_TEMPLATES) {
      const set = groundOf({ note: {}, mails: { [template]: { [locale]: { subject: 'S {name}', heading: 'H', lead: 'L' } } } });
      const [ours, theirs] = [sampleLetter(CTX, template, locale), sampleLetter(set, template, locale)];
      assert.ok(ours.text.length > 50 && !ours.text.includes('undefined'), template);
      assert.equal(theirs.subject, `S ${mailWordsFor(locale).productName}`, template);
      assert.match(theirs.text, /^H\n\nL\n/, template);
      assert.equal(theirs.text.split('\n').slice(4).join('\n'), ours.text.split('\n').slice(4).join('\n'), template);
    }
});
