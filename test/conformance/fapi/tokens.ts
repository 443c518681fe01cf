import type { HttpReply } from '../suite/https-client.ts';
import { readTokens, type Tokens } from '../suite/token-endpoint.ts';
import { type Authentication, authenticationForm } from './authentication.ts';
import type { FapiClient } from './clients.ts';
import { assertUnguessable } from './entropy.ts';
import { endpoint, type FapiRun } from './fapi-run.ts';
import { makeProof, type ProofChanges } from './proof.ts';

export interface TokenOptions {
  readonly authentication?: Authentication;
  /** `none`: without one, where the variant has any. */
  readonly proof?: 'none' | ProofChanges;
  /** `none`: over a connection without one. */
  readonly certificate?: 'none';
}

/** A token request with what its tokens are to be bound to (FAPI 2.0 Security Profile §5.3.3.1). */
export function tokenRequest(
  fapi: FapiRun,
  client: FapiClient,
  fields: Readonly<Record<string, string>>,
  { authentication, proof = {}, certificate }: TokenOptions = {},
): Promise<HttpReply> {
  const { run, variant } = fapi;
  const url = endpoint(fapi, 'token_endpoint');
  const certified = variant.clientAuth === 'mtls' || variant.senderConstrain === 'mtls';
  const http = certified && certificate !== 'none' ? client.certified : run.http;
  const request = { method: 'POST', url, nowSeconds: run.provider.nowSeconds(), jti: run.random(20) };
  const proves = variant.senderConstrain === 'dpop' && proof !== 'none';
  const headers = { accept: 'application/json', ...(proves ? { dpop: makeProof(client.proofKey, request, proof) } : {}) };
  return http.postForm(url, { ...fields, ...authenticationForm(fapi, client, authentication) }, headers);
}

/** Tokens of the variant's kind, none of which can be guessed. */
export function readFapiTokens({ run, variant }: FapiRun, reply: HttpReply): Tokens {
  const tokens = readTokens(reply, variant.senderConstrain === 'dpop' ? 'dpop' : 'bearer');
  run.should(tokens.body['expires_in'] !== undefined, 'the token endpoint does not say expires_in');
  assertUnguessable(tokens.accessToken, 'the access token');
  if (tokens.refreshToken !== undefined) assertUnguessable(tokens.refreshToken, 'the refresh token');
  return tokens;
}
