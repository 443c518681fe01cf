import { createPublicKey, type KeyObject } from 'node:crypto';
import { isRocaModulus } from '@hufu/protocol/roca';

/** A public key of the issuer. The same object as long as the issuer publishes it unchanged. */
export interface VerificationKey {
  /** Empty where it has none. */
  readonly kid: string;
  /** The one algorithm that the issuer allows it for (RFC 7517 §4.4); undefined: whatever fits its kind. */
  readonly alg: string | undefined;
  readonly key: KeyObject;
  /** The members it was made of: two keys with the same text are the same key. */
  readonly text: string;
}

/** By `kid`; under the empty text the one that has none. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

const MAX_KEYS = 100;
const MAX_KID = 255;

/**
 * Reads a JWK Set (RFC 7517 §5); undefined where the document is none. Keys that no access token can be verified with are passed over, as
 * §5 has it: unknown kinds, other uses. So is what no set may hold: a private or symmetric key, and a `kid` that names two keys, or two that have none.
 *
 * @param before the set that this one replaces: keys that stayed are taken over from it.
 */
export function readKeySet(document: unknown, before: KeySet): KeySet | undefined {
  if (!isObject(document) || !Array.isArray(document['keys']) || document['keys'].length > MAX_KEYS) return undefined;
  const found = new Map<string, VerificationKey>();
  const named = new Set<string>();
  for (const jwk of document['keys'] as readonly unknown[]) {
    if (!isObject(jwk) || jwk['kid'] === '') continue;
    const { kid = '' } = jwk;
    if (typeof kid !== 'string' || kid.length > MAX_KID) continue;
    // Which of the two would be tried is chance, so neither is.
    if (named.has(kid)) found.delete(kid);
    const key = named.has(kid) ? undefined : readKey(jwk, kid, before.get(kid));
    named.add(kid);
    if (key !== undefined) found.set(kid, key);
  }
  return found;
}

const SECRET_MEMBERS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
/** The public members by kind (RFC 7518 §6, RFC 8037 §2, RFC 9964): only these are imported. */
const PUBLIC_MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'x', 'y']],
  ['RSA', ['n', 'e']],
  ['OKP', ['crv', 'x']],
  ['AKP', ['alg', 'pub']],
]);

function readKey(jwk: Readonly<Record<string, unknown>>, kid: string, before: VerificationKey | undefined): VerificationKey | undefined {
  const { kty, use, alg, key_ops: operations } = jwk;
  const names = PUBLIC_MEMBERS.get(kty);
  if (names === undefined || SECRET_MEMBERS.some((name) => name in jwk)) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined;
  if (alg !== undefined && typeof alg !== 'string') return undefined;
  const members: Record<string, string> = { kty: String(kty) };
  for (const name of names) {
    const member = jwk[name];
    if (typeof member !== 'string') return undefined;
    members[name] = member;
  }
  const text = JSON.stringify([alg, members]);
  if (before?.text === text) return before;
  if (kty === 'RSA' && isRocaModulus(Buffer.from(members['n'] ?? '', 'base64url'))) return undefined;
  try {
    return { kid, alg, key: createPublicKey({ key: members, format: 'jwk' }), text };
  } catch {
    // Not a key after all: a point off its curve, a curve that the runtime does not know.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
