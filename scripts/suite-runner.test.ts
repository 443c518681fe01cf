/** The runner of the suites, seen to notice every way in which tests can fail: what it overlooks, nobody sees. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly output: string;
}

const directory = mkdtempSync(join(tmpdir(), 'hufu-runner-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('what passed, failed and was skipped is counted, each once', async () => {
  const { passed, failed, skipped, failures, output } = await runSuite(`
    test('a', () => {});
    test('b', { skip: true }, () => {});
    test.todo('c');
    describe('d', () => { test('e', () => {}); test('f', () => { throw new Error('boom'); }); });
  `);
  assert.deepEqual([passed, failed, skipped], [2, 1, 2]);
  assert.match(output, /✖ f .*suite\.test\.ts:6\n +Error: boom/);
  assert.match(failures.join('\n'), /^f {2}.*suite\.test\.ts:6$/);
});

test('a passing suite says nothing but dots', async () => {
  const { passed, failed, output } = await runSuite(`test('a', () => {}); test('b', () => {});`);
  assert.deepEqual([passed, failed], [2, 0]);
  assert.match(output, /^\nsuite: 1 file\n\.\.\nsuite: 2 tests in [0-9.]+ s\n$/);
});

test('processes that share the files of a suite are counted together, also where one of them says nothing', async () => {
  const texts = [`test('a', () => {}); test('b', () => {});`, `test('c', () => {});`];
  const { passed, failed, output } = await runSuite(texts);
  assert.deepEqual([passed, failed], [3, 0]);
  assert.match(output, /^\nsuite: 2 files\n[.\n]+suite: 3 tests in [0-9.]+ s\n$/);
  const ended = await runSuite([texts[0] ?? '', `test('d', () => process.exit(0));`]);
  assert.deepEqual([ended.passed, ended.failed], [2, 1]);
});

test('a file that cannot be loaded is a failure', async () => {
  assert.equal((await runSuite(`import './missing.ts'; test('a', () => {});`)).failed, 1);
});

test('a suite that ends itself is a failure', async () => {
  assert.equal((await runSuite(`test('a', () => process.exit(0));`)).failed, 1);
});

test('an error after the tests is a failure', async () => {
  assert.equal((await runSuite(`test('a', () => {}); process.on('exit', () => { process.exitCode = 3; });`)).failed, 1);
});

test('a file without tests is a failure', async () => {
  assert.equal((await runSuite('')).failed, 1);
});

test('a hook that fails is a failure', async () => {
  assert.equal((await runSuite(`describe('a', () => { after(() => { throw new Error('boom'); }); test('b', () => {}); });`)).failed, 1);
});

test('a suite that is not done in time is ended and a failure, and says what was running', async () => {
  const { failed, output } = await runSuite(`test('never ends', () => new Promise(() => { setInterval(() => {}, 1000); }));`, 1);
  assert.equal(failed, 1);
  assert.match(output, /suite: not done after 1 s\n\n✖ Ended while running: never ends/);
});

test('what a suite leaves running is ended with it', { skip: process.platform === 'win32' }, async () => {
  const started = `const child = spawn('sleep', ['30'], { stdio: 'ignore' }); child.unref(); writeFileSync(process.env.TMPDIR + '/../../pid', String(child.pid));`;
  await runSuite(`test('a', () => { ${started} });`);
  // A process that has ended may wait for its new parent to read its exit code: it no longer sleeps then.
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', readFileSync(join(directory, 'pid'), 'utf8')]).catch(() => ({
    stdout: '',
  }));
  assert.match(stdout, /^(?:Z.*)?\s*$/);
});

/** Runs the text, or each of several in a process of its own, as a suite in a process of its own, because the runner writes to standard output. */
async function runSuite(text: string | readonly string[], limitSeconds = 20): Promise<Result> {
  const folder = join(directory, 'tests');
  mkdirSync(folder, { recursive: true });
  const imports = `import { after, describe, test } from 'node:test'; import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';`;
  const files = [text].flat().map((body, index) => {
    const file = join(folder, `${index === 0 ? '' : `${index}-`}suite.test.ts`);
    writeFileSync(file, `${imports}\n${body}\nvoid [after, describe, test, spawn, writeFileSync];\n`);
    return file;
  });
  const suite = { name: 'suite', files, budgetSeconds: 60, limitSeconds, processes: files.length };
  const script = `
    import { SuiteRunner } from ${JSON.stringify(join(import.meta.dirname, 'suite-runner.ts'))};
    const counts = await new SuiteRunner(${JSON.stringify(folder)}, ${JSON.stringify(directory)}).run(${JSON.stringify(suite)}, process.execPath, {});
    process.stdout.write('\\0' + JSON.stringify(counts));
  `;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...env, NO_COLOR: '1' },
  });
  const [output = '', counts = '{}'] = stdout.split('\0');
  return { ...JSON.parse(counts), output };
}
