import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderHtml } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import { actForm, acts, submitButton } from './buttons.ts';
import { checkField, codeField, field, passwordField, selectField } from './fields.ts';
import { letterMark } from './marks.ts';
import { notice } from './notice.ts';
import { facts, fold, rows } from './rows.ts';
import { codeList, qrPicture, secretText } from './secrets.ts';
import { orLine, otherWays, steps, tabs } from './ways.ts';
import { ago, atTime, onDay, readZone } from './when.ts';

const NOW = 1_767_225_600;
const EN = messagesFor('en');

test('a field points to what it is for and to what is wrong with it (WCAG 2.2 §3.3.1)', () => {
  const plain = renderHtml(field({ name: 'city', label: 'City', input: { type: 'text' } }));
  assert.doesNotMatch(plain, /aria-/);
  const wrong = renderHtml(
    field({ name: 'city', label: 'City', hint: 'Where', problem: 'No', optional: 'optional', value: '<', input: { type: 'text' } }),
  );
  assert.match(wrong, /aria-invalid="true" aria-describedby="city-hint city-problem" value="&lt;"/);
  assert.match(wrong, /id="city-hint">Where<.*id="city-problem">No</s);
});

test('a password field gives its words to the script and keeps no value', () => {
  const text = renderHtml(
    passwordField({ name: 'password', label: 'P', input: { autocomplete: 'new-password' } }, { show: 'Show', hide: 'Hide' }),
  );
  assert.match(text, /type="password" required autocomplete="new-password" data-show="Show" data-hide="Hide"/);
  assert.doesNotMatch(text, /value=/);
});

test('a code field is for digits out of an app or a mail, with room for spaces', () => {
  assert.match(
    renderHtml(codeField({ name: 'code', label: 'Code', input: {} }, 6)),
    /inputmode="numeric" autocomplete="one-time-code" maxlength="16"/,
  );
});

test('a list has one that is chosen, and a box is ticked or not', () => {
  const list = renderHtml(
    selectField({
      name: 'l',
      label: 'L',
      value: 'b',
      options: [
        { value: 'a', label: 'A' },
        { value: 'b', label: 'B' },
      ],
    }),
  );
  assert.match(list, /<option value="a" >A<.*<option value="b" selected>B</s);
  assert.match(renderHtml(checkField({ name: 't', label: 'T', checked: true, hint: 'why' })), /checked aria-describedby="t-hint"/);
  assert.doesNotMatch(renderHtml(checkField({ name: 't', label: 'T' })), /checked|describedby/);
});

test('a problem is spoken at once, and so is what is done (WCAG 2.2 §4.1.3)', () => {
  assert.match(renderHtml(notice('problem', 'x')), /role="alert"/);
  assert.match(renderHtml(notice('done', 'x', { id: 'd' })), /id="d" role="status"/);
  assert.doesNotMatch(renderHtml(notice('attention', 'x')), /role=/);
});

test('buttons and forms of one button send what they say', () => {
  assert.match(renderHtml(submitButton({ label: 'Go', kind: 'quiet', unchecked: true })), /class="quiet" formnovalidate>Go/);
  assert.match(renderHtml(acts([submitButton({ label: 'A' }), undefined], 'stack')), /class="acts stack"/);
  const form = renderHtml(actForm({ action: '/account', csrf: 'c', fields: { act: 'x' }, button: { label: 'X', spoken: 'X of Y' } }));
  assert.match(form, /method="post" action="\/account".*name="csrf" value="c".*name="act" value="x".*aria-label="X of Y"/s);
});

test('things stand in rows, and what is not known leaves no line', () => {
  const text = renderHtml(rows([{ name: 'N', lines: ['one', undefined, ''], tags: [undefined], acts: [undefined] }]));
  assert.equal(text.match(/row-line/g)?.length, 1);
  assert.doesNotMatch(text, /row-acts|row-mark|row-more/);
  assert.doesNotMatch(renderHtml(facts([['a', undefined]])), /<dt>/);
  assert.match(renderHtml(fold('more', orLine('or'), { isOpen: true })), /<details class="fold" open>/);
});

test('a secret is grouped for the eye and whole for the clipboard', () => {
  assert.match(renderHtml(secretText('ABCDEFGHIJ', { copy: 'Copy', copied: 'Copied' }, 's')), /data-copy-text="ABCDEFGHIJ">ABCD EFGH IJ</);
  assert.equal(renderHtml(codeList(['a', 'b'], { copy: 'Copy', copied: 'Copied' }, 's')).match(/<li>/g)?.length, 2);
});

test('a QR code is drawn with its quiet zone, each dark module once (ISO 18004)', () => {
  const text = renderHtml(qrPicture({ size: 3, data: [1, 1, 0, 0, 0, 0, 0, 0, 1] }, 'code'));
  assert.match(text, /viewBox="0 0 11 11"/);
  assert.match(text, /d="M4 4h2v1h-2zM6 6h1v1h-1z"/);
});

test('other ways, tabs and steps are lists that are read as such', () => {
  assert.equal(otherWays('x', []), undefined);
  const way = otherWays('Other ways', [{ label: 'By mail', href: '/signin/email', id: 'w' }]);
  assert.match(way === undefined ? '' : renderHtml(way), /<nav class="ways" aria-label="Other ways">.*href="\/signin\/email" id="w"/s);
  assert.match(renderHtml(tabs('T', [{ label: 'A', href: '/a', isCurrent: true }])), /aria-current="page"/);
  assert.match(renderHtml(steps(['a', 'b'])), /<ol class="steps">/);
  assert.match(renderHtml(letterMark('«é»')), />É</);
  assert.match(renderHtml(letterMark('')), />\?</);
});

test('times are never finer than they are true, and in the zone of their reader', () => {
  const said = (age: number): string => renderHtml(ago(NOW - age, { now: NOW, zone: 'UTC' }, EN)).replace(/<[^>]*>/g, '');
  assert.deepEqual([0, 599, 600, 3_599, 3_600, 90_000, 172_800, 604_799, 604_800, -5].map(said), [
    'just now',
    'just now',
    '10 minutes ago',
    '59 minutes ago',
    '1 hour ago',
    '25 hours ago',
    '2 days ago',
    '6 days ago',
    '2025-12-25',
    'just now',
  ]);
  assert.equal(renderHtml(onDay(NOW)), '<time datetime="2026-01-01T00:00:00Z">2026-01-01</time>');
  const shown = (zone: string): string => renderHtml(atTime(NOW, { now: NOW, zone }, 'en'));
  assert.match(shown('UTC'), />1 Jan 2026, 00:00 UTC</);
  assert.match(shown('Asia/Shanghai'), />1 Jan 2026, 08:00</);
  assert.deepEqual(['Europe/Vienna', 'Mars/Olympus', 7, '"><b>', 'x'.repeat(500)].map(readZone), [
    'Europe/Vienna',
    'UTC',
    'UTC',
    'UTC',
    'UTC',
  ]);
});
