/**
 * DPoP proofs (RFC 9449 §4.2): what one says, and whether that fits the request. No keys are used here: whoever calls this verifies the
 * signature with `jwk` and makes sure that a proof is taken once.
 */
import { type PublicJwk, readPublicJwks } from './client-jwks.ts';
import { equalText } from './equal-text.ts';
import { type Fault, FieldReader } from './field-reader.ts';
import { readJwt } from './jwt.ts';

/** Signatures of proofs: with a key pair, and none that RFC 8725 §3.2 advises against (RSASSA-PKCS1-v1_5). */
export const DPOP_ALGS: readonly string[] = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'ES384', 'ES512', 'PS384', 'PS512'];

/** Characters of a proof. */
export const MAX_PROOF = 4_096;

/** Seconds that the clock of the one who made a proof may differ from ours, either way (RFC 9449 §11.1). */
export const PROOF_SECONDS = 60;

/** Characters of a `jti`. */
const MAX_JTI = 256;

/** A proof that reads (RFC 9449 §4.2). Its signature is not verified yet. */
export interface DpopProof {
  /** One of `DPOP_ALGS`. */
  readonly alg: string;
  /** The public key, its required members alone (RFC 7638 §3.2). */
  readonly jwk: PublicJwk;
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds since 1970. */
  readonly iat: number;
  /** Base64url of the SHA-256 of the access token that it comes with. */
  readonly ath: string | undefined;
  readonly nonce: string | undefined;
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

/** `reason` is the end of a sentence about the proof, for records. */
export type DpopReading = { readonly kind: 'read'; readonly proof: DpopProof } | { readonly kind: 'refused'; readonly reason: string };

/** Reads a proof (RFC 9449 §4.3, items 2 to 7 but the signature): `typ`, `alg`, a public `jwk`, and the claims that each proof has. */
export function readDpopProof(text: string): DpopReading {
  if (text.length > MAX_PROOF) return refused(`is longer than ${MAX_PROOF} characters`);
  const jwt = readJwt(text);
  if (jwt === undefined) return refused('does not read as a signed JWT');
  const { header, payload, signingInput, signature } = jwt;
  if (header['typ'] !== 'dpop+jwt') return refused('has another typ than dpop+jwt');
  const { alg } = header;
  if (!DPOP_ALGS.includes(alg)) return refused(`has an alg other than ${DPOP_ALGS.join(', ')}`);
  const faults: Fault[] = [];
  const [jwk] = readPublicJwks(new FieldReader({ keys: [header['jwk']] }, [], faults, { nulls: 'wrong', unknown: 'ignored' })).keys;
  if (jwk === undefined || faults.length > 0) return refused(`has a jwk that is no public key: ${faults[0]?.message ?? 'none'}`);
  const { jti, htm, htu, iat, ath, nonce } = payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) return refused('has no jti, or a long one');
  if (typeof htm !== 'string') return refused('has no htm');
  if (typeof htu !== 'string') return refused('has no htu');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return refused('has no iat');
  if (ath !== undefined && typeof ath !== 'string') return refused('has an ath that is no text');
  if (nonce !== undefined && typeof nonce !== 'string') return refused('has a nonce that is no text');
  return { kind: 'read', proof: { alg, jwk: requiredMembers(jwk), jti, htm, htu, iat, ath, nonce, signingInput, signature } };
}

/** The request that a proof is to be for. */
export interface ProvenRequest {
  readonly method: string;
  /** The address that the request was sent to, as its sender knows it; from `normalizeHtu`. */
  readonly uri: string;
  /** Base64url of the SHA-256 of the access token that the request brought; undefined where it brings none (§4.3, item 11). */
  readonly accessTokenHash: string | undefined;
}

/** Why a proof is not for this request and this moment (RFC 9449 §4.3, items 8, 9, 11 and 12 but the key): the end of a sentence, or undefined. */
export function findProofFault(proof: DpopProof, request: ProvenRequest, now: number): string | undefined {
  if (proof.htm !== request.method) return 'is for another method';
  if (normalizeHtu(proof.htu) !== request.uri) return 'is for another address';
  if (proof.iat > now + PROOF_SECONDS) return `was made ${Math.round(proof.iat - now)} seconds in the future`;
  if (proof.iat < now - PROOF_SECONDS) return `was made ${Math.round(now - proof.iat)} seconds ago`;
  if (request.accessTokenHash === undefined || equalText(proof.ath ?? '', request.accessTokenHash)) return undefined;
  return 'is for another access token (ath)';
}

/**
 * An `htu` in its normal form (RFC 9449 §4.3, item 9; RFC 3986 §6.2.2, §6.2.3): scheme and host in lower case, no default port, dots and
 * needless percent-encoding resolved, no query and no fragment. Undefined where it is no http or https address.
 */
export function normalizeHtu(text: string): string | undefined {
  // What URL parsers mend in silence is not mended here: blanks, backslashes, what is not ASCII.
  if (!/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  return url.origin + url.pathname.replace(/%[0-9A-Fa-f]{2}/g, normalizeEscape);
}

/** What the SHA-256 thumbprint of a key is made of (RFC 7638 §3): its required members in lexicographic order, without spaces. */
export function thumbprintInput(jwk: PublicJwk): string {
  return JSON.stringify(Object.fromEntries(Object.entries(requiredMembers(jwk)).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** RFC 7638 §3.2, RFC 8037 §2; RFC 9964 for AKP, which no proof has. */
function requiredMembers({ kty, crv, x, y, n, e }: PublicJwk): PublicJwk {
  const members = Object.entries({ crv, e, kty, n, x, y }).filter((member): member is [string, string] => member[1] !== undefined);
  return { kty, ...Object.fromEntries(members) };
}

function normalizeEscape(escape: string): string {
  const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(char) ? char : escape.toUpperCase();
}

function refused(reason: string): DpopReading {
  return { kind: 'refused', reason };
}
