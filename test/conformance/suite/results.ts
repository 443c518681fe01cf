import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a test of a plan ended: `skipped: why` where the suite itself would leave the module. */
export type Results = Record<string, string>;

const CACHE = join(import.meta.dirname, '..', '..', '..', '.cache', 'conformance');

/** Keeps what a plan came to, for the table in docs/. */
export function keepResults(plan: string, results: Results): void {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, `${plan}.json`), `${JSON.stringify(results, undefined, 2)}\n`);
}
