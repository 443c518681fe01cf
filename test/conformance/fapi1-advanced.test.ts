import { FAPI1_ID, FAPI1_SUITE_NAME, FAPI1_TESTS, fapi1ModuleName, fapi1VariantName } from './fapi1-plan.ts';
import { FAPI1_MODULES } from './modules/fapi1-registry.ts';
import { type FapiAuth, fapiClient, fapiMetadata, fapiYaml } from './suite/fapi1-clients.ts';
import { runFapiPlan } from './suite/fapi1-run-plan.ts';
import { SITE_HOST } from './suite/site.ts';

const AUTHS: readonly FapiAuth[] = ['private_key_jwt', 'mtls'];

runFapiPlan({
  id: FAPI1_ID,
  suiteName: FAPI1_SUITE_NAME,
  tests: FAPI1_TESTS.map(({ name, variant }) => ({
    module: fapi1ModuleName(name),
    variant: fapi1VariantName(variant),
    auth: variant.clientAuth,
    kind: variant.response,
    does: (bench) => FAPI1_MODULES[name]({ ...bench, variant }),
  })),
  yaml: (base) =>
    fapiYaml(
      AUTHS.flatMap((auth) =>
        (['plain', 'jarm'] as const).flatMap((response) =>
          (['first', 'second'] as const).map((which) =>
            fapiMetadata(fapiClient(base, auth, response, which), base, {
              grant_types: ['authorization_code', 'refresh_token', ...(response === 'plain' ? ['implicit'] : [])],
              ...(response === 'plain'
                ? { response_types: ['code id_token'] }
                : { response_types: ['code'], authorization_signed_response_alg: 'PS256' }),
            }),
          ),
        ),
      ),
      SITE_HOST,
    ),
});
