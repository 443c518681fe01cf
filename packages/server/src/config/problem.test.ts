import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath, quote } from './path.ts';
import { type Problem, Problems, renderProblem, renderProblems } from './problem.ts';

const problem = (more: Partial<Problem> = {}): Problem => ({
  file: 'f',
  line: 1,
  column: 1,
  path: '',
  message: 'm',
  found: '',
  allowed: [],
  suggestion: undefined,
  ...more,
});

test('a problem shows its place, what was found, what is allowed and what was meant', () => {
  assert.equal(renderProblem(problem()), 'f:1:1  m');
  assert.equal(renderProblem(problem({ line: 0, column: 0 })), 'f  m');
  assert.equal(
    renderProblem(problem({ line: 14, column: 5, path: 'a[0].b', found: 'x', allowed: ['y', 'z'], suggestion: 'y' })),
    'f:14:5  a[0].b: m\n    found: x    allowed: y, z    did you mean y?',
  );
  assert.match(renderProblem(problem({ allowed: Array.from({ length: 25 }, (_, index) => `k${index}`) })), / k23, …$/);
});

test('problems are sorted by line and column, and bounded', () => {
  const problems = new Problems();
  for (const [line, column] of [
    [2, 1],
    [1, 9],
    [1, 2],
    [0, 0],
  ] as const)
    problems.add(problem({ line, column }));
  assert.deepEqual(
    problems.sorted().map(({ line, column }) => [line, column]),
    [
      [0, 0],
      [1, 2],
      [1, 9],
      [2, 1],
    ],
  );
  for (let index = 0; index < 2000; index++) problems.add(problem());
  assert.equal(problems.count, 1000);
  assert.match(renderProblems(problems.sorted()), /\n… and 950 more$/);
});

test('a path is as one would write it', () => {
  assert.equal(formatPath(['clients', 0, 'hufu', 'x']), 'clients[0].hufu.x');
  assert.equal(formatPath(['a b', 'c.d', 'client_name#zh-CN']), '["a b"]["c.d"].client_name#zh-CN');
});

test('what is quoted cannot act on a terminal, and is cut between characters', () => {
  assert.equal(quote('a\u001b[2J\u202e\u2028\u0085"\n', 80), '"a\\u001b[2J\\u{202e}\\u{2028}\\u{85}\\"\\n"');
  assert.equal(quote('虎'.repeat(3), 2), '"虎虎…"');
  assert.equal(quote('😀😀😀', 2), '"😀😀…"');
});
