import assert from 'node:assert/strict';
import type { Changes, Parameters } from '../suite/authorization.ts';
import { authorizationUrl } from '../suite/authorization.ts';
import { type Flow, idTokenClaims, signIn } from '../suite/flow.ts';
import type { Json } from '../suite/json.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { goThrough } from '../suite/person.ts';
import { obtainClient } from '../suite/registration.ts';
import { missingClaims } from '../suite/standard-claims.ts';
import { readUserinfo, requireUserinfo } from '../suite/userinfo.ts';
import type { Module } from './module.ts';

/** Where the claims came: from userinfo, or in the ID token where there is nothing to ask userinfo with (OpenID Connect Core §5.4). */
interface Released {
  readonly flow: Flow;
  readonly userinfo: Json | undefined;
}

function scopeModule(scope: string): Module {
  return async (run) => {
    await requestScope(run, scope);
  };
}

/** oidcc-scope-profile */
export const scopeProfile: Module = scopeModule('openid profile');
/** oidcc-scope-address */
export const scopeAddress: Module = scopeModule('openid address');
/** oidcc-scope-phone */
export const scopePhone: Module = scopeModule('openid phone');
/** oidcc-scope-all */
export const scopeAll: Module = scopeModule('openid email phone address profile');

/** oidcc-scope-email: and nothing but the email, and that from userinfo. */
export const scopeEmail: Module = async (run) => {
  checkEmailAlone(run, await requestScope(run, 'openid email'));
};

/** oidcc-alternate-happy-flow: the same with scopes and parameters the other way round (RFC 6749 §3.3). */
export const alternateHappyFlow: Module = async (run) => {
  const backwards = (parameters: Parameters): Parameters =>
    Object.fromEntries(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? 1 : -1)));
  const released = await requestScope(run, 'email openid', {}, backwards);
  checkEmailAlone(run, released);
};

/** oidcc-claims-essential (OpenID Connect Core §5.5) */
export const claimsEssential: Module = async (run) => {
  const place = run.variant.responseType === 'id_token' ? 'id_token' : 'userinfo';
  const claims = JSON.stringify({ [place]: { name: { essential: true } } });
  const { flow, userinfo } = await requestScope(run, 'openid', { claims });
  if (userinfo === undefined) {
    for (const token of idTokenClaims(flow)) run.should(typeof token['name'] === 'string', 'the essential name is not in the ID token');
    return;
  }
  run.should(typeof userinfo['name'] === 'string', 'the essential name is not in userinfo');
  for (const token of idTokenClaims(flow))
    run.should(token['name'] === undefined, 'the name is in the ID token, but was asked for in userinfo');
};

async function requestScope(
  run: ModuleRun,
  scope: string,
  changes: Changes = {},
  order: (parameters: Parameters) => Parameters = (parameters) => parameters,
): Promise<Released> {
  for (const name of scope.split(' '))
    assert.ok(run.offers('scopes_supported', name), `the module would be skipped: ${name} is not offered`);
  const client = await obtainClient(run);
  const flow = await signIn(run, client, {
    changes: { ...changes, scope },
    send: async (parameters) => goThrough(run.browser, await run.browser.visit(authorizationUrl(run, order(parameters)))),
  });
  if (flow.accessToken === undefined) {
    for (const claims of idTokenClaims(flow)) noteMissing(run, claims, scope, 'the ID token');
    return { flow, userinfo: undefined };
  }
  const userinfo = readUserinfo(await requireUserinfo(run, flow.accessToken));
  for (const { sub } of idTokenClaims(flow)) assert.equal(userinfo['sub'], sub, 'sub of userinfo and ID token');
  noteMissing(run, userinfo, scope, 'userinfo');
  return { flow, userinfo };
}

function noteMissing(run: ModuleRun, claims: Json, scope: string, where: string): void {
  const missing = missingClaims(claims, scope);
  run.should(missing.length === 0, `${where} does not have all that ${scope} releases: ${missing.join(' ')}`);
}

function checkEmailAlone(run: ModuleRun, { flow, userinfo }: Released): void {
  for (const claims of idTokenClaims(flow)) {
    run.should(claims['name'] === undefined, 'the ID token holds name, which nobody asked for');
    if (userinfo !== undefined) run.should(claims['email'] === undefined, 'the ID token holds email, which belongs in userinfo');
  }
  if (userinfo !== undefined) run.should(userinfo['name'] === undefined, 'userinfo holds name, which nobody asked for');
}
