import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigNode, findValue, type Json, toJson } from './node.ts';
import { Problems, renderProblems } from './problem.ts';
import { readDocument } from './read-document.ts';

function read(text: string): {
  readonly value: Json | undefined;
  readonly root: ConfigNode | undefined;
  readonly problems: readonly string[];
} {
  const problems = new Problems();
  const root = readDocument(text, 'f', problems);
  return {
    root,
    value: root && toJson(root),
    problems: problems
      .sorted()
      .map(({ line, column, path, message, found }) => `${line}:${column} ${path}: ${message}${found === '' ? '' : ` (${found})`}`),
  };
}

test('YAML 1.2 core: only true, false, null and numbers are anything but text', () => {
  assert.deepEqual(read('[off, yes, True, 2030-01-01, 0o17, 017, 1e3, .5, ~, 12:30]').value, [
    'off',
    'yes',
    true,
    '2030-01-01',
    15,
    17,
    1000,
    0.5,
    null,
    '12:30',
  ]);
  assert.deepEqual(read('{"a": [1, "x", null, true]}').value, { a: [1, 'x', null, true] });
});

test('an empty document is an empty mapping', () => {
  for (const text of ['', ' \n', '# only this', '---\n']) assert.ok(['{}', 'null'].includes(JSON.stringify(read(text).value)), text);
  assert.deepEqual(read('').value, {});
});

test('a key comes once, however it is written', () => {
  assert.deepEqual(read('a: 1\nb:\n  c: 1\n  "c": 2\na: 2').problems, [
    '4:3 b.c: is here twice (first in line 3) (c)',
    '5:1 a: is here twice (first in line 1) (a)',
  ]);
  assert.deepEqual(read('{"a": 1, "\\u0061": 2}').problems, ['1:10 a: is here twice (first in line 1) (a)']);
});

test('a key is text; a number counts as its text', () => {
  assert.deepEqual(read('[1]: 2').problems, ['1:1 : a key must be text']);
  assert.match(read('? { a: 1 }\n: 2').problems[0] ?? '', /a key must be text$/);
  assert.deepEqual(read('~: 2').problems, ['1:1 : a key must be text']);
  assert.deepEqual(read('01: 2').value, { '01': 2 });
});

test('a prototype cannot be set', () => {
  const { value } = read('__proto__: { a: 1 }\nconstructor: 2');
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value ?? {}), ['__proto__', 'constructor']);
});

test('there is one document', () => {
  assert.deepEqual(read('a: 1\n---\nb: 2').problems, ['2:1 : a second document starts here; a configuration is one document']);
  assert.deepEqual(read('---\na: 1\n...\n').value, { a: 1 });
});

test('an alias stands for what its anchor has, with the place of the anchor', () => {
  const { value, root } = read('a: &x [1, 2]\nb: *x\n');
  assert.deepEqual(value, { a: [1, 2], b: [1, 2] });
  assert.deepEqual(findValue(root, 'b')?.place, { file: 'f', line: 1, column: 7 });
});

test('an alias without an anchor before it is a problem, also inside the anchor itself', () => {
  assert.deepEqual(read('a: *x').problems, ['1:4 a: no anchor of this name stands before it (x)']);
  assert.deepEqual(read('a: &x [*x]').problems, ['1:8 a[0]: no anchor of this name stands before it (x)']);
});

test('aliases are bounded, in number and in what they expand to', () => {
  const many = `a: &x 1\nb: [${Array.from({ length: 101 }, () => '*x').join(', ')}]`;
  assert.deepEqual(read(many).problems, ['2:405 b[100]: more than 100 aliases']);
  const letters = Array.from('abcdefghij');
  const laughs = letters.map(
    (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => (index === 0 ? '1' : `*${letters[index - 1]}`)).join(', ')}]`,
  );
  assert.deepEqual(read(laughs.join('\n')).problems, ['1:1 : the document has more than 200000 values, aliases expanded']);
});

test('merge keys, other versions of YAML and unknown tags are not there', () => {
  assert.deepEqual(read('<<: { a: 1 }').value, { '<<': { a: 1 } });
  assert.deepEqual(read('%YAML 1.1\n---\na: off').problems, ['1:1 : this is YAML 1.2 (%YAML 1.1)']);
  assert.deepEqual(read('a: !env X').problems, ['1:4 : a tag (!…) of no known meaning']);
  assert.deepEqual(read('a: !!str 5').value, { a: '5' });
});

test('nesting and size are bounded', () => {
  assert.deepEqual(read('['.repeat(5000)).problems.length, 1);
  assert.match(read('['.repeat(5000)).problems[0] ?? '', /nested too deeply$/);
  assert.match(read(`${'['.repeat(66)}${']'.repeat(66)}`).problems[0] ?? '', /nested more than 64 deep$/);
  assert.deepEqual(read(`a: ${'x'.repeat(1024 * 1024)}`).problems, [`1:1 : the document is larger than 1 MiB (${1024 * 1024 + 3} bytes)`]);
  assert.deepEqual(read(`# ${'é'.repeat(524_287)}`).value, {});
});

test('columns are those of an editor: a byte order mark and line ends of two characters do not count', () => {
  assert.deepEqual(read('\ufeffa: *x').problems, ['1:4 a: no anchor of this name stands before it (x)']);
  assert.deepEqual(read('a: 1\r\nb:\r\n  - *x\r\n').problems, ['3:5 b[0]: no anchor of this name stands before it (x)']);
});

test('a syntax error is told in our words, which never quote the text', () => {
  const secret = 'hunter2';
  const texts = [
    `a: "x" ${secret}`,
    `a: b: ${secret}`,
    `a: [${secret}`,
    `a: @${secret}`,
    `a: "\\q${secret}"`,
    `\ta: ${secret}`,
    `a: |\n  x\n b: ${secret}`,
    `%${secret}\n---\na: 1`,
    `a: !${secret} 1`,
    `a: 'x\n${secret}`,
  ];
  for (const text of texts) {
    const problems = new Problems();
    assert.equal(readDocument(text, 'f', problems), undefined, text);
    assert.ok(problems.count > 0, text);
    assert.doesNotMatch(renderProblems(problems.sorted()), /hunter2/, text);
  }
});
