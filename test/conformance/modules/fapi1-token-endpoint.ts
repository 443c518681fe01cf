import assert from 'node:assert/strict';
import { fapiTokenRequest, type Proof } from '../suite/fapi1-authentication.ts';
import { authorize, codeFields, exchange, signInFapi1 } from '../suite/fapi1-flow.ts';
import type { Fapi1Run } from '../suite/fapi1-request.ts';
import { assertTokenRefused, callResource, requireResource } from '../suite/fapi1-tokens.ts';
import type { Fapi1Module } from './fapi1-module.ts';

/** fapi1-advanced-final-ensure-client-id-in-token-endpoint: the second client's name, the first one's certificate and key. */
export const wrongClientId: Fapi1Module = async (bench) => {
  const { first, second } = bench.clients;
  const approved = await authorize(bench, first);
  const mixed = { ...second, key: first.key };
  const reply = await fapiTokenRequest(bench, mixed, codeFields(bench, approved), { from: bench.mutual.first });
  assertTokenRefused(reply, ['invalid_client', 'invalid_grant']);
};

/** fapi1-advanced-final-ensure-authorization-code-is-bound-to-client */
export const codeOfAnother: Fapi1Module = async (bench) => {
  const { first, second } = bench.clients;
  const approved = await authorize(bench, first);
  const reply = await fapiTokenRequest(bench, second, codeFields(bench, approved));
  assertTokenRefused(reply, ['invalid_grant']);
};

/** fapi1-advanced-final-attempt-reuse-authorisation-code-after-one-second (RFC 6749 §4.1.2) */
export const codeReuse: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const flow = await signInFapi1(bench, first);
  await bench.run.provider.wait(1);
  assertTokenRefused(await fapiTokenRequest(bench, first, codeFields(bench, flow)), ['invalid_grant']);
  const { status } = await callResource(bench, first, flow.tokens.accessToken);
  bench.run.should(status >= 400 && status < 500, `the access token of a code that was used twice still works (${status})`);
};

/** A token request with an assertion that proves nothing. */
function refusedProof(proof: (bench: Fapi1Run) => Proof, codes: readonly string[] = ['invalid_client', 'invalid_request']): Fapi1Module {
  return async (bench) => {
    const { first } = bench.clients;
    const approved = await authorize(bench, first);
    assertTokenRefused(await fapiTokenRequest(bench, first, codeFields(bench, approved), proof(bench)), codes);
  };
}

/** fapi1-advanced-final-ensure-signed-client-assertion-with-RS256-fails (FAPI 1.0 Advanced §8.6) */
export const assertionRs256: Fapi1Module = refusedProof(() => ({ alg: 'RS256' }), ['invalid_client']);
/** fapi1-advanced-final-ensure-client-assertion-in-token-endpoint */
export const assertionMissing: Fapi1Module = refusedProof(() => ({ with: 'none' }));
/** fapi1-advanced-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails */
export const assertionExpired: Fapi1Module = refusedProof(({ run }) => ({ assertion: { exp: run.provider.nowSeconds() - 300 } }));
/** fapi1-advanced-final-ensure-client-assertion-with-wrong-aud-fails */
export const assertionWrongAud: Fapi1Module = refusedProof(() => ({ assertion: { aud: 'https://other1.example.com/token' } }));
/** fapi1-advanced-final-ensure-client-assertion-with-no-sub-fails: a request object would do, otherwise. */
export const assertionNoSub: Fapi1Module = refusedProof(() => ({ assertion: { sub: undefined } }));
/** fapi1-advanced-final-ensure-client-assertion-with-wrong-iss-fails */
export const assertionWrongIss: Fapi1Module = refusedProof(({ run }) => ({ assertion: { iss: run.random(10) } }));
/** fapi1-advanced-final-ensure-client-assertion-with-wrong-sub-fails */
export const assertionWrongSub: Fapi1Module = refusedProof(({ run }) => ({ assertion: { sub: run.random(10) } }));

/** fapi1-advanced-final-ensure-client-assertion-with-iss-aud-succeeds (RFC 7523 §3) */
export const assertionIssuerAud: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  await exchange(bench, await authorize(bench, first), { assertion: { aud: bench.run.issuer } });
};

/** fapi1-advanced-final-test-array-as-audience-for-client-JWT-assertion */
export const assertionAudArray: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const proof = { assertion: { aud: [bench.run.issuer, 'https://other1.example.com'] } };
  const { tokens } = await exchange(bench, await authorize(bench, first, { proof }), proof);
  await requireResource(bench, first, tokens.accessToken);
};

/** fapi1-advanced-final-ensure-pkce-code-verifier-required (RFC 7636 §4.6) */
export const verifierMissing: Fapi1Module = (bench) => assertVerifierRefused(bench, undefined);
/** fapi1-advanced-final-incorrect-pkce-code-verifier-rejected */
export const verifierWrong: Fapi1Module = (bench) => assertVerifierRefused(bench, bench.run.random(43));

async function assertVerifierRefused(bench: Fapi1Run, verifier: string | undefined): Promise<void> {
  const { first } = bench.clients;
  const { code_verifier: due, ...fields } = codeFields(bench, await authorize(bench, first));
  assert.ok(due !== undefined, 'no code_verifier');
  const sent = verifier === undefined ? fields : { ...fields, code_verifier: verifier };
  assertTokenRefused(await fapiTokenRequest(bench, first, sent), ['invalid_grant']);
}
