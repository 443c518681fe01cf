import type { FapiClient } from './fapi1-clients.ts';
import { connectionOf, type FapiRun, mutualEndpoint } from './fapi1-run.ts';
import type { HttpReply, HttpsClient } from './https-client.ts';
import type { Json } from './json.ts';
import { signJwt } from './jwt.ts';

export type Fields = Readonly<Record<string, string>>;

/** What differs from the usual request of a client to the token endpoint, or to another that it proves itself at. */
export interface Proof {
  /** Changes to the claims of the client assertion; undefined takes one out. */
  readonly assertion?: Readonly<Record<string, unknown>>;
  readonly alg?: 'PS256' | 'RS256';
  /** `none`: the client only says its name. */
  readonly with?: 'usual' | 'none';
  /** Where it connects from: another client's connection, or one without a certificate. */
  readonly from?: HttpsClient;
}

/** A request to the token endpoint (RFC 6749 §3.2, RFC 8705 §2). */
export function fapiTokenRequest(bench: FapiRun, client: FapiClient, fields: Fields, proof: Proof = {}): Promise<HttpReply> {
  const url = mutualEndpoint(bench, 'token_endpoint');
  const { from = connectionOf(bench, client) } = proof;
  return from.postForm(url, { ...fields, ...proofFields(bench, client, url, proof) }, { accept: 'application/json' });
}

/** What the client sends to prove itself; with a certificate, only its name (RFC 8705 §2). */
export function proofFields(bench: FapiRun, client: FapiClient, audience: string, proof: Proof = {}): Fields {
  if (client.auth === 'mtls' || proof.with === 'none') return { client_id: client.clientId };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: fapiAssertion(bench, client, audience, proof),
  };
}

/** RFC 7523 §3, with the lifetime that the suite gives it. */
function fapiAssertion({ run }: FapiRun, client: FapiClient, audience: string, { assertion = {}, alg = 'PS256' }: Proof): string {
  const now = run.provider.nowSeconds();
  const claims: Json = {
    iss: client.clientId,
    sub: client.clientId,
    aud: audience,
    jti: run.random(20),
    iat: now,
    exp: now + 60,
    ...assertion,
  };
  return signJwt({ alg, kid: client.key.kid }, claims, client.key.privateKey);
}
