import { newSecret, sha256 } from './bytes.ts';
import { signJwt } from './sign-jwt.ts';

/** A request that a proof is made for. */
export interface ProofRequest {
  readonly method: string;
  readonly url: string;
  /** The access token that goes along: the proof is for this one alone (RFC 9449 §4.2 `ath`). */
  readonly accessToken?: string | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** What the server of the address wants to see (RFC 9449 §8, §9). */
  readonly nonce?: string | undefined;
}

const ES256 = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };

/** Whether the private half of a key can be read out: `sealed` means by nobody, and IndexedDB keeps it so; a file needs `extractable`. */
export type DpopKeys = 'sealed' | 'extractable';

/** A key pair for proofs, ES256. */
export async function newDpopKey(keys: DpopKeys = 'sealed'): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ES256, keys === 'extractable', ['sign', 'verify']);
}

/** A DPoP proof (RFC 9449 §4.2), with a `jti` of its own each time. */
export async function dpopProof(key: CryptoKeyPair, { method, url, accessToken, nowMs, nonce }: ProofRequest): Promise<string> {
  const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: await publicJwk(key) };
  const ath = accessToken === undefined ? undefined : await sha256(accessToken);
  // RFC 9449 §4.2: without query and fragment.
  const htu = /^[^?#]*/.exec(new URL(url).href)?.[0];
  return signJwt(header, { jti: newSecret(), htm: method, htu, iat: Math.floor(nowMs / 1_000), nonce, ath }, key.privateKey, ES256);
}

/** The thumbprint of the key (RFC 7638 §3): `dpop_jkt` of an authorization request (RFC 9449 §10). */
export async function dpopThumbprint(key: CryptoKeyPair): Promise<string> {
  return sha256(JSON.stringify(await publicJwk(key)));
}

/** The required members in the order that thumbprints have (RFC 7638 §3.2). */
async function publicJwk(key: CryptoKeyPair): Promise<JsonWebKey> {
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', key.publicKey);
  return { ...(crv && { crv }), ...(kty && { kty }), ...(x && { x }), ...(y && { y }) };
}

const MAX_ORIGINS = 32;
const MAX_NONCE = 1_024;

/** The newest nonce of each server (RFC 9449 §8.2), for the 32 that spoke last. */
export class DpopNonces {
  readonly #byOrigin = new Map<string, string>();

  of(url: string): string | undefined {
    return this.#byOrigin.get(new URL(url).origin);
  }

  /**
   * @param nonce of the answer (`DPoP-Nonce`); null: it has none.
   * @param sent the one that the request carried.
   * @returns whether the answer brought another: then the request is worth sending again. That others have brought it before says nothing.
   */
  keep(url: string, nonce: string | null, sent: string | undefined): boolean {
    const { origin } = new URL(url);
    if (nonce === null || nonce === '' || nonce.length > MAX_NONCE) return false;
    this.#byOrigin.delete(origin);
    this.#byOrigin.set(origin, nonce);
    const [oldest] = this.#byOrigin.keys();
    if (oldest !== undefined && this.#byOrigin.size > MAX_ORIGINS) this.#byOrigin.delete(oldest);
    return nonce !== sent;
  }
}
