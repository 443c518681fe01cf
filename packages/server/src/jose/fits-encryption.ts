import type { KeyObject } from 'node:crypto';
import { isStrongRsa } from '../keys/algorithms.ts';

/** Whether a key, of whoever's making, is of the kind that an `alg` encrypts to or decrypts with (RFC 7518 §4.3, §4.6, RFC 8037 §3.2), and strong enough. */
export function fitsEncryption(alg: string, key: KeyObject): boolean {
  if (alg === 'RSA-OAEP' || alg === 'RSA-OAEP-256') return isStrongRsa(key);
  if (!alg.startsWith('ECDH-ES')) return false;
  return (
    key.asymmetricKeyType === 'x25519' || (key.asymmetricKeyType === 'ec' && CURVES.includes(key.asymmetricKeyDetails?.namedCurve ?? ''))
  );
}

/** P-256, P-384 and P-521, as OpenSSL names them. */
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];
