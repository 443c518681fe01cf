import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../config/read-config.ts';
import { pngChunk, pngOf } from '../testing/png.ts';
import { accentOf, type Colour, contrast, readColour } from './accent.ts';
import { brandPartsOf } from './brand.ts';
import { readPng } from './png.ts';

const colours = fc.integer({ min: 0, max: 0xffffff }).map((number): Colour => `#${number.toString(16).padStart(6, '0')}`);

test('whatever the accent, it can be read by day and by night, and what is written on it too (WCAG 2.2 §1.4.3)', () => {
  fc.assert(
    fc.property(colours, (wanted) => {
      const { day, night } = accentOf(wanted);
      for (const ground of ['#f3eee4', '#fdfbf6', '#f3ede0'] as const)
        for (const colour of [day.colour, day.strong]) assert.ok(contrast(colour, ground) >= 4.5, `${colour} on ${ground}`);
      for (const ground of ['#100f0d', '#191714', '#24211c'] as const)
        for (const colour of [night.colour, night.strong]) assert.ok(contrast(colour, ground) >= 4.5, `${colour} on ${ground}`);
      for (const theme of [day, night]) {
        assert.ok(contrast(theme.on, theme.colour) >= 4.5 && contrast(theme.on, theme.strong) >= 4.5);
        assert.equal(theme.adapted, theme.colour !== wanted);
      }
    }),
    { numRuns: 500 },
  );
  assert.deepEqual([accentOf('#1f6a5c').day.colour, accentOf('#1f6a5c').day.adapted], ['#1f6a5c', false]);
});

test('a colour is #rrggbb or #rgb', () => {
  assert.deepEqual(['#AbCdEf', '#f0c', 'red', '#12345', '#1234567', 'rgb(0,0,0)', '#12345g', '#fff;}'].map(readColour), [
    '#abcdef',
    '#ff00cc',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a mark is a small PNG that stands still, and nothing hangs on behind it', () => {
  assert.equal(Object(readPng(pngOf(56, 28))).width, 56);
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['https://cdn.example/logo.png', /is not data:image\/png/],
    ['data:image/svg+xml;base64,PHN2Zy8+', /is not data:image\/png/],
    ['data:image/png;base64,PHN2Zy8+', /is no PNG/],
    [pngOf(2_000, 28), /pixels/],
    [pngOf(28, 0), /pixels/],
    [pngOf(28, 28, [pngChunk('acTL', Buffer.alloc(8))]), /moves/],
    [pngOf(28, 28, [], '<script>alert(1)</script>'), /no whole PNG/],
    [pngOf(28, 28).slice(0, 60), /no whole PNG/],
    [pngOf(28, 28, [pngChunk('tEXt', Buffer.alloc(40_000))]), /larger/],
  ];
  for (const [text, why] of wrong) assert.match(String(readPng(text)), why, text.slice(0, 60));
});

const read = (appearance: unknown) => readConfig({ text: JSON.stringify({ policies: { appearance } }), file: 'hufu.yaml', env: {} });

test('the start refuses an appearance that is markup, somebody else’s picture, or a link in a mail, and says where (attacks XSS-05)', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ name: 'x'.repeat(41) }, /policies\.appearance\.name: is longer than 40/],
    [{ name: 'Acme\u202e' }, /name: is not one line of plain text/],
    [{ mark: 'https://cdn.example/logo.svg' }, /mark: is not data:image\/png/],
    [{ accent: 'url(x)' }, /accent: is not a colour/],
    [{ terms: 'javascript:alert(1)' }, /terms: /],
    [{ support: 'http://intranet.example' }, /support: /],
    [{ note: { en: 'one\ntwo' } }, /note\.en: is not one line/],
    [{ note: { fr: 'non' } }, /note\.fr: unknown key/],
    [{ mails: { sign_in: { en: { closing: 'x' } } } }, /closing: unknown key/],
    [{ mails: { sign_in: { en: { lead: 'Open evil.example now' } } } }, /lead: has an address/],
    [{ mails: { sign_in: { en: { lead: 'Open {name}.example now' } } } }, /lead: has an address/],
    [{ mails: { sign_in: { en: { lead: 'Open evil.{name} now' } } } }, /lead: has an address/],
    [{ mails: { sign_in: { en: { subject: 'Hi {user}' } } } }, /subject: has \{user\}, which nothing stands for: there is \{name\}/],
    [{ mails: { sign_in: { en: { subject: 'Hi {name' } } } }, /subject: has \{/],
    [{ mails: { nothing: { en: { subject: 'x' } } } }, /mails\.nothing: unknown key/],
  ];
  for (const [appearance, why] of wrong) assert.throws(() => read(appearance), why, JSON.stringify(appearance));
});

test('a colour that can be read in neither theme is told at the start, with those that stand in for it', () => {
  const warningsOf = (accent: string): readonly string[] => read({ accent }).warnings.map(({ path, message }) => `${path} ${message}`);
  assert.match(
    warningsOf('#777777').join(),
    /policies\.appearance\.accent can be read neither by day nor by night: #[0-9a-f]{6} and #[0-9a-f]{6} stand in for it/,
  );
  assert.deepEqual([...warningsOf('#ffee00'), ...warningsOf('#1f6a5c')], []);
});

test('an appearance adds a picture and a few colours to what pages load, named by their content, and no more', () => {
  assert.deepEqual([...brandPartsOf({ note: {}, mails: {} }).assets], []);
  const { brand, assets } = brandPartsOf({ name: 'Acme', mark: pngOf(56, 28), accent: '#0044cc', note: {}, mails: {} });
  assert.deepEqual([...assets.keys()], [brand.markSrc, brand.stylesheet]);
  const [picture, sheet] = [...assets.values()];
  assert.equal(picture?.headers['content-type'], 'image/png');
  assert.match(picture?.headers['content-security-policy'] ?? '', /default-src 'none'; sandbox/);
  assert.match(
    String(sheet?.body),
    /^:root \{ --accent: #0044cc; --accent-fill: #0044cc; --accent-strong: #\w{6}; --on-accent: #fdfbf6; \}\n@media/,
  );
  assert.doesNotMatch(String(sheet?.body), /url\(|@import|http/);
});
