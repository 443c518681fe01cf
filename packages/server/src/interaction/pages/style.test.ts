import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ASSETS } from './assets.ts';
import { STYLESHEET, STYLESHEET_PATH } from './style.ts';

test('the stylesheet is named by its content and kept for ever', () => {
  const hash = createHash('sha256').update(STYLESHEET).digest('hex');
  assert.match(STYLESHEET_PATH, /^\/assets\/hufu\.[0-9a-f]{12}\.css$/);
  assert.ok(STYLESHEET_PATH.includes(hash.slice(0, 12)));
  assert.match(ASSETS.get(STYLESHEET_PATH)?.headers['cache-control'] ?? '', /immutable/);
});

test('the stylesheet loads nothing: no font, no image, no other sheet', () => {
  assert.doesNotMatch(STYLESHEET, /url\(|@import|@font-face|http/);
  assert.equal(STYLESHEET.split('{').length, STYLESHEET.split('}').length);
});

test('an icon opened as a document can do nothing', () => {
  const icon = ASSETS.get('/assets/mark.svg');
  assert.match(icon?.headers['content-security-policy'] ?? '', /default-src 'none'.*sandbox/);
  assert.equal(icon?.headers['x-content-type-options'], 'nosniff');
  assert.doesNotMatch(String(icon?.body), /<script|href|on\w+=/);
});

/** WCAG 2.2: 4.5 for text, 3 for what a control is recognised by. */
const PAIRS: readonly (readonly [string, string, number])[] = [
  ['ink', 'sheet', 7],
  ['ink', 'paper', 7],
  ['ink', 'wash', 7],
  ['title', 'paper', 4.5],
  ['title', 'sheet', 4.5],
  ['title', 'wash', 4.5],
  ['faded', 'sheet', 4.5],
  ['faded', 'paper', 4.5],
  ['faded', 'wash', 4.5],
  ['accent', 'sheet', 4.5],
  ['accent-strong', 'sheet', 4.5],
  ['on-accent', 'accent-fill', 4.5],
  ['on-accent', 'accent-strong', 4.5],
  ['on-destroy', 'destroy', 4.5],
  ['destroy', 'sheet', 4.5],
  ['field', 'sheet', 3],
  ['field', 'field-ground', 3],
  ['accent-fill', 'sheet', 3],
  ['bronze', 'wash', 3],
];

test('every colour can be read on what it stands on, by day and by night (WCAG 2.2 §1.4.3)', () => {
  const [day = '', night = ''] = [...STYLESHEET.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block);
  for (const block of [day, night]) {
    const colours = new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value ?? '']));
    for (const [front, ground, least] of PAIRS) {
      const ratio = contrast(colours.get(front) ?? '', colours.get(ground) ?? '');
      assert.ok(ratio >= least, `${front} on ${ground}: ${ratio.toFixed(2)}`);
    }
  }
});

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = Number.NaN, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
