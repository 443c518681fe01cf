import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyRecord } from '@hufu/store/port';
import type { SigningAlgorithm } from './algorithms.ts';

/**
 * The `typ` of what we sign: ID tokens and answers (RFC 7519 §5.1), access tokens (RFC 9068 §2.1), logout tokens (OpenID Connect Back-Channel Logout
 * §2.4), introspection (RFC 9701 §5), identity assertions, status lists (Token Status List §5.1), batches of the revocation log, checkpoints of the audit log.
 */
export type JwtType =
  | 'JWT'
  | 'at+jwt'
  | 'logout+jwt'
  | 'token-introspection+jwt'
  | 'oauth-id-jag+jwt'
  | 'statuslist+jwt'
  | 'revocations+jwt'
  | 'audit-checkpoint+jwt';

/** A signing key in memory, with everything a signature needs made beforehand. */
export interface Signer {
  readonly alg: string;
  /** RFC 7638 thumbprint: unique for ever, the same on every node. */
  readonly kid: string;
  readonly record: KeyRecord;
  /** What `halfHash` hashes with. */
  readonly hash: string;
  /** A compact JWS (RFC 7515 §7.1) over the payload; `typ` as RFC 8725 §3.11 wants it. */
  sign(typ: JwtType, payload: object): string;
  /** The signature alone, as JWS and COSE both have it (RFC 7518 §3.4, RFC 9053 §2.1). */
  signBytes(input: Uint8Array): Uint8Array;
  verify(signingInput: string, signature: Uint8Array): boolean;
}

export function signer(record: KeyRecord, algorithm: SigningAlgorithm, privateKey: KeyObject, kid: string): Signer {
  const publicKey = createPublicKey(privateKey);
  const header = (typ: JwtType): string => encode(JSON.stringify({ alg: algorithm.alg, typ, kid }));
  const headers: Readonly<Record<JwtType, string>> = {
    JWT: header('JWT'),
    'at+jwt': header('at+jwt'),
    'logout+jwt': header('logout+jwt'),
    'oauth-id-jag+jwt': header('oauth-id-jag+jwt'),
    'revocations+jwt': header('revocations+jwt'),
    'audit-checkpoint+jwt': header('audit-checkpoint+jwt'),
    'token-introspection+jwt': header('token-introspection+jwt'),
    'statuslist+jwt': header('statuslist+jwt'),
  };
  return {
    alg: algorithm.alg,
    kid,
    record,
    hash: algorithm.hash,
    sign(typ, payload) {
      const input = `${headers[typ]}.${encode(JSON.stringify(payload))}`;
      return `${input}.${algorithm.sign(input, privateKey)}`;
    },
    signBytes: (input) => Buffer.from(algorithm.sign(Buffer.from(input).toString('latin1'), privateKey), 'base64url'),
    verify: (input, signature) => algorithm.verify(input, signature, publicKey),
  };
}

/** RFC 7638 §3: the required members in lexicographic order, hashed. `publicJwk` holds no others. */
export function thumbprint(publicJwk: string): string {
  const members: unknown = JSON.parse(publicJwk);
  const sorted = Object.entries(Object(members)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(sorted)))
    .digest('base64url');
}

function encode(json: string): string {
  return Buffer.from(json).toString('base64url');
}
