import { readRecord, type SessionRecord } from '../session/record.ts';

/** What a key looks like written out: of a pair that came from a storage, whose private half cannot be had back from WebCrypto. */
const written = new WeakMap<CryptoKeyPair, JsonWebKey>();

/** A record as JSON. Throws a `TypeError` for one with a DPoP key that is not extractable. */
export async function writeRecord(record: SessionRecord): Promise<string> {
  const { dpopKey, ...rest } = record;
  return JSON.stringify(dpopKey === undefined ? rest : { ...rest, dpopKey: await writeKey(dpopKey) });
}

/** The record of a text of `writeRecord`; undefined where it is none. The private half of its key is not extractable. */
export async function readWritten(text: string): Promise<SessionRecord | undefined> {
  const value = parse(text);
  const record = readRecord(value);
  if (record === undefined) return undefined;
  const { dpopKey: _, ...rest } = record;
  // Checked by whoever imports it.
  const jwk = typeof value === 'object' && value !== null && 'dpopKey' in value ? (value.dpopKey as JsonWebKey) : undefined;
  if (jwk === undefined) return rest;
  const dpopKey = await readKey(jwk).catch(() => undefined);
  return dpopKey === undefined ? undefined : { ...rest, dpopKey };
}

/** A value of JSON; undefined where the text is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a key can be written out: it is extractable, or was read here. */
export function isWritable(pair: CryptoKeyPair): boolean {
  return pair.privateKey.extractable || written.has(pair);
}

async function writeKey(pair: CryptoKeyPair): Promise<JsonWebKey> {
  const known = written.get(pair);
  if (known !== undefined) return known;
  if (!pair.privateKey.extractable) throw new TypeError('a storage that writes keys out needs one that is extractable');
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  written.set(pair, jwk);
  return jwk;
}

async function readKey(jwk: JsonWebKey): Promise<CryptoKeyPair> {
  const algorithm = jwk.kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: jwk.crv ?? '' };
  const { d: _, key_ops: _ops, ...rest } = jwk;
  const privateKey = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']);
  const publicKey = await crypto.subtle.importKey('jwk', rest, algorithm, true, ['verify']);
  const pair = { privateKey, publicKey };
  written.set(pair, jwk);
  return pair;
}
