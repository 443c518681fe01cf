import assert from 'node:assert/strict';
import { type HttpReply, mediaType, objectOf, textOf } from './https-client.ts';
import { asText, type Json } from './json.ts';
import type { ModuleRun } from './module-run.ts';
import { checkStandardClaims } from './standard-claims.ts';

export type UserinfoMethod = 'GET' | 'POST header' | 'POST body';

/** Calls userinfo with an access token (OpenID Connect Core §5.3.1, RFC 6750 §2). */
export function callUserinfo(run: ModuleRun, accessToken: string, method: UserinfoMethod = 'GET'): Promise<HttpReply> {
  const url = run.endpoint('userinfo_endpoint');
  if (method === 'POST body') return run.http.postForm(url, { access_token: accessToken });
  const headers = { authorization: `Bearer ${accessToken}` };
  if (method === 'GET') return run.http.send(url, { headers });
  return run.http.postForm(url, {}, headers);
}

/** It has to answer, whatever it says. */
export async function requireUserinfo(run: ModuleRun, accessToken: string, method: UserinfoMethod = 'GET'): Promise<HttpReply> {
  const reply = await callUserinfo(run, accessToken, method);
  assert.equal(reply.status, 200, `userinfo by ${method}: ${reply.headers['www-authenticate'] ?? textOf(reply)}`);
  return reply;
}

/** Reads a plain answer (OpenID Connect Core §5.3.2). */
export function readUserinfo(reply: HttpReply): Json {
  assert.equal(mediaType(reply), 'application/json', 'userinfo: content-type');
  const claims = objectOf(reply, 'userinfo');
  checkUserinfo(claims);
  return claims;
}

export function checkUserinfo(claims: Json): void {
  asText(claims['sub'], 'userinfo: sub');
  checkStandardClaims(claims, 'userinfo');
  assert.equal(claims['_claim_names'], undefined, 'userinfo: claims of elsewhere');
}
