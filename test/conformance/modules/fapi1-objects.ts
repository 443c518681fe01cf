import { authorizationUrl } from '../suite/authorization.ts';
import { assertUntouched } from '../suite/error-page.ts';
import { assertRefused, assertUrlRefused, type Refusal } from '../suite/fapi1-flow.ts';
import { type Fapi1Run, prepare, type Shape } from '../suite/fapi1-request.ts';
import type { Json } from '../suite/json.ts';
import { signJwt } from '../suite/jwt.ts';
import type { Fapi1Module } from './fapi1-module.ts';

/** Nobody gets through with a request of the first client like this. */
export function refused(shape: (bench: Fapi1Run) => Shape, refusal: Refusal): Fapi1Module {
  return (bench) => assertRefused(bench, bench.clients.first, shape(bench), refusal);
}

const PAGE = /request object|request_object|signed request|request is not valid|is missing|not allowed|not registered/i;
/** The object itself is not right. */
const OBJECT: Refusal = { pushed: ['invalid_request_object'], answered: ['invalid_request_object'], page: PAGE };
/** The suite takes one of several errors for something that is not in the object. */
const WITHIN: Refusal = {
  pushed: ['invalid_request', 'invalid_request_object'],
  answered: ['invalid_request', 'invalid_request_object', 'invalid_request_uri', 'access_denied'],
  page: PAGE,
};
const TIMES: Refusal = { ...WITHIN, pushed: ['invalid_request_object'] };

/** fapi1-advanced-final-ensure-request-object-without-exp-fails (FAPI 1.0 Advanced §5.2.2 no. 13) */
export const withoutExp: Fapi1Module = refused(() => ({ claims: { exp: undefined } }), TIMES);
/** fapi1-advanced-final-ensure-request-object-without-nbf-fails (FAPI 1.0 Advanced §5.2.2 no. 17) */
export const withoutNbf: Fapi1Module = refused(() => ({ claims: { nbf: undefined } }), TIMES);
/** fapi1-advanced-final-ensure-request-object-without-scope-fails: outside of it, scope is not heard. */
export const withoutScope: Fapi1Module = refused(() => ({ claims: { scope: undefined } }), WITHIN);
/** fapi1-advanced-final-ensure-request-object-without-nonce-fails */
export const withoutNonce: Fapi1Module = refused(({ run }) => ({ claims: { nonce: undefined }, outside: { nonce: run.random(10) } }), {
  ...WITHIN,
  answered: ['invalid_request', 'invalid_request_object', 'invalid_request_uri'],
});
/** fapi1-advanced-final-ensure-request-object-without-redirect-uri-fails */
export const withoutRedirectUri: Fapi1Module = refused(() => ({ claims: { redirect_uri: undefined } }), {
  ...WITHIN,
  answered: ['invalid_request', 'invalid_request_object'],
});
/** fapi1-advanced-final-ensure-redirect-uri-in-authorization-request: of the two that it has, which? */
export const redirectUriMissing: Fapi1Module = refused(() => ({ changes: { redirect_uri: undefined } }), {
  pushed: ['invalid_request', 'invalid_request_object'],
  page: /redirect_uri/,
});

/** fapi1-advanced-final-ensure-registered-redirect-uri */
export const registeredRedirectUri: Fapi1Module = async (bench) => {
  const strange = `${bench.clients.first.redirectUri}/${bench.run.random(10)}`;
  const refusal = { pushed: ['invalid_request', 'invalid_request_object'], page: /redirect_uri/ };
  await assertRefused(bench, bench.clients.first, { changes: { redirect_uri: strange } }, refusal);
  assertUntouched(bench.run, [strange, bench.clients.first.redirectUri]);
};

/** fapi1-advanced-final-ensure-expired-request-object-fails */
export const expired: Fapi1Module = refused(({ run }) => ({ claims: { exp: run.provider.nowSeconds() - 60 * 5 } }), OBJECT);
/** fapi1-advanced-final-ensure-request-object-with-bad-aud-fails */
export const badAud: Fapi1Module = refused(() => ({ claims: { aud: 'https://www.other1.example.com/' } }), OBJECT);
/** fapi1-advanced-final-ensure-request-object-with-exp-over-60-fails */
export const expOver60: Fapi1Module = refused(({ run }) => ({ claims: { exp: run.provider.nowSeconds() + 70 * 60 } }), OBJECT);
/** fapi1-advanced-final-ensure-request-object-with-nbf-over-60-fails */
export const nbfOver60: Fapi1Module = refused(({ run }) => ({ claims: { nbf: run.provider.nowSeconds() - 70 * 60 } }), OBJECT);
/** fapi1-advanced-final-par-pushed-authorization-url-as-audience-in-request-object */
export const pushedUrlAsAud: Fapi1Module = refused(
  ({ run }) => ({ claims: { aud: run.endpoint('pushed_authorization_request_endpoint') } }),
  OBJECT,
);

/** fapi1-advanced-final-ensure-signed-request-object-with-RS256-fails (FAPI 1.0 Advanced §8.6) */
export const signedWithRs256: Fapi1Module = refused(({ clients: { first } }) => ({ sign: signer('RS256', first.key) }), OBJECT);
/** fapi1-advanced-final-ensure-matching-key-in-authorization-request: signed by the other client. */
export const otherKey: Fapi1Module = withState(({ clients: { second } }) => signer('PS256', second.key), {
  ...OBJECT,
  pushed: ['invalid_request', 'invalid_request_object'],
});
/** fapi1-advanced-final-ensure-request-object-signature-algorithm-is-not-none */
export const unsignedObject: Fapi1Module = withState(({ clients: { first } }) => signer('none', first.key), OBJECT);
/** fapi1-advanced-final-ensure-request-object-with-invalid-signature-fails */
export const invalidSignature: Fapi1Module = refused(
  ({ clients: { first } }) => ({ sign: (claims) => spoil(signer('PS256', first.key)(claims)) }),
  OBJECT,
);

/** What cannot be verified says nothing: the state stands outside too. */
function withState(sign: (bench: Fapi1Run) => (claims: Json) => string, refusal: Refusal): Fapi1Module {
  return (bench) => {
    const state = bench.run.random(10);
    return assertRefused(bench, bench.clients.first, { changes: { state }, outside: { state }, sign: sign(bench) }, refusal);
  };
}

function signer(alg: 'RS256' | 'PS256' | 'none', { privateKey, kid }: Fapi1Run['clients']['first']['key']): (claims: Json) => string {
  return (claims) => signJwt({ alg, kid }, claims, privateKey);
}

/** Another signature of the same length. */
export function spoil(jwt: string): string {
  const end = jwt.lastIndexOf('.') + 1;
  const bytes = Buffer.from(jwt.slice(end), 'base64url').map((byte) => byte ^ 0x5a);
  return jwt.slice(0, end) + Buffer.from(bytes).toString('base64url');
}

/** fapi1-advanced-final-ensure-response-mode-query: no code in the query. */
export const responseModeQuery: Fapi1Module = refused(() => ({ changes: { response_mode: 'query' } }), {
  pushed: ['invalid_request', 'invalid_request_object'],
  answered: ['invalid_request'],
  page: /response_mode/,
  plainToo: 'plain-too',
});

/** fapi1-advanced-final-ensure-response-type-code-fails: nothing would sign the answer. */
export const responseTypeCode: Fapi1Module = refused(() => ({ changes: { response_type: 'code', response_mode: undefined } }), {
  pushed: ['unsupported_response_type', 'invalid_request', 'unauthorized_client'],
  answered: ['unsupported_response_type', 'invalid_request'],
  page: /response_type|response_mode/,
  plainToo: 'plain-too',
});

/** fapi1-advanced-final-ensure-authorization-request-without-request-object-fails, never pushed. */
export const withoutObject: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const { parameters } = prepare(bench, first);
  const refusal: Refusal = { answered: ['invalid_request'], page: PAGE, plainToo: 'plain-too' };
  await assertUrlRefused(bench, authorizationUrl(bench.run, parameters), first, parameters['state'], refusal);
};
