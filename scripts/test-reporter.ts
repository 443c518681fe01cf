/**
 * A reporter for node:test that says little: a dot for each test, each failure in full, and the counts into the file that
 * HUFU_TEST_COUNTS names. It runs in the tests' own process, so it can also say what was running when the suite's time was over.
 */
import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect, styleText } from 'node:util';

/** What the file holds, as JSON. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Milliseconds and titles of the slowest, slowest first. */
  readonly slowest: readonly (readonly [number, string])[];
  /** The first of those that failed, with their places. */
  readonly failures: readonly string[];
}

const DOTS_PER_LINE = 100;
const SLOWEST_KEPT = 5;
const FAILURES_KEPT = 20;
/** Tests that have ended with something still keeping the process alive will not end by themselves. */
const IDLE_MS = 15_000;

let passed = 0;
let failed = 0;
let skipped = 0;
let dots = 0;
const slowest: [number, string][] = [];
const failures: string[] = [];
const running = new Map<string, string>();
let idle: NodeJS.Timeout | undefined;

process.once('SIGTERM', () => {
  const titles = [...running.values()].slice(0, 10);
  fail(titles.length === 0 ? 'Ended while no test was running.' : `Ended while running: ${titles.join('; ')}`);
});

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) yield read(event);
  clearTimeout(idle);
  if (dots > 0) yield '\n';
  writeCounts();
}

function read(event: TestEvent): string {
  switch (event.type) {
    case 'test:enqueue':
      clearTimeout(idle);
      running.set(keyOf(event.data), event.data.name);
      return '';
    case 'test:complete':
      running.delete(keyOf(event.data));
      if (running.size === 0) idle = setTimeout(stayedAlive, IDLE_MS).unref();
      return '';
    case 'test:pass':
    case 'test:fail':
      return event.data.details.type === 'suite' && event.type === 'test:pass' ? '' : count(event);
    case 'test:stdout':
    case 'test:stderr':
      return event.data.message;
    default:
      return '';
  }
}

type Ended = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>;

function count({ type, data }: Ended): string {
  if (data.skip !== undefined || data.todo !== undefined) {
    skipped += 1;
    return dot('-');
  }
  if (type === 'test:pass') {
    // Node takes a file without tests for one that passed.
    if (data.file !== undefined && resolve(data.name) === data.file) {
      return describe(data, new Error('no test in this file'));
    }
    passed += 1;
    remember(data.details.duration_ms, data.name);
    return dot('.');
  }
  const error: Error & { failureType?: string } = data.details.error;
  // A parent fails with its child; the child has been counted.
  if (error.failureType === 'subtestsFailed') return '';
  return describe(data, error);
}

function dot(mark: string): string {
  dots += 1;
  return dots % DOTS_PER_LINE === 0 ? `${mark}\n` : mark;
}

function describe(data: Ended['data'], error: Error): string {
  dots = 0;
  const place = data.file === undefined ? '' : `${relative(process.cwd(), data.file)}:${data.line ?? 0}`;
  tell(`${data.name}  ${place}`);
  const reason = error.cause ?? error;
  const text = reason instanceof Error ? withoutNodeFrames(inspect(reason)) : String(reason);
  return `\n${styleText('red', `✖ ${data.name}`)}  ${styleText('dim', place)}\n${text.replace(/^/gm, '    ')}\n`;
}

function withoutNodeFrames(text: string): string {
  return text.replace(/\n\s+at [^\n]*node:internal[^\n]*/g, '');
}

function remember(milliseconds: number, title: string): void {
  if (slowest.length === SLOWEST_KEPT && milliseconds < (slowest.at(-1)?.[0] ?? 0)) return;
  slowest.push([milliseconds, title]);
  slowest.sort(([a], [b]) => b - a);
  slowest.length = Math.min(slowest.length, SLOWEST_KEPT);
}

function stayedAlive(): void {
  fail(`The tests have ended, but this keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`);
}

function tell(failure: string): void {
  failed += 1;
  if (failures.length < FAILURES_KEPT) failures.push(failure);
}

function fail(why: string): void {
  tell(why);
  process.stdout.write(`\n${styleText('red', `✖ ${why}`)}\n`);
  writeCounts();
  process.exit(1);
}

function keyOf(data: {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly nesting: number;
  readonly name: string;
}): string {
  return `${data.file} ${data.line} ${data.nesting} ${data.name}`;
}

function writeCounts(): void {
  const path = process.env.HUFU_TEST_COUNTS;
  if (path === undefined) return;
  const counts: TestCounts = { passed, failed, skipped, slowest, failures };
  writeFileSync(path, JSON.stringify(counts));
}
