import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { asObject, asText, type Json, readObject } from './json.ts';
import type { ClientKey } from './keys.ts';

/** A compact JWS, taken apart; nothing about it is believed yet. */
export interface Jwt {
  readonly text: string;
  readonly header: Json;
  readonly claims: Json;
}

export function readJwt(text: string, what: string): Jwt {
  assert.match(text, /^[\w-]+\.[\w-]+\.[\w-]*$/, `${what} is no compact JWS`);
  const [header = '', claims = ''] = text.split('.');
  return { text, header: readPart(header, `${what}: header`), claims: readPart(claims, `${what}: claims`) };
}

/** Verifies it with the one key of the set that its `kid` and `alg` name (RFC 7515 §5.2, RFC 7517 §4). */
export function checkSignature({ text, header }: Jwt, jwks: Json, what: string): void {
  const alg = asText(header['alg'], `${what}: alg`);
  const kid = asText(header['kid'], `${what}: kid`);
  const keys = readKeys(jwks).filter((key) => key['kid'] === kid);
  const [jwk] = keys;
  assert.ok(jwk !== undefined && keys.length === 1, `${what}: its kid ${kid} names ${keys.length} keys of the server's set`);
  if (jwk['alg'] !== undefined) assert.equal(jwk['alg'], alg, `${what}: its key is for another alg`);
  if (jwk['use'] !== undefined) assert.equal(jwk['use'], 'sig', `${what}: its key is not for signatures`);
  const end = text.lastIndexOf('.');
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  assert.ok(verifyBytes(alg, text.slice(0, end), Buffer.from(text.slice(end + 1), 'base64url'), key), `${what}: its signature is wrong`);
}

export function readKeys(jwks: Json): readonly Json[] {
  const { keys } = jwks;
  assert.ok(Array.isArray(keys), 'the key set has no list of keys');
  return keys.map((key) => asObject(key, 'a key'));
}

/** The left half of a hash, for `at_hash`, `c_hash` (OpenID Connect Core §3.3.2.11). */
export function halfHash(alg: unknown, text: string): string {
  const hash = createHash(digestOf(asText(alg, 'alg')))
    .update(text, 'ascii')
    .digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}

/** Signs with RS256; the header says `kid` where the key has one, and no `typ`. */
export function signRs256(claims: Json, key: ClientKey): string {
  return signJwt({ alg: 'RS256', kid: key.kid }, claims, key.privateKey);
}

/** Signs with what the header's `alg` says: RS256, PS256, ES256 or none. Members that are undefined are left out. */
export function signJwt(header: Json, claims: Json, key: KeyObject): string {
  const input = `${writePart(header)}.${writePart(claims)}`;
  return `${input}.${signature(header['alg'], Buffer.from(input), key).toString('base64url')}`;
}

function signature(alg: unknown, data: Buffer, key: KeyObject): Buffer {
  switch (alg) {
    case 'none':
      return Buffer.alloc(0);
    case 'PS256':
      return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    case 'ES256':
      return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
    default:
      return sign('sha256', data, key);
  }
}

/** RFC 7519 §6.1 */
export function unsecured(claims: Json): string {
  return `${writePart({ alg: 'none' })}.${writePart(claims)}.`;
}

function verifyBytes(alg: string, input: string, signature: Buffer, key: KeyObject): boolean {
  const data = Buffer.from(input, 'ascii');
  if (alg === 'EdDSA' || alg === 'Ed25519') return key.asymmetricKeyType === 'ed25519' && verify(null, data, key, signature);
  const digest = digestOf(alg);
  switch (alg.slice(0, 2)) {
    case 'RS':
      return key.asymmetricKeyType === 'rsa' && verify(digest, data, key, signature);
    case 'PS': {
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      return key.asymmetricKeyType === 'rsa' && verify(digest, data, options, signature);
    }
    case 'ES':
      return key.asymmetricKeyType === 'ec' && verify(digest, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
    default:
      return false;
  }
}

function digestOf(alg: string): string {
  if (alg === 'EdDSA' || alg === 'Ed25519') return 'sha512';
  const bits = /^[RPE]S(256|384|512)$/.exec(alg)?.[1];
  assert.ok(bits !== undefined, `alg ${alg} is no signature that a relying party could verify`);
  return `sha${bits}`;
}

function readPart(part: string, what: string): Json {
  return readObject(Buffer.from(part, 'base64url').toString('utf8'), what);
}

function writePart(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
