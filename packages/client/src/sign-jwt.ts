import { toBase64url } from './base64url-text.ts';
import { toBytes } from './bytes.ts';

/**
 * Signs a JWT.
 *
 * @param scheme as WebCrypto is told about the algorithm in `header.alg`.
 */
export async function signJwt(
  header: { readonly alg: string; readonly [name: string]: unknown },
  payload: object,
  key: CryptoKey,
  scheme: EcdsaParams | RsaPssParams,
): Promise<string> {
  const signingInput = `${part(header)}.${part(payload)}`;
  return `${signingInput}.${toBase64url(new Uint8Array(await crypto.subtle.sign(scheme, key, toBytes(signingInput))))}`;
}

function part(value: object): string {
  return toBase64url(toBytes(JSON.stringify(value)));
}
