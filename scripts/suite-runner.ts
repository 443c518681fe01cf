/** Runs one suite as one process of node:test, within its time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from './suites.ts';
import type { TestCounts } from './test-reporter.ts';

const GRACE_MS = 5_000;
/** A group of its own lets us end a suite with whatever its tests have started. */
const OWN_GROUP = process.platform !== 'win32';

export class SuiteRunner {
  readonly #root: string;
  readonly #directory: string;
  #current: ChildProcess | undefined;

  /** @param directory the run's temporary folder; the tests' own temporary files go there too */
  constructor(root: string, directory: string) {
    this.#root = root;
    this.#directory = directory;
  }

  /**
   * @param node path of the Node to run on
   * @param variables for its environment
   * @returns the counts; a suite that ends without any, or fails after counting none, counts as one failure
   */
  async run(suite: Suite, node: string, variables: Readonly<Record<string, string>>): Promise<Omit<TestCounts, 'slowest'>> {
    const started = performance.now();
    process.stdout.write(
      `\n${suite.name}: ${suite.files.length} ${suite.files.length === 1 ? 'file' : 'files'}${suite.nodeMajor === undefined ? '' : `, Node ${suite.nodeMajor}`}\n`,
    );
    const temporary = join(this.#directory, suite.name);
    const countsPath = join(this.#directory, 'counts.json');
    mkdirSync(temporary, { recursive: true });
    rmSync(countsPath, { force: true });
    const code = await this.#execute(suite, node, { ...variables, HUFU_TEST_COUNTS: countsPath, TMPDIR: temporary });
    const seconds = (performance.now() - started) / 1000;
    const counts = readCounts(countsPath);
    if (counts === undefined) {
      return failedAs(`ended without a result (${code}) after ${seconds.toFixed(1)} s`);
    }
    const tests = counts.passed + counts.failed;
    process.stdout.write(
      `${suite.name}: ${tests} ${tests === 1 ? 'test' : 'tests'}${counts.failed === 0 ? '' : `, ${counts.failed} of them failed`} in ${seconds.toFixed(1)} s\n`,
    );
    if (seconds > suite.budgetSeconds) process.stdout.write(overBudget(suite, counts));
    if (tests === 0) return failedAs('has files without tests');
    return code !== 0 && counts.failed === 0 ? failedAs(`exit code ${code} although no test failed`) : counts;

    function failedAs(why: string): Omit<TestCounts, 'slowest'> {
      process.stdout.write(`${suite.name}: ${why}\n`);
      return { passed: counts?.passed ?? 0, failed: 1, skipped: counts?.skipped ?? 0, failures: [why] };
    }
  }

  /** Ends the suite that is running, if any, with its children. */
  end(): void {
    const child = this.#current;
    if (child === undefined) return;
    signal(child, 'SIGTERM');
    setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS).unref();
  }

  async #execute(suite: Suite, node: string, variables: Readonly<Record<string, string>>): Promise<number | NodeJS.Signals> {
    const options = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--test', '--test-isolation=none'];
    const reporter = [`--test-reporter=${join(import.meta.dirname, 'test-reporter.ts')}`, '--test-reporter-destination=stdout'];
    const child = spawn(node, [...options, ...reporter, ...suite.files], {
      cwd: this.#root,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: OWN_GROUP,
    });
    this.#current = child;
    const late = setTimeout(() => {
      process.stdout.write(`\n${suite.name}: not done after ${suite.limitSeconds} s\n`);
      this.end();
    }, suite.limitSeconds * 1000);
    try {
      const [code, endedBy]: (number | NodeJS.Signals)[] = await once(child, 'exit');
      return code ?? endedBy ?? 1;
    } finally {
      clearTimeout(late);
      this.#current = undefined;
      // What its tests have left running.
      signal(child, 'SIGKILL');
    }
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(OWN_GROUP ? -child.pid : child.pid, name);
  } catch {
    // It is gone.
  }
}

function readCounts(path: string): TestCounts | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function overBudget(suite: Suite, counts: TestCounts): string {
  const slowest = counts.slowest.map(([milliseconds, title]) => `  ${Math.round(milliseconds)} ms  ${title}\n`);
  return `${suite.name}: over its budget of ${suite.budgetSeconds} s; the slowest:\n${slowest.join('')}`;
}
