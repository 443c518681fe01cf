/**
 * `npm test`: every suite in order, one process each, never two at once; what a suite needs is provided before it.
 *
 *   npm test -- [names or paths] [--only name-or-path]… [--long] [--node 24]
 *
 * Names: unit, scripts, the folders of test/, examples, bench, node-24 (the unit suite again on Node 24). Ends with one line
 * `N passed, N failed, N skipped`; anything failed, or nothing run, is exit code 1.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureNode } from './provision/node.mjs';
import { Services } from './services.ts';
import { SuiteRunner } from './suite-runner.ts';
import { findSuites, type Suite } from './suites.ts';

const root = dirname(import.meta.dirname);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', multiple: true }, long: { type: 'boolean', default: false }, node: { type: 'string' } },
});

const log = (line: string): boolean => process.stdout.write(`${line}\n`);
const directory = mkdtempSync(join(tmpdir(), 'hufu-test-'));
// PostgreSQL runs as a user of its own, who has to get in.
chmodSync(directory, 0o711);
const services = new Services(root, directory, log);
const runner = new SuiteRunner(root, directory);

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    runner.end();
  });
}

const total = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
try {
  for (const suite of suitesToRun()) {
    if (interrupted) break;
    const counts = await runSuite(suite).catch((error: unknown) => {
      log(`${suite.name}: ${error instanceof Error ? error.message : String(error)}`);
      return { passed: 0, failed: 1, skipped: 0, failures: ['could not be run'] };
    });
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    failures.push(...counts.failures.map((failure) => `${suite.name}: ${failure}`));
  }
} finally {
  await services.stop();
  rmSync(directory, { recursive: true, force: true });
}

// Again at the end, where whoever sees no more than that finds them.
if (failures.length > 0) log(`\nfailed:\n${failures.map((failure) => `  ✖ ${failure}`).join('\n')}`);
if (interrupted) log('interrupted');
if (total.passed + total.failed === 0) log('no test ran');
log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = interrupted ? 130 : total.failed > 0 || total.passed === 0 ? 1 : 0;

function suitesToRun(): readonly Suite[] {
  const suites = findSuites(root, [...(values.only ?? []), ...positionals], { long: values.long });
  const major = values.node;
  // A Node that is asked for is for everything, once.
  return major === undefined
    ? suites
    : suites.filter((suite) => suite.nodeMajor === undefined).map((suite) => ({ ...suite, nodeMajor: major }));
}

async function runSuite(suite: Suite): ReturnType<SuiteRunner['run']> {
  const node = suite.nodeMajor === undefined ? process.execPath : await ensureNode(root, suite.nodeMajor, log);
  const provided = await services.provide(suite.files);
  if (interrupted) return { passed: 0, failed: 0, skipped: 0, failures: [] };
  return runner.run(suite, node, { ...provided, ...(values.long ? { HUFU_LONG: '1' } : {}) });
}
