/**
 * Client attestations (OAuth Attestation-Based Client Authentication, draft 10): an attester vouches for the key of one instance of a client, and the
 * instance proves it with each request. No keys are used here: whoever calls this verifies both signatures and takes a proof once.
 */
import { type PublicJwk, readPublicJwks } from './client-jwks.ts';
import { DPOP_ALGS, PROOF_SECONDS } from './dpop.ts';
import { type Fault, FieldReader } from './field-reader.ts';
import { SIGNATURE_ALGS } from './jose-algorithms.ts';
import { type ReadJwt, readJwt } from './jwt.ts';

/** Names of the header fields (Attestation-Based Client Authentication §4, §5.1), as Node has them. */
export const ATTESTATION_HEADER = 'oauth-client-attestation';
export const ATTESTATION_PROOF_HEADER = 'oauth-client-attestation-pop';

/** Algorithms of attestations: with a key pair, since two sides that share a secret could not be told apart. */
export const ATTESTATION_ALGS: readonly string[] = SIGNATURE_ALGS;
/** Algorithms of their proofs. */
export const ATTESTATION_PROOF_ALGS: readonly string[] = DPOP_ALGS;

/** Characters of either. */
const MAX_TEXT = 8_192;
const MAX_JTI = 256;
/** Seconds that the attester's clock may be ahead. */
const SKEW = 60;

/** An attestation that reads (Attestation-Based Client Authentication §4). Its signature is not verified yet. */
export interface ClientAttestation {
  readonly jwt: ReadJwt;
  /** Its `sub`. */
  readonly clientId: string;
  readonly issuer: string | undefined;
  /** The public key of the instance. */
  readonly jwk: PublicJwk;
}

/** A proof that reads (Attestation-Based Client Authentication §5.1). Its signature is not verified yet. */
export interface AttestationProof {
  readonly alg: string;
  readonly aud: unknown;
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

/** `reason` is the end of a sentence about the JWT, for records. */
export type AttestationReading =
  | { readonly kind: 'read'; readonly attestation: ClientAttestation }
  | { readonly kind: 'refused'; readonly reason: string };
export type AttestationProofReading =
  | { readonly kind: 'read'; readonly proof: AttestationProof }
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads an attestation: its `typ`, a signature with a key pair, whom it is about, and a public key in `cnf` (Attestation-Based Client Authentication §4). */
export function readClientAttestation(text: string): AttestationReading {
  const jwt = readOfType(text, 'oauth-client-attestation+jwt', ATTESTATION_ALGS);
  if (typeof jwt === 'string') return { kind: 'refused', reason: jwt };
  const { sub, iss, cnf } = jwt.payload;
  if (typeof sub !== 'string' || sub === '') return { kind: 'refused', reason: 'has no sub' };
  if (iss !== undefined && typeof iss !== 'string') return { kind: 'refused', reason: 'has an iss that is no text' };
  const faults: Fault[] = [];
  const member: unknown = typeof cnf === 'object' && cnf !== null ? Object.getOwnPropertyDescriptor(cnf, 'jwk')?.value : undefined;
  const [jwk] = readPublicJwks(new FieldReader({ keys: [member] }, [], faults, { nulls: 'wrong', unknown: 'ignored' })).keys;
  if (jwk === undefined || faults.length > 0)
    return { kind: 'refused', reason: `has no public key in cnf: ${faults[0]?.message ?? 'none'}` };
  return { kind: 'read', attestation: { jwt, clientId: sub, issuer: iss, jwk } };
}

/** Why an attestation is not of now (Attestation-Based Client Authentication §7.1): the end of a sentence, or undefined. */
export function findAttestationFault({ jwt: { payload } }: ClientAttestation, now: number): string | undefined {
  const { exp, iat, nbf } = payload;
  if (!isTime(exp)) return 'has no exp';
  if (exp <= now) return `has expired at ${exp}`;
  for (const [name, time] of [
    ['iat', iat],
    ['nbf', nbf],
  ] as const) {
    if (time === undefined) continue;
    if (!isTime(time)) return `has an ${name} that is not a time`;
    if (time > now + SKEW) return `has an ${name} that is to come`;
  }
  return undefined;
}

/** Reads a proof: its `typ`, a signature with a key pair, and the claims that each one has (Attestation-Based Client Authentication §5.1). */
export function readAttestationProof(text: string): AttestationProofReading {
  const jwt = readOfType(text, 'oauth-client-attestation-pop+jwt', ATTESTATION_PROOF_ALGS);
  if (typeof jwt === 'string') return { kind: 'refused', reason: jwt };
  const { header, payload, signingInput, signature } = jwt;
  const { aud, jti, iat } = payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) return { kind: 'refused', reason: 'has no jti, or a long one' };
  if (!isTime(iat)) return { kind: 'refused', reason: 'has no iat' };
  return { kind: 'read', proof: { alg: header.alg, aud, jti, iat, signingInput, signature } };
}

/** Why a proof is not for this server at this moment (Attestation-Based Client Authentication §7.2): the end of a sentence, or undefined. */
export function findAttestationProofFault({ aud, iat }: AttestationProof, issuer: string, now: number): string | undefined {
  // A proof is for one server: whoever else it names could show it to us.
  if (aud !== issuer) return 'is for another server than this one alone';
  if (iat > now + PROOF_SECONDS) return `was made ${Math.round(iat - now)} seconds in the future`;
  if (iat < now - PROOF_SECONDS) return `was made ${Math.round(now - iat)} seconds ago`;
  return undefined;
}

function readOfType(text: string, typ: string, algs: readonly string[]): ReadJwt | string {
  if (text.length > MAX_TEXT) return `is longer than ${MAX_TEXT} characters`;
  const jwt = readJwt(text);
  if (jwt === undefined) return 'does not read as a signed JWT';
  if (jwt.header['typ'] !== typ) return `has another typ than ${typ}`;
  return algs.includes(jwt.header.alg) ? jwt : `has an alg other than ${algs.join(', ')}`;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
