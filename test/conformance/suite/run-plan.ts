import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MODULES } from '../modules/registry.ts';
import { PLANS, type PlannedTest, testsOf, variantName } from '../plans.ts';
import type { Browser } from './browser.ts';
import { type Chromium, ChromiumBrowser, launchChromium } from './chromium-browser.ts';
import { ModuleRun } from './module-run.ts';
import { type Provider, startProvider } from './provider.ts';
import { deleteRegistered } from './registration.ts';
import { keepResults, type Results } from './results.ts';
import { ScriptlessBrowser } from './scriptless-browser.ts';

/** Registers a test for each module of a plan in each of its variants, against a provider of the plan's own. */
export function runPlan(id: string): void {
  const plan = PLANS.find((one) => one.id === id);
  if (plan === undefined) throw new TypeError(`no plan ${id}`);
  const tests = testsOf(plan);
  const results: Results = {};
  describe(`conformance: ${plan.suiteName}`, () => {
    let provider: Provider;
    let chromium: Chromium | undefined;
    before(async () => {
      provider = await startProvider();
      if (tests.some(({ variant }) => variant.browser === 'chromium')) chromium = await launchChromium();
    });
    after(async () => {
      await chromium?.close();
      await provider.stop();
      if (Object.keys(results).length === tests.length) keepResults(id, results);
    });
    for (const planned of tests) {
      const { module, variant } = planned;
      test(`${id} [${variantName(variant)}] / ${module}`, async () => {
        const key = `${module} | ${variantName(variant)}`;
        results[key] = 'failed';
        const skipped = await runModule(provider, chromium, planned);
        results[key] = skipped === undefined ? 'passed' : `skipped: ${skipped}`;
      });
    }
  });
}

/** @returns why the suite would leave it, where it would */
async function runModule(
  provider: Provider,
  chromium: Chromium | undefined,
  { module, variant }: PlannedTest,
): Promise<string | undefined> {
  const browser: Browser =
    variant.browser === 'chromium' && chromium !== undefined ? await ChromiumBrowser.open(chromium) : new ScriptlessBrowser(provider.http);
  try {
    const run = await ModuleRun.start(provider, variant, browser);
    await MODULES[module](run);
    await deleteRegistered(run);
    const { warnings, skipped } = run.outcome;
    assert.deepEqual(warnings, [], 'the suite would warn');
    return skipped;
  } finally {
    await browser.close();
  }
}
