import { createECDH, createPrivateKey, hash, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { PASSPORT_TYPE } from '@hufu/protocol/passport';

/** What signs. */
export interface PassportKey {
  /** Of the header, encoded, with the dot behind it. */
  readonly head: string;
  sign(input: string): string;
}

/** The keys of an edge. */
export interface PassportRing {
  /** The key that signs at a time. */
  signer(nowSeconds: number): PassportKey;
  /** All of them, also those that sign no more or not yet (RFC 7517 §5). Only public members. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, string>>[] };
}

/** How long services may keep the set: a key has to be in it for so long before it signs. */
export const JWKS_MAX_AGE_SECONDS = 300;

const MAX_SECRETS = 8;
const SECRET_BYTES = 32;
/** The order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * Keys that are made of the secrets that all gateways of an edge know, so nobody has to hand them round. The newest one signs as soon as every service can have seen it: where there is
 * another one, that goes on for as long as services may keep a set. All are published, so that what the one before has signed holds to its end.
 *
 * @param secrets 32 bytes at least each, the newest first.
 * @param startsAt seconds since 1970: from when on they are published.
 * @throws {TypeError} for secrets that are too short, too many or the same
 */
export function passportRing(secrets: readonly Uint8Array[], startsAt: number): PassportRing {
  if (secrets.length > MAX_SECRETS) throw new TypeError(`Passports are signed with ${MAX_SECRETS} secrets at most`);
  const keys = secrets.map(makeKey);
  const [newest, before] = keys;
  if (newest === undefined) throw new TypeError('Passports are signed with a secret, and there is none');
  if (new Set(keys.map(({ jwk }) => jwk['kid'])).size < keys.length) throw new TypeError('two secrets of Passports are the same');
  return {
    signer: (nowSeconds) => (before !== undefined && nowSeconds < startsAt + JWKS_MAX_AGE_SECONDS ? before : newest),
    jwks: { keys: keys.map(({ jwk }) => jwk) },
  };
}

/** A key that is shared with one service: it could make Passports itself, but only for itself. @throws {TypeError} for one that is too short */
export function sharedKey(secret: Uint8Array, hmac: (input: string) => string): PassportKey {
  if (secret.length < SECRET_BYTES) throw new TypeError('a secret of a service has 32 bytes at least');
  return { head: headOf({ alg: 'HS256' }), sign: hmac };
}

function makeKey(secret: Uint8Array): PassportKey & { readonly jwk: Readonly<Record<string, string>> } {
  if (secret.length < SECRET_BYTES) throw new TypeError('a secret of Passports has 32 bytes at least');
  const { privateKey, x, y } = derive(secret);
  const kid = hash('sha256', JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }), 'base64url').slice(0, 16);
  return {
    head: headOf({ alg: 'ES256', kid }),
    sign: (input) => sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    jwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
  };
}

/** 128 bits more than the order has, so that no number of it comes oftener than another (FIPS 186-5, A.2.1). */
function derive(secret: Uint8Array): { readonly privateKey: KeyObject; readonly x: string; readonly y: string } {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'hufu edge passport', 48));
  const number = (BigInt(`0x${bytes.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const d = Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(d);
  const point = pair.getPublicKey();
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  const jwk = { kty: 'EC', crv: 'P-256', d: d.toString('base64url'), x, y };
  return { privateKey: createPrivateKey({ key: jwk, format: 'jwk' }), x, y };
}

function headOf(header: { readonly alg: string; readonly kid?: string }): string {
  return `${Buffer.from(JSON.stringify({ ...header, typ: PASSPORT_TYPE })).toString('base64url')}.`;
}
