import assert from 'node:assert/strict';
import { type Flow, signIn } from '../suite/flow.ts';
import { mediaType, textOf } from '../suite/https-client.ts';
import type { Json } from '../suite/json.ts';
import { checkSignature, readJwt } from '../suite/jwt.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { obtainClient, registerClient } from '../suite/registration.ts';
import { callUserinfo, checkUserinfo, readUserinfo, requireUserinfo, type UserinfoMethod } from '../suite/userinfo.ts';
import type { Module } from './module.ts';

function userinfoBy(method: UserinfoMethod): Module {
  return async (run) => {
    const flow = await signIn(run, await obtainClient(run));
    checkSubject(readUserinfo(await requireUserinfo(run, accessTokenOf(flow), method)), flow);
  };
}

/** oidcc-userinfo-get */
export const userinfoGet: Module = userinfoBy('GET');
/** oidcc-userinfo-post-header */
export const userinfoPostHeader: Module = userinfoBy('POST header');

/** oidcc-userinfo-post-body */
export const userinfoPostBody: Module = async (run) => {
  const flow = await signIn(run, await obtainClient(run));
  const reply = await callUserinfo(run, accessTokenOf(flow), 'POST body');
  run.should(reply.status === 200, `an access token in the body is answered with ${reply.status}`);
  if (reply.status === 200) checkSubject(readUserinfo(reply), flow);
};

/** oidcc-userinfo-rs256 */
export const userinfoRs256: Module = async (run) => {
  assert.ok(run.offers('userinfo_signing_alg_values_supported', 'RS256'), 'RS256 for userinfo is not offered');
  const client = await registerClient(run, { members: { userinfo_signed_response_alg: 'RS256' } });
  const flow = await signIn(run, client);
  const reply = await requireUserinfo(run, accessTokenOf(flow));
  assert.equal(mediaType(reply), 'application/jwt', 'content-type');
  const token = readJwt(textOf(reply), 'userinfo');
  assert.equal(token.header['alg'], 'RS256');
  checkSignature(token, run.jwks, 'userinfo');
  const { claims } = token;
  run.should(claims['iss'] === run.issuer, `userinfo: iss ${String(claims['iss'])}`);
  const audiences: readonly unknown[] = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']];
  run.should(audiences.includes(client.clientId), `userinfo: aud ${String(claims['aud'])}`);
  checkMoments(run, claims);
  assert.equal(claims['nonce'], undefined, 'userinfo: nonce');
  checkUserinfo(claims);
  checkSubject(claims, flow);
};

function checkMoments(run: ModuleRun, claims: Json): void {
  const now = run.provider.nowSeconds();
  if (claims['exp'] !== undefined) run.should(Number(claims['exp']) > now, 'userinfo: exp is over');
  if (claims['iat'] !== undefined) run.should(Math.abs(Number(claims['iat']) - now) < 300, 'userinfo: iat is not now');
  if (claims['nbf'] !== undefined) run.should(Number(claims['nbf']) <= now + 3, 'userinfo: nbf is to come');
}

/** OpenID Connect Core §5.3.2: the subject of both ID tokens. */
function checkSubject(claims: Json, { front, back }: Flow): void {
  for (const token of [front, back]) if (token !== undefined) assert.equal(claims['sub'], token.claims['sub'], 'userinfo: sub');
}

function accessTokenOf({ accessToken }: Flow): string {
  assert.ok(accessToken !== undefined, 'no access token');
  return accessToken;
}
