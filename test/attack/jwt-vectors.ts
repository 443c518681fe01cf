import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { decodeBase64url } from '@hufu/protocol/base64url';
import { readJwtPart } from '@hufu/protocol/jwt';
import { ALGORITHMS } from '@hufu/resource/algorithms';
import { readKeySet, type VerificationKey } from '@hufu/resource/key-set';
import { decryptCompact } from '@hufu/server/jose/decrypt';
import { signingAlgorithms } from '@hufu/server/keys/algorithms';

/** Test vectors of a JOSE library: a key, and compact texts with the verdict that is due. The shape is that of Wycheproof's files. */
export interface VectorGroup {
  readonly comment: string;
  readonly private?: Jwk | JwkSet;
  readonly public?: Jwk | JwkSet;
  readonly tests: readonly Vector[];
}

export interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly result: string;
  readonly flags: readonly string[];
  readonly jws?: string | object;
  readonly jwe?: string | object;
  /** Of a JWE: the plaintext, hexadecimal. */
  readonly pt?: string;
}

export type Jwk = Readonly<Record<string, unknown>>;
interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** `accepted`, `refused`, or the reason why we have nothing that takes such a vector. */
export type Verdict = 'accepted' | 'refused' | { readonly outside: string };

/** What our readers and verifiers make of a vector. */
export async function judge(group: VectorGroup, vector: Vector): Promise<Verdict> {
  const text = vector.jws ?? vector.jwe;
  // JSON serialization: whoever hands us one hands us its text.
  const compact = typeof text === 'string' ? text : JSON.stringify(text);
  return vector.jwe === undefined ? judgeSignature(group, compact) : judgeEncryption(group, compact, vector.pt);
}

function judgeSignature(group: VectorGroup, jws: string): Verdict {
  const keys = keysOf(group.public ?? group.private);
  const parts = jws.split('.', 4);
  const [head = '', payload = '', tail = ''] = parts;
  const header = readJwtPart(head);
  const signature = decodeBase64url(tail);
  const isForm = parts.length === 3 && header !== undefined && (payload === '' || decodeBase64url(payload) !== undefined);
  if (!isForm || signature === undefined || signature.length === 0) return 'refused';
  if (typeof header['alg'] !== 'string' || header['alg'] === 'none' || 'crit' in header || 'b64' in header) return 'refused';
  const [only] = keys;
  if (keys.length === 1 && only?.['kty'] === 'oct') return judgeMac(only, header['alg'], `${head}.${payload}`, signature);
  const key = selectKey(keys, header['kid']);
  const scheme = ALGORITHMS.get(header['alg']);
  const algorithm = signingAlgorithms.get(header['alg']);
  if (key === undefined || scheme === undefined || algorithm === undefined) return 'refused';
  if (key.alg !== undefined && key.alg !== header['alg']) return 'refused';
  const input = `${head}.${payload}`;
  const fits = scheme.fits(key.key);
  assert.equal(algorithm.fits(key.key), fits, 'server and resource server agree on the key');
  if (!fits) return 'refused';
  const verified = scheme.verify(input, signature, key.key);
  assert.equal(algorithm.verify(input, signature, key.key), verified, 'server and resource server agree on the signature');
  return verified ? 'accepted' : 'refused';
}

/** A client's secret is text, and theirs are bytes: the reading is ours here, the MAC is made on the spot. */
function judgeMac(key: Jwk, alg: string, input: string, signature: Uint8Array): Verdict {
  const secret = Buffer.from(String(key['k']), 'base64url');
  if (alg !== key['alg'] || !/^HS(?:256|384|512)$/.test(alg)) return 'refused';
  if (secret.length < Number(alg.slice(2)) / 8) return { outside: 'a short secret: the length is judged where clients are verified' };
  const mac = createHmac(`sha${alg.slice(2)}`, secret)
    .update(input, 'latin1')
    .digest();
  return mac.length === signature.length && timingSafeEqual(mac, signature) ? 'accepted' : 'refused';
}

function selectKey(keys: readonly Jwk[], kid: unknown): VerificationKey | undefined {
  const named = keys.map((key) => (keys.length === 1 ? { ...withoutPrivate(key), kid: key['kid'] ?? kid ?? 'key' } : key));
  const set = readKeySet({ keys: named.map(withoutPrivate) }, new Map());
  return typeof kid === 'string' ? set?.get(kid) : [...(set?.values() ?? [])][0];
}

/** The vectors give pairs; a set that publishes private halves is refused elsewhere. Symmetric keys stay what they are. */
function withoutPrivate(key: Jwk): Jwk {
  if (key['kty'] === 'oct') return key;
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = key;
  return rest;
}

async function judgeEncryption(group: VectorGroup, jwe: string, plaintext: string | undefined): Promise<Verdict> {
  const [jwk] = keysOf(group.private);
  if (jwk === undefined) return { outside: 'no private key' };
  if (jwk['kty'] === 'oct') return { outside: 'a key of bytes: ours are made from the text of a secret' };
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return 'refused';
  }
  const [head = ''] = jwe.split('.', 1);
  const header = readJwtPart(head);
  // RFC 8725 §3.1: a key with an `alg` is for that one. Ours serve several, so that this is said here.
  if (jwk['alg'] !== undefined && header?.['alg'] !== jwk['alg']) return 'refused';
  const kid = header?.['kid'];
  const opened = await decryptCompact(jwe, { pairs: [{ kid: typeof kid === 'string' ? kid : 'key', key }], secrets: [] });
  if (opened === undefined) return 'refused';
  if (plaintext !== undefined) assert.equal(Buffer.from(opened.plaintext).toString('hex'), plaintext);
  return 'accepted';
}

function keysOf(key: Jwk | JwkSet | undefined): readonly Jwk[] {
  if (key === undefined) return [];
  return isSet(key) ? key.keys : [key];
}

function isSet(key: Jwk | JwkSet): key is JwkSet {
  return Array.isArray(key['keys']);
}
