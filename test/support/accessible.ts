import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Rules that any page of ours meets: fewer, and there was no page to look at. */
const LEAST_PASSED = 10;

/** axe finds nothing at all on the page as it stands. */
export async function assertAccessible(page: Page, name: string, options: RunOptions = {}): Promise<void> {
  await page.evaluate(AXE);
  const run = (asked: RunOptions) => (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run(asked);
  const { violations, passes } = await page.evaluate(run, options);
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`),
    [],
    name,
  );
  assert.ok(passes.length >= LEAST_PASSED, `${name}: axe saw hardly anything`);
}
