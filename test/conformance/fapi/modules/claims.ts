import assert from 'node:assert/strict';
import { asTexts } from '../../suite/json.ts';
import { SCOPE_CLAIMS } from '../../suite/standard-claims.ts';
import { readUserinfo } from '../../suite/userinfo.ts';
import { fapiSignIn } from '../flow.ts';
import { requireResource } from '../resource.ts';
import type { FapiModule } from './fapi-module.ts';

/** Forms in which a claim may be asked for (OpenID Connect Core §5.5.1). */
const FORMS: readonly unknown[] = [null, { essential: true }, { essential: false }, { purpose: 'ignored' }];

/** test-claims-parameter-identity-claims: what claims_supported promises comes, in the ID token and from userinfo (OpenID Connect Core §5.5). */
export const identityClaims: FapiModule = async (fapi) => {
  const { run, first } = fapi;
  assert.equal(run.metadata['claims_parameter_supported'], true, 'the module would be skipped');
  const standard = Object.values(SCOPE_CLAIMS).flat();
  const names = asTexts(run.metadata['claims_supported'], 'claims_supported').filter((name) => standard.includes(name));
  assert.ok(names.length > 0, 'the module would be skipped: claims_supported has no standard claim');
  const asked = Object.fromEntries(names.map((name, index) => [name, FORMS[index % FORMS.length]]));
  const claims = JSON.stringify({ id_token: asked, userinfo: asked, [run.random(10)]: { [run.random(10)]: null } });
  const { tokens, idToken } = await fapiSignIn(fapi, first, { changes: { scope: 'openid', claims } });
  const url = run.endpoint('userinfo_endpoint');
  const userinfo = readUserinfo(await requireResource(fapi, first, tokens.accessToken, { url }));
  assert.equal(userinfo['sub'], idToken?.claims['sub'], 'sub of userinfo and ID token');
  for (const [where, found] of [['userinfo', userinfo] as const, ['the ID token', idToken?.claims ?? {}] as const]) {
    const missing = names.filter((name) => found[name] === undefined);
    run.should(missing.length === 0, `${where} lacks what was asked for: ${missing.join(' ')}`);
  }
};
