import { decodeBase64url } from './base64url.ts';
import { type Fault, FieldReader } from './field-reader.ts';
import { isRocaModulus } from './roca.ts';

/** A public key of a client (RFC 7517 §4), only the members we know. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid?: string;
  readonly use?: string;
  readonly alg?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
  /** Of an ML-DSA key (RFC 9964). */
  readonly pub?: string;
  readonly x5c?: readonly string[];
}

/** RFC 7517 §5. */
export interface PublicJwks {
  readonly keys: readonly PublicJwk[];
}

/**
 * Reads the `jwks` of a client (RFC 7591 §2): public keys only, of kinds and sizes that are safe to verify with, at most 20, each
 * `kid` once. Members of a key that we don't know are left out (RFC 7517 §4). Whether a point lies on its curve shows at import.
 */
export function readPublicJwks(fields: FieldReader): PublicJwks {
  const keys = fields.objects('keys', MAX_KEYS) ?? [];
  if (keys.length === 0 && fields.take('keys') === undefined) fields.fault(['keys'], 'is missing');
  const read = keys.map(readKey);
  const kids = new Set<string>();
  for (const [at, { kid }] of read.entries()) {
    if (kid === undefined) continue;
    if (kids.has(kid)) fields.fault(['keys', at, 'kid'], 'is the kid of another key');
    kids.add(kid);
  }
  return { keys: read };
}

/** A set that was fetched, or why nothing of it is taken. */
export type FetchedJwks = { readonly kind: 'read'; readonly jwks: PublicJwks } | { readonly kind: 'refused'; readonly reason: string };

/**
 * Reads what a `jwks_uri` serves. A key that we have no use for is passed over (RFC 7517 §5), so that a client can serve keys of a kind that
 * we don't know; but a private or symmetric one spoils the set (RFC 7517 §9.3): everybody has it now.
 */
export function readFetchedJwks(document: unknown): FetchedJwks {
  const keys: unknown = isObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys)) return { kind: 'refused', reason: 'it is no JWK Set' };
  if (keys.length > MAX_KEYS) return { kind: 'refused', reason: `it has more than ${MAX_KEYS} keys` };
  if (keys.some((key) => isObject(key) && (key['kty'] === 'oct' || PRIVATE_MEMBERS.some((name) => key[name] !== undefined))))
    return { kind: 'refused', reason: 'it holds a private or symmetric key' };
  return { kind: 'read', jwks: { keys: keys.flatMap(readAlone) } };
}

function readAlone(key: unknown): readonly PublicJwk[] {
  const faults: Fault[] = [];
  const read = readPublicJwks(new FieldReader({ keys: [key] }, [], faults, { nulls: 'absent', unknown: 'ignored' }));
  return faults.length === 0 ? read.keys : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MAX_KEYS = 20;
const PRIVATE_MEMBERS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** Characters of a coordinate in base64url (RFC 7518 §6.2.1, RFC 8037 §2), by kind and curve. */
const COORDINATES: Readonly<Record<'EC' | 'OKP', Readonly<Record<string, number>>>> = {
  EC: { 'P-256': 43, 'P-384': 64, 'P-521': 88 },
  OKP: { Ed25519: 43, Ed448: 76, X25519: 43, X448: 75 },
};

/** Characters of a public key in base64url, by algorithm (FIPS 204 table 2). */
const ML_DSA: Readonly<Record<string, number>> = { 'ML-DSA-44': 1750, 'ML-DSA-65': 2603, 'ML-DSA-87': 3456 };

function readKey(key: FieldReader): PublicJwk {
  if (PRIVATE_MEMBERS.some((name) => key.take(name) !== undefined)) key.fault([], 'holds a private or symmetric key');
  const kty = key.choice('kty', ['RSA', 'EC', 'OKP', 'AKP']);
  if (kty === undefined && key.take('kty') === undefined) key.fault(['kty'], 'is missing');
  return {
    kty: kty ?? '',
    ...only('kid', key.text('kid', { max: 255 })),
    ...only('use', key.choice('use', ['sig', 'enc'])),
    ...only('alg', key.text('alg', { max: 64 })),
    ...only('x5c', key.texts('x5c', 5, { max: 8192 })),
    ...(kty === undefined ? {} : readMembers(key, kty)),
  };
}

function readMembers(key: FieldReader, kty: 'RSA' | 'EC' | 'OKP' | 'AKP'): Partial<PublicJwk> {
  if (kty === 'RSA') return readRsa(key);
  return kty === 'AKP' ? readMlDsa(key) : readCurve(key, kty);
}

/** RFC 9964: the algorithm says what the key is. */
function readMlDsa(key: FieldReader): Partial<PublicJwk> {
  const alg = key.choice('alg', Object.keys(ML_DSA));
  if (alg === undefined) {
    if (key.take('alg') === undefined) key.fault(['alg'], 'is missing');
    return {};
  }
  const length = ML_DSA[alg] ?? 0;
  const pub = key.text('pub', { max: 4096, check: (text) => findLengthFault(text, length, alg) });
  if (key.take('pub') === undefined) key.fault(['pub'], 'is missing');
  return { ...only('pub', pub) };
}

function readRsa(key: FieldReader): Partial<PublicJwk> {
  const n = key.text('n', { max: 1400, check: findModulusFault });
  const e = key.text('e', { max: 11, check: findExponentFault });
  if (key.take('n') === undefined) key.fault(['n'], 'is missing');
  if (key.take('e') === undefined) key.fault(['e'], 'is missing');
  return { ...only('n', n), ...only('e', e) };
}

function readCurve(key: FieldReader, kty: 'EC' | 'OKP'): Partial<PublicJwk> {
  const crv = key.choice('crv', Object.keys(COORDINATES[kty]));
  if (crv === undefined) {
    if (key.take('crv') === undefined) key.fault(['crv'], 'is missing');
    return {};
  }
  const length = COORDINATES[kty][crv] ?? 0;
  const check = (text: string): string | undefined => findLengthFault(text, length, crv);
  const x = key.text('x', { max: 100, check });
  if (key.take('x') === undefined) key.fault(['x'], 'is missing');
  if (kty === 'OKP') return { crv, ...only('x', x) };
  const y = key.text('y', { max: 100, check });
  if (key.take('y') === undefined) key.fault(['y'], 'is missing');
  return { crv, ...only('x', x), ...only('y', y) };
}

function findLengthFault(text: string, length: number, kind: string): string | undefined {
  const fits = text.length === length && decodeBase64url(text) !== undefined;
  return fits ? undefined : `is not ${length} base64url characters, as ${kind} has it`;
}

function findModulusFault(text: string): string | undefined {
  const bytes = decodeBase64url(text);
  const first = bytes?.[0] ?? 0;
  if (bytes === undefined || first === 0) return 'is not a number in base64url without leading zeros';
  const bits = bytes.length * 8 - (Math.clz32(first) - 24);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) return `has ${bits} bits, not ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`;
  return isRocaModulus(bytes) ? 'is a weak one, whose factors can be found (CVE-2017-15361)' : undefined;
}

function findExponentFault(text: string): string | undefined {
  const bytes = decodeBase64url(text);
  if (bytes === undefined || (bytes[0] ?? 0) === 0) return 'is not a number in base64url without leading zeros';
  const isOne = bytes.length === 1 && bytes[0] === 1;
  return isOne || (bytes.at(-1) ?? 0) % 2 === 0 ? 'is no RSA exponent' : undefined;
}

function only<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
}
