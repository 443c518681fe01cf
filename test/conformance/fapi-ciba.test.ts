import { CIBA_ID, CIBA_SUITE_NAME, CIBA_TESTS, cibaModuleName, cibaVariantName } from './ciba-plan.ts';
import { CIBA_MODULES } from './modules/ciba-registry.ts';
import { answerNotices } from './suite/ciba-flow.ts';
import { type FapiAuth, fapiClient, fapiMetadata, fapiYaml } from './suite/fapi1-clients.ts';
import { runFapiPlan } from './suite/fapi1-run-plan.ts';
import { SITE_HOST } from './suite/site.ts';

const AUTHS: readonly FapiAuth[] = ['private_key_jwt', 'mtls'];

runFapiPlan({
  id: CIBA_ID,
  suiteName: CIBA_SUITE_NAME,
  tests: CIBA_TESTS.map(({ name, variant }) => ({
    module: cibaModuleName(name),
    variant: cibaVariantName(variant),
    auth: variant.clientAuth,
    kind: variant.mode,
    does: (bench) => {
      const run = { ...bench, variant };
      // What an earlier module has its client answer is not for this one.
      answerNotices(run, { status: 204, type: 'text/plain', body: '' });
      return CIBA_MODULES[name](run);
    },
  })),
  yaml: (base) =>
    fapiYaml(
      AUTHS.flatMap((auth) =>
        (['poll', 'ping'] as const).flatMap((mode) =>
          (['first', 'second'] as const).map((which) =>
            fapiMetadata(fapiClient(base, auth, mode, which), base, {
              grant_types: ['urn:openid:params:grant-type:ciba', 'refresh_token'],
              response_types: [],
              redirect_uris: [],
              backchannel_token_delivery_mode: mode,
              backchannel_authentication_request_signing_alg: 'PS256',
              ...(mode === 'ping' ? { backchannel_client_notification_endpoint: `${base}/ciba-notification-endpoint` } : {}),
            }),
          ),
        ),
      ),
      SITE_HOST,
    ),
});
