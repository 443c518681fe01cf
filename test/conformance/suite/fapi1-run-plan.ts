import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CLIENTS_CA, type FapiAuth, type FapiClient, fapiClient } from './fapi1-clients.ts';
import type { FapiRun } from './fapi1-run.ts';
import { ModuleRun } from './module-run.ts';
import { type Provider, STATIC_BASE, startProvider } from './provider.ts';
import { ScriptlessBrowser } from './scriptless-browser.ts';

/** A module of a FAPI plan in one variant, as it is to be run. */
export interface FapiTest {
  /** The suite's name. */
  readonly module: string;
  readonly variant: string;
  readonly auth: FapiAuth;
  /** What tells the variant's clients from the others. */
  readonly kind: string;
  readonly does: (bench: FapiRun) => Promise<void>;
}

export interface FapiPlan {
  readonly id: string;
  readonly suiteName: string;
  readonly tests: readonly FapiTest[];
  /** hufu.yaml. @param base where the clients' addresses begin */
  readonly yaml: (base: string) => string;
}

const CACHE = join(import.meta.dirname, '..', '..', '..', '.cache', 'conformance');

/** Registers a test for each module of a FAPI plan in each of its variants, against a provider of the plan's own. */
export function runFapiPlan({ id, suiteName, tests, yaml }: FapiPlan): void {
  const results: Record<string, string> = {};
  describe(`conformance: ${suiteName}`, () => {
    let provider: Provider;
    let mutual: FapiRun['mutual'];
    before(async () => {
      provider = await startProvider({ yaml, clientCa: CLIENTS_CA });
      const { first, second } = clientsOf(provider, 'private_key_jwt', '');
      mutual = { first: provider.connectAs(first.certificate), second: provider.connectAs(second.certificate) };
    });
    after(async () => {
      mutual.first.close();
      mutual.second.close();
      await provider.stop();
      if (Object.keys(results).length === tests.length) keep(id, results);
    });
    for (const { module, variant, auth, kind, does } of tests) {
      test(`${id} [${variant}] / ${module}`, async () => {
        const key = `${module} | ${variant}`;
        results[key] = 'failed';
        const browser = new ScriptlessBrowser(provider.http);
        const shape = {
          responseType: 'code',
          responseMode: 'default',
          registration: 'static',
          clientAuth: 'private_key_jwt',
          browser: 'scriptless',
        } as const;
        const run = await ModuleRun.start(provider, shape, browser);
        await does({ run, clients: clientsOf(provider, auth, kind), mutual });
        assert.deepEqual(run.outcome.warnings, [], 'the suite would warn');
        results[key] = 'passed';
      });
    }
  });
}

function clientsOf({ site }: Provider, auth: FapiAuth, kind: string): Readonly<Record<'first' | 'second', FapiClient>> {
  const base = site.origin + STATIC_BASE;
  return { first: fapiClient(base, auth, kind, 'first'), second: fapiClient(base, auth, kind, 'second') };
}

/** For the table in docs/. */
function keep(id: string, results: Readonly<Record<string, string>>): void {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, `${id}.json`), `${JSON.stringify(results, undefined, 2)}\n`);
}
