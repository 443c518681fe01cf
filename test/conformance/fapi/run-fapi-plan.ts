import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Provider, startProvider } from '../suite/provider.ts';
import { keepResults, type Results } from '../suite/results.ts';
import { ScriptlessBrowser } from '../suite/scriptless-browser.ts';
import { CLIENT_CA, certificateOf, fapiYaml } from './clients.ts';
import { type Connections, startFapiRun } from './fapi-run.ts';
import { FAPI_MODULES } from './modules/registry.ts';
import { FAPI_PLANS, type FapiTest, fapiTestsOf } from './plans.ts';
import { fapiVariantName } from './variant.ts';

/** Registers a test for each module of a FAPI 2.0 plan in each of its variants, against a provider of the plan's own. */
export function runFapiPlan(id: string): void {
  const plan = FAPI_PLANS.find((one) => one.id === id);
  if (plan === undefined) throw new TypeError(`no plan ${id}`);
  const tests = fapiTestsOf(plan);
  const results: Results = {};
  describe(`conformance: ${plan.suiteName}`, () => {
    let provider: Provider;
    let connections: Connections;
    before(async () => {
      provider = await startProvider({ yaml: fapiYaml, clientCa: CLIENT_CA });
      connections = { first: provider.connectAs(certificateOf('first')), second: provider.connectAs(certificateOf('second')) };
    });
    after(async () => {
      connections.first.close();
      connections.second.close();
      await provider.stop();
      if (Object.keys(results).length === tests.length) keepResults(id, results);
    });
    for (const planned of tests) {
      const variant = fapiVariantName(planned.variant);
      test(`${id} [${variant}] / ${planned.module}`, async () => {
        const key = `${planned.module} | ${variant}`;
        results[key] = 'failed';
        await runModule(provider, connections, planned);
        results[key] = 'passed';
      });
    }
  });
}

async function runModule(provider: Provider, connections: Connections, { name, variant }: FapiTest): Promise<void> {
  const browser = new ScriptlessBrowser(provider.http);
  try {
    const fapi = await startFapiRun(provider, connections, variant, browser);
    await FAPI_MODULES[name](fapi);
    assert.deepEqual(fapi.run.outcome.warnings, [], 'the suite would warn');
  } finally {
    await browser.close();
  }
}
