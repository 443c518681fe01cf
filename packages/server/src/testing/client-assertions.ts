import type { KeyObject } from 'node:crypto';
import { macAlgorithms, publicJwk, signingAlgorithms } from '../keys/algorithms.ts';
import { ISSUER, START } from './world.ts';

/** A key pair of a client: what it signs with, and what it registers. */
export interface ClientKeyPair {
  readonly alg: string;
  readonly kid: string;
  readonly key: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export async function clientKeyPair(kid: string, alg = 'ES256'): Promise<ClientKeyPair> {
  const key = await signingAlgorithms.get(alg)?.generate();
  if (key === undefined) throw new TypeError(`no algorithm ${alg}`);
  return { alg, kid, key, jwk: { ...publicJwk(key), kid } };
}

export function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A compact JWS; members of `header` that are undefined are left out. */
export function signWith({ alg, kid, key }: ClientKeyPair, payload: object, header: object = {}): string {
  const input = `${encodeJson({ alg, kid, ...header })}.${encodeJson(payload)}`;
  return `${input}.${signingAlgorithms.get(alg)?.sign(input, key) ?? ''}`;
}

export function signWithSecret(secret: string, payload: object, header: object = {}, alg = 'HS256'): string {
  const input = `${encodeJson({ alg, ...header })}.${encodeJson(payload)}`;
  return `${input}.${macAlgorithms.get(alg)?.sign(input, secret) ?? ''}`;
}

let jtis = 0;

/** Claims of a good assertion for the world's server; each has a `jti` of its own. */
export function assertionClaims(clientId: string, part: object = {}): Readonly<Record<string, unknown>> {
  return { iss: clientId, sub: clientId, aud: ISSUER, exp: START + 60, iat: START, jti: `jti-${jtis++}`, ...part };
}

/** The form parameters that an assertion comes with (RFC 7523 §2.2). */
export function assertionForm(assertion: string): { client_assertion_type: string; client_assertion: string } {
  return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion };
}
