import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CIBA_ID, CIBA_TESTS, cibaVariantName } from './ciba-plan.ts';
import { FAPI_PLANS, fapiTestsOf } from './fapi/plans.ts';
import type { FapiVariant } from './fapi/variant.ts';
import { FAPI1_ID, FAPI1_TESTS, fapi1VariantName } from './fapi1-plan.ts';
import { MODULES } from './modules/registry.ts';
import { PLANS, testsOf } from './plans.ts';
import type { Variant } from './suite/variant.ts';

describe('conformance: the plans', () => {
  /** How many modules the suite itself counts. */
  const COUNTS: readonly (readonly [plan: string, registration: Variant['registration'], modules: number])[] = [
    ['basic', 'dynamic', 38],
    ['basic', 'static', 35],
    ['implicit', 'dynamic', 58],
    ['implicit', 'static', 54],
    ['hybrid', 'dynamic', 102],
    ['hybrid', 'static', 96],
    ['form-post-basic', 'dynamic', 38],
    ['form-post-implicit', 'dynamic', 58],
    ['form-post-hybrid', 'dynamic', 102],
    ['config', 'static', 1],
    ['third-party-initiated-login', 'dynamic', 2 * 6],
    ['rp-initiated-logout', 'dynamic', 11 * 3],
    ['rp-initiated-logout', 'static', 11 * 3],
    ['front-channel-logout', 'dynamic', 2 * 3],
    ['back-channel-logout', 'dynamic', 2 * 3],
    ['session-management', 'dynamic', 2 * 3],
  ];
  for (const [id, registration, modules] of COUNTS) {
    test(`${id} has ${modules} modules with a ${registration} client`, () => {
      const plan = PLANS.find((one) => one.id === id);
      const tests = plan === undefined ? [] : testsOf(plan).filter(({ variant }) => variant.registration === registration);
      const runs = new Set(tests.map(({ module, variant }) => `${module} ${variant.responseType}`));
      assert.equal(runs.size, modules);
    });
  }

  test('dynamic has 23 modules with a code, and what is left of them without', () => {
    const plan = PLANS.find(({ id }) => id === 'dynamic');
    assert.ok(plan !== undefined);
    const counts = new Map<string, number>();
    for (const { variant } of testsOf(plan)) counts.set(variant.responseType, (counts.get(variant.responseType) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(counts), {
      code: 23,
      id_token: 18,
      'id_token token': 19,
      'code id_token': 22,
      'code token': 23,
      'code id_token token': 22,
    });
  });

  test('FAPI 1 Advanced and FAPI-CIBA have as many modules in each variant as the suite counts', () => {
    const counts = (names: readonly string[]): Readonly<Record<string, number>> => {
      const found = new Map<string, number>();
      for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
      return Object.fromEntries(found);
    };
    assert.deepEqual(counts(FAPI1_TESTS.map(({ variant }) => fapi1VariantName(variant))), {
      'private_key_jwt, by_value, plain': 45,
      'private_key_jwt, by_value, jarm': 45,
      'private_key_jwt, pushed, plain': 63,
      'private_key_jwt, pushed, jarm': 63,
      'mtls, by_value, plain': 36,
      'mtls, by_value, jarm': 36,
      'mtls, pushed, plain': 49,
      'mtls, pushed, jarm': 49,
    });
    assert.deepEqual(counts(CIBA_TESTS.map(({ variant }) => cibaVariantName(variant))), {
      'private_key_jwt, poll': 35,
      'private_key_jwt, ping': 40,
      'mtls, poll': 33,
      'mtls, ping': 38,
    });
    for (const id of [FAPI1_ID, CIBA_ID]) assert.ok(existsSync(join(import.meta.dirname, `${id}.test.ts`)), `${id}.test.ts`);
  });

  test('every module stands in a plan, and every plan has a file', () => {
    const used = new Set<string>(PLANS.flatMap((plan) => testsOf(plan).map(({ module }) => module)));
    assert.deepEqual(
      Object.keys(MODULES).filter((name) => !used.has(name)),
      [],
    );
    for (const { id } of [...PLANS, ...FAPI_PLANS]) assert.ok(existsSync(join(import.meta.dirname, `${id}.test.ts`)), `${id}.test.ts`);
  });

  /** How many modules the suite itself counts: with plain requests, and with signed ones. */
  const FAPI_COUNTS: readonly (readonly [...Variants, unsigned: number, signed: number])[] = [
    ['openid_connect', 'private_key_jwt', 'dpop', 56, 70],
    ['openid_connect', 'private_key_jwt', 'mtls', 47, 61],
    ['openid_connect', 'mtls', 'dpop', 46, 60],
    ['openid_connect', 'mtls', 'mtls', 37, 51],
    ['plain_oauth', 'private_key_jwt', 'dpop', 50, 64],
    ['plain_oauth', 'private_key_jwt', 'mtls', 41, 55],
    ['plain_oauth', 'mtls', 'dpop', 40, 54],
    ['plain_oauth', 'mtls', 'mtls', 31, 45],
  ];
  test('the plans of FAPI 2.0 have all modules of each of the eight variants', () => {
    for (const [openid, clientAuth, senderConstrain, unsigned, signed] of FAPI_COUNTS) {
      const counts = FAPI_PLANS.map((plan) => {
        const tests = fapiTestsOf(plan).filter(
          ({ variant }) => variant.openid === openid && variant.clientAuth === clientAuth && variant.senderConstrain === senderConstrain,
        );
        return tests.length;
      });
      assert.deepEqual(counts, [unsigned, 2 * signed + unsigned], `${openid} ${clientAuth} ${senderConstrain}`);
    }
  });
});

type Variants = readonly [FapiVariant['openid'], FapiVariant['clientAuth'], FapiVariant['senderConstrain']];
