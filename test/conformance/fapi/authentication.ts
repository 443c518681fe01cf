import type { Json } from '../suite/json.ts';
import { signJwt } from '../suite/jwt.ts';
import type { ClientKey } from '../suite/keys.ts';
import type { FapiClient } from './clients.ts';
import type { FapiRun } from './fapi-run.ts';

/** What is different about how a client proves who it is. `none`: it only says its name. */
export type Authentication = 'usual' | 'none' | AssertionChanges;

export interface AssertionChanges {
  /** Claims that differ; undefined takes one out. */
  readonly claims?: Json;
  readonly alg?: 'RS256' | 'PS256';
  readonly key?: ClientKey;
}

/** The form members by which a client proves who it is: an assertion (RFC 7523 §2.2), or only its name beside its certificate (RFC 8705 §2). */
export function authenticationForm(
  { run, variant }: FapiRun,
  client: FapiClient,
  authentication: Authentication = 'usual',
): Readonly<Record<string, string>> {
  if (authentication === 'none' || variant.clientAuth === 'mtls') return { client_id: client.clientId };
  const { claims, alg = 'PS256', key = client.key } = authentication === 'usual' ? {} : authentication;
  const now = run.provider.nowSeconds();
  const { clientId } = client;
  const usual = { iss: clientId, sub: clientId, aud: run.issuer, jti: run.random(20), nbf: now, iat: now, exp: now + 60 };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: signJwt({ alg, kid: key.kid }, { ...usual, ...claims }, key.privateKey),
  };
}
