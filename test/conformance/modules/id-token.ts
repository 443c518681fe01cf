import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { idTokenOf, signIn } from '../suite/flow.ts';
import { objectOf } from '../suite/https-client.ts';
import { refusedRegistration, registerClient, registrationRequest } from '../suite/registration.ts';
import { checkServerKeys, signingKeys } from '../suite/server-keys.ts';
import type { Module } from './module.ts';

/** oidcc-idtoken-signature: who says nothing gets RS256 (OpenID Connect Registration §2). */
export const idTokenSignature: Module = async (run) => {
  const client = await registerClient(run);
  const { header } = idTokenOf(await signIn(run, client));
  assert.equal(header['alg'], 'RS256');
  assert.ok(typeof header['kid'] === 'string' && header['kid'] !== '', 'kid');
};

/** oidcc-idtoken-rs256 */
export const idTokenRs256: Module = async (run) => {
  const client = await registerClient(run, { members: { id_token_signed_response_alg: 'RS256' } });
  assert.equal(client.registration['id_token_signed_response_alg'], 'RS256');
  assert.equal(idTokenOf(await signIn(run, client)).header['alg'], 'RS256');
};

/** oidcc-idtoken-unsigned: it is not offered, and nobody can register it. */
export const idTokenUnsigned: Module = async (run) => {
  assert.ok(!run.offers('id_token_signing_alg_values_supported', 'none'), 'the module would have to be run');
  run.skip('`none` is not in id_token_signing_alg_values_supported');
  const members = registrationRequest(run, { members: { id_token_signed_response_alg: 'none' } });
  assert.equal(await refusedRegistration(run, members), 'invalid_client_metadata');
};

/** oidcc-server-rotate-keys */
export const serverRotateKeys: Module = async (run) => {
  const before = signingKeys(run.jwks);
  await run.provider.rotateKeys();
  const uri = run.endpoint('jwks_uri');
  const fresh = (keys: ReadonlyMap<string, string>): readonly string[] => [...keys.keys()].filter((kid) => !before.has(kid));
  let after = before;
  for (let look = 0; look < LOOKS && fresh(after).length === 0; look += 1) {
    if (look > 0) await sleep(PAUSE_MS);
    const jwks = objectOf(await run.http.send(uri), 'the key set');
    checkServerKeys(jwks, (holds, text) => run.should(holds, text));
    after = signingKeys(jwks);
  }
  assert.ok(fresh(after).length > 0, 'no new signing key');
  const old = [...before.values()];
  for (const kid of fresh(after)) assert.ok(!old.includes(after.get(kid) ?? ''), `the new key ${kid} is an old one under another name`);
  run.should(
    [...before].some(([kid, value]) => after.get(kid) === value),
    'no key of before is left',
  );
};

/** A running server follows within a second (the contract of `hufu key rotate`); the look is a little more patient. */
const LOOKS = 20;
const PAUSE_MS = 200;
