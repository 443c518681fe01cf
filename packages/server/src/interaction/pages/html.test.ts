import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requirePath, safeHref } from './href.ts';
import { attributes, type HtmlValue, html, renderHtml } from './html.ts';

/** What a parser makes of the references that the templates write. */
const CHARACTERS: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#13;': '\r',
};
const parseText = (text: string): string => text.replace(/&(?:amp|lt|gt|quot|#39|#13);/g, (reference) => CHARACTERS[reference] ?? '');

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '&',
        '`',
        '=',
        '/',
        '\r',
        '\n',
        '\0',
        '<!--',
        '-->',
        '</script>',
        '<svg onload=1>',
        '&lt;',
        '&#x3c;',
        'javascript:',
        'x',
        ' ',
      ),
    )
    .map((parts) => parts.join('')),
);

test('no text gets out of the place between two tags', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const written = renderHtml(html`<p>${text}</p>`).slice(3, -4);
      assert.doesNotMatch(written, /[<>"'\r]|&(?!(?:amp|lt|gt|quot|#39|#13);)/);
      assert.equal(parseText(written), text);
    }),
  );
});

test('no text gets out of an attribute, wherever in its value it stands', () => {
  fc.assert(
    fc.property(hostile, hostile, (first, second) => {
      const markup = renderHtml(html`<input value="${first}" title="a ${second}" ${attributes({ 'aria-label': second })}>`);
      const [, value = '', title = '', label = ''] =
        /^<input value="([^"<>']*)" title="a ([^"<>']*)" aria-label="([^"<>']*)">$/.exec(markup) ?? [];
      assert.deepEqual([value, title, label].map(parseText), [first, second, second]);
    }),
  );
});

test('markup passes by its type, arrays are joined, and nothing is nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  assert.equal(renderHtml(html`<ul>${items}${undefined}${null}${false}${[]}${0}</ul>`), '<ul><li>a</li><li>&lt;b&gt;</li>0</ul>');
});

test('what only looks like markup is text', () => {
  const forged = { markup: '<b>', toString: () => '<b>' } as unknown as HtmlValue;
  assert.throws(() => html`<p>${forged}</p>`, TypeError);
  assert.throws(() => html`<p>${true as unknown as HtmlValue}</p>`, TypeError);
});

test('an address attribute takes an Href and nothing else', () => {
  assert.throws(() => html`<a href="${'https://a.example/'}">x</a>`, TypeError);
  assert.throws(() => html`<form action="${'/x'}"></form>`, TypeError);
  assert.throws(() => html`<a href="/x?${'y'}">x</a>`, TypeError);
  assert.throws(() => html`<a href="/x?${requirePath('/y')}">x</a>`, TypeError);
  assert.throws(() => html`<button formaction="${'/x'}">x</button>`, TypeError);
  assert.throws(() => html`<a ${attributes({ href: 'javascript:alert(1)' })}>x</a>`, TypeError);
  assert.equal(
    renderHtml(html`<a href="${safeHref('https://a.example/?a=1&b=2')}">x</a>`),
    '<a href="https://a.example/?a=1&amp;b=2">x</a>',
  );
});

test('a page loads nothing from another origin', () => {
  const elsewhere = safeHref('https://a.example/logo.png');
  assert.throws(() => html`<img src="${elsewhere}">`, TypeError);
  assert.throws(() => html`<link rel="stylesheet" href="${elsewhere}">`, TypeError);
  assert.equal(renderHtml(html`<img src="${requirePath('/logo.png')}">`), '<img src="/logo.png">');
  assert.throws(() => html`<script src="${elsewhere}"></script>`, TypeError);
  assert.equal(
    renderHtml(html`<iframe src="${elsewhere}"></iframe>`),
    '<iframe src="https://a.example/logo.png"></iframe>',
    'a frame is its own',
  );
  assert.throws(() => html`<iframe src="${'https://a.example/'}"></iframe>`, TypeError);
});

test('attributes that depend on the view are written, bare or not at all', () => {
  assert.equal(
    renderHtml(html`<input ${attributes({ required: true, autofocus: false, title: undefined, size: 3 })}>`),
    '<input required size="3">',
  );
  assert.throws(() => html`<p ${attributes({ onclick: 'x()' })}></p>`, TypeError);
  assert.throws(() => html`<p ${attributes({ 'x y': 'z' })}></p>`, TypeError);
  assert.throws(() => html`<p ${'title=x'}></p>`, TypeError);
});

test('a template with a hole where no escape is safe fails at once', () => {
  const text = 'x';
  const markup = html`<b>x</b>`;
  for (const wrong of [
    () => html`<script>${text}</script>`,
    () => html`<style>${text}</style>`,
    () => html`<p title=${text}></p>`,
    () => html`<p title='${text}'></p>`,
    () => html`<p onclick="${text}"></p>`,
    () => html`<p style="${text}"></p>`,
    () => html`<${text}>`,
    () => html`<!-- ${text} -->`,
    () => html`<p ${text}="x"></p>`,
    () => html`<p title="${text}`,
    () => html`<p title="${markup}"></p>`,
    () => html`<p>1 < 2 ${text}</p>`,
  ]) {
    assert.throws(wrong, TypeError, String(wrong));
  }
});
