import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { type DpopProof, thumbprintInput } from '@hufu/protocol/dpop';
import { signingAlgorithms } from '../keys/algorithms.ts';

/** The key of a proof, ready to verify with. */
export interface ProofKey {
  /** RFC 7638 §3, SHA-256, base64url. */
  readonly thumbprint: string;
  readonly key: KeyObject;
}

/** Keys that are remembered: a client proves the same one again and again, and importing it costs as much as verifying. Only those that verified get in. */
const MAX_KEPT = 1_000;
const kept = new Map<string, ProofKey>();

/** The key that a proof was really signed with (RFC 9449 §4.3, item 7); undefined where its signature is wrong or its key is no key of its `alg`. */
export function verifyProofKey({
  alg,
  jwk,
  signingInput,
  signature,
}: Pick<DpopProof, 'alg' | 'jwk' | 'signingInput' | 'signature'>): ProofKey | undefined {
  const algorithm = signingAlgorithms.get(alg);
  const input = thumbprintInput(jwk);
  const found = kept.get(input) ?? importKey(jwk, input);
  if (algorithm === undefined || found === undefined) return undefined;
  if (!algorithm.fits(found.key) || !algorithm.verify(signingInput, signature, found.key)) return undefined;
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(input, found);
  return found;
}

function importKey(jwk: DpopProof['jwk'], input: string): ProofKey | undefined {
  try {
    return { thumbprint: hash('sha256', input, 'base64url'), key: createPublicKey({ key: { ...jwk }, format: 'jwk' }) };
  } catch {
    // A point that is not on its curve.
    return undefined;
  }
}
