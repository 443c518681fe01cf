import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { en } from './en.ts';
import { enFirst } from './en-first.ts';
import { zhCn } from './zh-cn.ts';
import { zhCnFirst } from './zh-cn-first.ts';

const ENGLISH = { ...enFirst, ...en };
const CHINESE = { ...zhCnFirst, ...zhCn };

/** Every text by its key. */
function textsOf(value: unknown, path = ''): readonly (readonly [key: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(Object(value)).flatMap(([name, inner]) => textsOf(inner, path === '' ? name : `${path}.${name}`));
}

const holes = (text: string): readonly string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name).toSorted();

test('both languages have the same keys, each with a text, and with the same holes to fill', () => {
  const english = textsOf(ENGLISH);
  const chinese = new Map(textsOf(CHINESE));
  assert.ok(english.length > 250);
  assert.deepEqual(
    english.map(([key]) => key),
    [...chinese.keys()],
  );
  for (const [key, text] of english) {
    const other = chinese.get(key) ?? '';
    assert.ok(text.trim() !== '' && other.trim() !== '', key);
    assert.deepEqual(holes(other), holes(text), key);
  }
});

test('what is Chinese is written in Chinese: no sentence was left in English, and no half-width comma stands between its characters', () => {
  for (const [key, text] of textsOf(CHINESE)) {
    // A command is what it is in any language.
    assert.doesNotMatch(text.replaceAll(/“hufu [^”]*”/g, ''), /[a-z]{3,} [a-z]{2,} [a-z]{2,}/, key);
    assert.doesNotMatch(text, /[\u4e00-\u9fff][,;?!]|[,;?!][\u4e00-\u9fff]/, key);
  }
});

test('every text is one that some page shows: by its key, or by the beginning of it', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('i18n'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const unused = textsOf(ENGLISH)
    .map(([key]) => key.replace(/_(?:one|other|zero)$/, ''))
    .filter(
      (key) =>
        !sources.includes(`'${key}'`) &&
        !sources.includes(`"${key}"`) &&
        !sources.includes(`\`${key.slice(0, key.lastIndexOf('.') + 1)}\${`),
    );
  assert.deepEqual(unused, []);
});

test('the first page says nothing that is read later, and no section stands in both', () => {
  assert.deepEqual(
    Object.keys(en).filter((name) => Object.hasOwn(enFirst, name)),
    [],
  );
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const first = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /^(?:shell|dashboard)\/|^pages\/dashboard\.tsx$/.test(name) && !name.endsWith('.test.ts'),
  );
  assert.ok(first.length > 10);
  for (const name of first) {
    const source = readFileSync(join(folder, name), 'utf8');
    for (const [, section = ''] of source.matchAll(/\bt\(\s*['"`](\w+)\./g))
      assert.ok(Object.hasOwn(enFirst, section), `${name}: ${section}`);
  }
});
