/**
 * Which modules of the conformance suite have a test that passed: docs/conformance.md.
 *
 *   node scripts/conformance.ts           fails when a test of the plans has no row, or has not passed
 *   node scripts/conformance.ts --write   writes the file first, with what the last run of the tests has left
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CIBA_ID, CIBA_SUITE_NAME, CIBA_TESTS, cibaModuleName, cibaVariantName } from '../test/conformance/ciba-plan.ts';
import { FAPI_PLANS, fapiTestsOf } from '../test/conformance/fapi/plans.ts';
import { fapiVariantName } from '../test/conformance/fapi/variant.ts';
import { FAPI1_ID, FAPI1_SUITE_NAME, FAPI1_TESTS, fapi1ModuleName, fapi1VariantName } from '../test/conformance/fapi1-plan.ts';
import { PLANS, testsOf, variantName } from '../test/conformance/plans.ts';
import { keyOf, readTable, renderTable, type TablePlan, type TableResults } from './conformance-table.ts';

const root = dirname(import.meta.dirname);
const path = join(root, 'docs', 'conformance.md');
const plans: readonly TablePlan[] = [
  ...PLANS.map((plan) => ({
    id: plan.id,
    suiteName: plan.suiteName,
    tests: testsOf(plan).map(({ module, variant }) => ({ module, variant: variantName(variant) })),
  })),
  ...FAPI_PLANS.map((plan) => ({
    id: plan.id,
    suiteName: plan.suiteName,
    tests: fapiTestsOf(plan).map(({ module, variant }) => ({ module, variant: fapiVariantName(variant) })),
  })),
  {
    id: FAPI1_ID,
    suiteName: FAPI1_SUITE_NAME,
    tests: FAPI1_TESTS.map(({ name, variant }) => ({ module: fapi1ModuleName(name), variant: fapi1VariantName(variant) })),
  },
  {
    id: CIBA_ID,
    suiteName: CIBA_SUITE_NAME,
    tests: CIBA_TESTS.map(({ name, variant }) => ({ module: cibaModuleName(name), variant: cibaVariantName(variant) })),
  },
];

const known = existsSync(path) ? readFileSync(path, 'utf8') : '';
const write = process.argv.includes('--write');
const results: TableResults = new Map([...readTable(known), ...(write ? lastRun() : [])]);
const text = renderTable(plans, results);
if (write) writeFileSync(path, text);

const problems = plans.flatMap(({ id, tests }) =>
  tests.flatMap((test) => {
    const result = results.get(keyOf(id, test)) ?? 'not run';
    return result === 'passed' || result.startsWith('skipped:') ? [] : [`${id} [${test.variant}] / ${test.module}: ${result}`];
  }),
);
if (!write && text !== known) problems.push('docs/conformance.md is not current: npm test -- conformance, then npm run check -- --fix');
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** What the tests have left behind, of the plans that ran to their end. */
function lastRun(): readonly (readonly [string, string])[] {
  return globSync('.cache/conformance/*.json', { cwd: root }).flatMap((file) => {
    const found: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, file), 'utf8'));
    return Object.entries(found).map(([test, result]) => [`${basename(file, '.json')} | ${test}`, result] as const);
  });
}
