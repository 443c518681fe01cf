import assert from 'node:assert/strict';
import type { HttpReply } from '../../suite/https-client.ts';
import { clientKey } from '../../suite/keys.ts';
import type { FapiRun } from '../fapi-run.ts';
import { fapiSignIn } from '../flow.ts';
import { makeProofKey, type ProofChanges } from '../proof.ts';
import { callResource, type ResourceOptions, resourceUrl } from '../resource.ts';
import type { FapiModule } from './fapi-module.ts';
import { spoilSignature } from './refusals.ts';

/** The same changes to the proofs of all requests. */
function withProofs(changes: (fapi: FapiRun) => ProofChanges, atPush: 'pushed' | 'not pushed'): FapiModule {
  return async (fapi) => {
    const proof = changes(fapi);
    await fapiSignIn(fapi, fapi.first, {
      ...(atPush === 'pushed' ? { push: { proof } } : {}),
      token: { proof },
      resource: { proof },
    });
  };
}

const now = ({ run }: FapiRun): number => run.provider.nowSeconds();

/** check-dpop-proof-nbf-exp: claims that a proof need not have. */
export const proofWithTimes: FapiModule = withProofs((fapi) => ({ claims: { nbf: now(fapi), exp: now(fapi) + 300 } }), 'not pushed');
/** ensure-dpopproof-with-iat-10seconds-before-succeeds (FAPI 2.0 Security Profile §5.3.2.1) */
export const proofOf10SecondsAgo: FapiModule = withProofs((fapi) => ({ claims: { iat: now(fapi) - 10 } }), 'pushed');
/** ensure-dpopproof-with-iat-10seconds-after-succeeds */
export const proofOf10SecondsAhead: FapiModule = withProofs((fapi) => ({ claims: { iat: now(fapi) + 10 } }), 'pushed');
/** ensure-dpopproof-at-par-endpoint-binding-success (RFC 9449 §10.1) */
export const boundByProof: FapiModule = withProofs(() => ({}), 'pushed');

/** ensure-dpop-auth-code-binding-success: by the parameter and by the proof. */
export const boundByBoth: FapiModule = async (fapi) => {
  const { first } = fapi;
  await fapiSignIn(fapi, first, { changes: { dpop_jkt: first.proofKey.thumbprint }, push: { proof: {} } });
};

/** dpop-negative-tests (RFC 9449 §4.3, §7.1), with an RSA key, as only that could sign with RS256. */
export const badProofs: FapiModule = async (fapi) => {
  const { run } = fapi;
  const first = { ...fapi.first, proofKey: makeProofKey('PS256') };
  const { tokens } = await fapiSignIn(fapi, first);
  const call = (options: ResourceOptions): Promise<HttpReply> => callResource(fapi, first, tokens.accessToken, options);
  const refused = async (about: string, options: ResourceOptions): Promise<void> => {
    const { status, headers } = await call(options);
    assert.ok(status === 400 || status === 401, `${about}: ${status}`);
    assert.match(headers['www-authenticate'] ?? '', /\bDPoP\b/, `${about}: no challenge`);
  };
  const accepted = async (about: string, options: ResourceOptions): Promise<void> => {
    assert.equal((await call(options)).status, 200, about);
  };

  run.should((await call({ proofHeader: 'DPOP' })).status === 200, 'the header in capitals is not heard');
  await refused('two proofs', { send: (proof) => [proof, proof] });
  await refused('no JWT', { send: (proof) => [proof.replace('.', ' ')] });
  for (const name of ['typ', 'jwk']) await refused(`no ${name}`, { proof: { header: { [name]: undefined } } });
  await refused('no alg', { send: (proof) => [withoutAlg(proof)] });
  for (const name of ['jti', 'htm', 'htu', 'iat', 'ath']) await refused(`no ${name}`, { proof: { claims: { [name]: undefined } } });
  await refused('another typ', { proof: { header: { typ: 'JWT' } } });
  for (const alg of ['RS256', 'none']) await refused(`alg ${alg}`, { proof: { header: { alg } } });
  await refused('a wrong signature', { send: (proof) => [spoilSignature(proof)] });
  const { privateKey } = clientKey(2, 'none');
  await refused('a private key', { proof: { header: { jwk: privateKey.export({ format: 'jwk' }) } } });
  await refused('another method', { proof: { claims: { htm: 'PUT' } } });
  const url = resourceUrl(fapi);
  await accepted('a query and a fragment in htu', { proof: { claims: { htu: `${url}?lorem=ipsum#dolor` } } });
  await accepted('a query that htu does not have', { url: `${url}?lorem=ipsum`, proof: { claims: { htu: url } } });
  await refused('another address', { proof: { claims: { htu: `${url}/other` } } });
  for (const seconds of [3_600, -3_600]) await refused(`iat ${seconds} s away`, { proof: { claims: { iat: now(fapi) + seconds } } });
  await checkUsedOnce(fapi, call);
  await refused('the ath of another token', { proof: { claims: { ath: run.random(43) } } });
  await refused('another key', { key: makeProofKey('ES256') });
  await accepted('more members', { proof: { header: { lorem: 'ipsum' }, claims: { lorem: 'ipsum' } } });
  await checkSameAddress(fapi, call);
  await refused('no proof', { send: () => [] });
  await refused('no proof, and as a bearer', { scheme: 'Bearer', send: () => [] });
  await refused('as a bearer', { scheme: 'Bearer' });
  await accepted('a good proof', {});
};

/** A `jti` is used up, also for a proof of a second later. Twice, at other times: who tells them apart by periods may just have begun another. */
async function checkUsedOnce({ run }: FapiRun, call: (options: ResourceOptions) => Promise<HttpReply>): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const jti = run.random(20);
    const iat = run.provider.nowSeconds() - 3 * attempt;
    assert.equal((await call({ proof: { claims: { jti, iat } } })).status, 200, 'a jti');
    const { status } = await call({ proof: { claims: { jti, iat: iat + 1 } } });
    if (status === 400 || status === 401) return;
  }
  run.should(false, 'a jti is good for two requests');
}

/** RFC 3986 §6.2.2, §6.2.3: what is another way to write the same. */
async function checkSameAddress(fapi: FapiRun, call: (options: ResourceOptions) => Promise<HttpReply>): Promise<void> {
  const { run } = fapi;
  const { protocol, host, pathname } = new URL(resourceUrl(fapi));
  const loud = `${protocol.toUpperCase()}//${host.toUpperCase()}${pathname}`;
  run.should((await call({ proof: { claims: { htu: loud } } })).status === 200, 'htu in capitals is another address');
}

/** The signature is right; only the header does not say what it is. */
function withoutAlg(proof: string): string {
  const [header = '', ...rest] = proof.split('.');
  const { alg: _, ...members } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  return [Buffer.from(JSON.stringify(members)).toString('base64url'), ...rest].join('.');
}
