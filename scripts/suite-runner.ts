/** Runs one suite as one process of node:test, or as several that share its files, within its time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from './suites.ts';
import type { TestCounts } from './test-reporter.ts';

const GRACE_MS = 5_000;
const SLOWEST_SAID = 5;
/** A group of its own lets us end a suite with whatever its tests have started. */
const OWN_GROUP = process.platform !== 'win32';

export class SuiteRunner {
  readonly #root: string;
  readonly #directory: string;
  readonly #running = new Set<ChildProcess>();

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
    const late = setTimeout(() => {
      process.stdout.write(`\n${suite.name}: not done after ${suite.limitSeconds} s\n`);
      this.end();
    }, suite.limitSeconds * 1000);
    const ended = await Promise.all(
      shares(suite).map(async (files, index) => {
        const place = join(this.#directory, suite.name, String(index));
        const countsPath = join(place, 'counts.json');
        mkdirSync(place, { recursive: true });
        rmSync(countsPath, { force: true });
        const code = await this.#execute(files, node, { ...variables, HUFU_TEST_COUNTS: countsPath, TMPDIR: place });
        return { code, counts: readCounts(countsPath) };
      }),
    ).finally(() => clearTimeout(late));
    const seconds = (performance.now() - started) / 1000;
    const counts = sum(ended.flatMap((share) => share.counts ?? []));
    const silent = ended.find((share) => share.counts === undefined);
    if (silent !== undefined) return failedAs(`ended without a result (${silent.code}) after ${seconds.toFixed(1)} s`);
    const tests = counts.passed + counts.failed;
    process.stdout.write(
      `${suite.name}: ${tests} ${tests === 1 ? 'test' : 'tests'}${counts.failed === 0 ? '' : `, ${counts.failed} of them failed`} in ${seconds.toFixed(1)} s\n`,
    );
    if (seconds > suite.budgetSeconds) process.stdout.write(overBudget(suite, counts));
    if (tests === 0) return failedAs('has files without tests');
    const code = ended.find((share) => share.code !== 0)?.code;
    return code !== undefined && counts.failed === 0 ? failedAs(`exit code ${code} although no test failed`) : counts;

    function failedAs(why: string): Omit<TestCounts, 'slowest'> {
      process.stdout.write(`${suite.name}: ${why}\n`);
      return { ...counts, failed: counts.failed + 1, failures: [...counts.failures, why] };
    }
  }

  /** Ends the suite that is running, if any, with all that it has started. */
  end(): void {
    for (const child of this.#running) {
      signal(child, 'SIGTERM');
      setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS).unref();
    }
  }

  async #execute(files: readonly string[], node: string, variables: Readonly<Record<string, string>>): Promise<number | NodeJS.Signals> {
    const options = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--test', '--test-isolation=none'];
    const reporter = [`--test-reporter=${join(import.meta.dirname, 'test-reporter.ts')}`, '--test-reporter-destination=stdout'];
    const child = spawn(node, [...options, ...reporter, ...files], {
      cwd: this.#root,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: OWN_GROUP,
    });
    this.#running.add(child);
    try {
      const [code, endedBy]: (number | NodeJS.Signals)[] = await once(child, 'exit');
      return code ?? endedBy ?? 1;
    } finally {
      this.#running.delete(child);
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

/** Neighbours go to different processes: what takes long stands together. */
function shares({ files, processes }: Suite): readonly (readonly string[])[] {
  return Array.from({ length: processes }, (_, share) => files.filter((_file, index) => index % processes === share));
}

function sum(counts: readonly TestCounts[]): TestCounts {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
    skipped: counts.reduce((total, { skipped }) => total + skipped, 0),
    slowest: counts
      .flatMap(({ slowest }) => slowest)
      .toSorted(([a], [b]) => b - a)
      .slice(0, SLOWEST_SAID),
    failures: counts.flatMap(({ failures }) => failures),
  };
}

function readCounts(path: string): TestCounts | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function overBudget(suite: Suite, counts: TestCounts): string {
  const slowest = counts.slowest.map(([milliseconds, title]) => `  ${Math.round(milliseconds)} ms  ${title}\n`);
  return `${suite.name}: over its budget of ${suite.budgetSeconds} s; the slowest:\n${slowest.join('')}`;
}
