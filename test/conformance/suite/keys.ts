import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { asText, type Json } from './json.ts';

/** A signing key of a relying party. */
export interface ClientKey {
  readonly privateKey: KeyObject;
  /** As it is published: with or without a `kid`. */
  readonly jwk: Json;
  readonly kid: string | undefined;
}

const made: { readonly privateKey: KeyObject; readonly jwk: Json }[] = [];

/**
 * An RSA key for RS256. Making one costs more than all the rest of a module, so those of a process are numbered and used again.
 * @param number 0 and 1 for the two clients, 2 for what a client changes to
 * @param kid `thumbprint` (RFC 7638) or none at all: a set of one key needs none (RFC 7517 §4.5)
 */
export function clientKey(number: number, kid: 'none' | 'thumbprint'): ClientKey {
  while (made.length <= number) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    made.push({ privateKey, jwk: { ...publicKey.export({ format: 'jwk' }) } });
  }
  const key = made[number];
  if (key === undefined) throw new TypeError(`no key ${number}`);
  const name = kid === 'none' ? undefined : thumbprint(key.jwk);
  return {
    privateKey: key.privateKey,
    jwk: { ...key.jwk, use: 'sig', alg: 'RS256', ...(name === undefined ? {} : { kid: name }) },
    kid: name,
  };
}

function thumbprint(jwk: Json): string {
  const { e, kty, n } = jwk;
  return createHash('sha256')
    .update(JSON.stringify({ e: asText(e, 'e'), kty: asText(kty, 'kty'), n: asText(n, 'n') }))
    .digest('base64url');
}
