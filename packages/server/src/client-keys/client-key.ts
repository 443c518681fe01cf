import { createPublicKey, type KeyObject } from 'node:crypto';
import type { PublicJwk, PublicJwks } from '@hufu/protocol/client-jwks';

/** A public key of a client, ready to be used, with what its owner said about it (RFC 7517 §4). */
export interface ClientKey {
  readonly key: KeyObject;
  readonly kty: string;
  readonly crv: string | undefined;
  readonly kid: string | undefined;
  readonly use: string | undefined;
  readonly alg: string | undefined;
}

/** Imports the keys of a set. One that does not import (a point that is not on its curve) is left out. */
export function importKeys(jwks: PublicJwks): readonly ClientKey[] {
  return jwks.keys.flatMap((jwk) => {
    const key = importKey(jwk);
    return key === undefined ? [] : [{ key, kty: jwk.kty, crv: jwk.crv, kid: jwk.kid, use: jwk.use, alg: jwk.alg }];
  });
}

function importKey({ kty, crv, x, y, n, e, alg, pub }: PublicJwk): KeyObject | undefined {
  const members = Object.entries({ kty, crv, x, y, n, e, pub, ...(kty === 'AKP' ? { alg } : {}) }).filter(
    ([, value]) => value !== undefined,
  );
  try {
    return createPublicKey({ key: Object.fromEntries(members), format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Keys tried with a JWT that does not say which one it is. */
const MAX_TRIED = 5;

/**
 * The keys that a signature may have been made with: kind, `use` and `alg` fit (RFC 7517 §4.2, §4.4), and the `kid` where there is one. A
 * `kid` that several of them have names none (attacks JWT-28).
 */
export function selectVerificationKeys(keys: readonly ClientKey[], kid: string | undefined, alg: string): readonly ClientKey[] {
  const fitting = keys.filter(
    (key) => key.use !== 'enc' && (key.alg === undefined || key.alg === alg) && isOfKind(key, SIGNATURES.get(alg), alg),
  );
  if (kid === undefined) return fitting.slice(0, MAX_TRIED);
  const named = fitting.filter((key) => key.kid === kid);
  return named.length === 1 ? named : [];
}

/** The key that something is encrypted to: its kind fits, and it is said to be for that (`use`, `alg`), or nothing is said. */
export function selectEncryptionKey(keys: readonly ClientKey[], alg: string): ClientKey | undefined {
  const kind = alg.startsWith('RSA-OAEP') ? RSA : ECDH;
  const fitting = keys.filter((key) => key.use !== 'sig' && (key.alg === undefined || key.alg === alg) && isOfKind(key, kind, alg));
  return (
    fitting.find((key) => key.use === 'enc' && key.alg === alg) ??
    fitting.find((key) => key.use === 'enc') ??
    fitting.find((key) => key.alg === alg) ??
    fitting[0]
  );
}

/** `kty`, with the curve where it has one; `AKP` keys name their algorithm. */
type Kind = readonly string[];

const RSA: Kind = ['RSA'];
/** RFC 7518 §3.3–3.5, RFC 8037 §3.1. */
const SIGNATURES: ReadonlyMap<string, Kind> = new Map([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, RSA] as const),
  ['ES256', ['EC P-256']],
  ['ES384', ['EC P-384']],
  ['ES512', ['EC P-521']],
  ['EdDSA', ['OKP Ed25519']],
  ['Ed25519', ['OKP Ed25519']],
  ...['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'].map((alg) => [alg, ['AKP']] as const),
]);
/** RFC 7518 §4.6, RFC 8037 §3.2. */
const ECDH: Kind = ['EC P-256', 'EC P-384', 'EC P-521', 'OKP X25519'];

function isOfKind({ kty, crv, alg }: ClientKey, kind: Kind | undefined, wanted: string): boolean {
  if (kind === undefined) return false;
  return kind.includes(crv === undefined ? kty : `${kty} ${crv}`) && (kty !== 'AKP' || alg === wanted);
}
