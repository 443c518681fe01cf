import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { TokenScheme } from '@hufu/protocol/bearer';
import { type DpopProof, findProofFault, normalizeHtu, PROOF_SECONDS, readDpopProof, thumbprintInput } from '@hufu/protocol/dpop';
import { equalText } from '@hufu/protocol/equal-text';
import { ALGORITHMS } from './algorithms.ts';
import type { Nonces } from './nonces.ts';
import type { Replays } from './replays.ts';
import { type LiveToken, type RefusedToken, refuse } from './verification.ts';

/** What the sender of a request shows beside the access token. */
export interface Sender {
  /** How the token came (RFC 6750 §2.1, RFC 9449 §7.1). */
  readonly scheme: TokenScheme;
  /** The `DPoP` header; undefined where there is none. */
  readonly proof: string | undefined;
  /** Of the request. */
  readonly method: string;
  /** The address of the request as its sender knows it; undefined where nobody can tell, and then no proof is for it. */
  readonly url: string | undefined;
  /** SHA-256 of the certificate below the request (RFC 8705 §3.1), base64url; undefined where there is none. */
  readonly certificate: string | undefined;
}

export interface ProofRules {
  readonly replays: Replays;
  /** Undefined: proofs need no nonce. */
  readonly nonces: Nonces | undefined;
}

/**
 * Whether whoever shows a live token has its key: a proof for this request beside one that is bound to a JWK (RFC 9449 §7.1), the same certificate
 * below one that is bound to a certificate (RFC 8705 §3); and no scheme `DPoP` for a token without a key (RFC 9449 §7.2).
 *
 * @param now seconds since 1970.
 */
export async function findSenderFault(
  token: LiveToken,
  text: string,
  sender: Sender | undefined,
  rules: ProofRules,
  now: number,
): Promise<RefusedToken | undefined> {
  const { confirmation } = token;
  if (confirmation === undefined) return sender?.scheme === 'DPoP' ? refuse('wrong_scheme') : undefined;
  if (sender === undefined) return refuse('sender_constrained');
  if (confirmation.method === 'jkt') {
    return sender.scheme === 'DPoP' ? findFault(confirmation.thumbprint, text, sender, rules, now) : refuse('sender_constrained');
  }
  if (sender.scheme === 'DPoP') return refuse('wrong_scheme');
  if (sender.certificate === undefined) return refuse('wrong_key', { detail: 'there is no certificate' });
  return equalText(sender.certificate, confirmation.thumbprint) ? undefined : refuse('wrong_key', { detail: sender.certificate });
}

/** RFC 9449 §4.3. What fails is not used up. */
async function findFault(jkt: string, text: string, sender: Sender, rules: ProofRules, now: number): Promise<RefusedToken | undefined> {
  const wrong = (detail: string): RefusedToken => refuse('wrong_proof', { detail });
  if (sender.proof === undefined) return wrong('there is none');
  const reading = readDpopProof(sender.proof);
  if (reading.kind === 'refused') return wrong(reading.reason);
  const { proof } = reading;
  const thumbprint = verify(proof);
  if (thumbprint === undefined) return wrong('its signature is wrong, or its key is none of its alg');
  const uri = sender.url === undefined ? undefined : normalizeHtu(sender.url);
  if (uri === undefined) return wrong('nobody can tell which address the request was sent to');
  const fault = findProofFault(proof, { method: sender.method, uri, accessTokenHash: hash('sha256', text, 'base64url') }, now);
  if (fault !== undefined) return wrong(fault);
  if (rules.nonces !== undefined && (proof.nonce === undefined || rules.nonces.isFresh(proof.nonce, now) !== true))
    return refuse('nonce_needed');
  if (!equalText(thumbprint, jkt)) return refuse('wrong_key', { detail: thumbprint });
  const name = hash('sha256', `${thumbprint}\n${proof.jti}`, 'base64url');
  try {
    const isFirst = await rules.replays.takeOnce(name, Math.ceil(proof.iat) + 2 * PROOF_SECONDS, now);
    return isFirst ? undefined : wrong('its jti has been used before');
  } catch (cause) {
    return refuse('proofs_unavailable', { cause });
  }
}

/** The thumbprint (RFC 7638) of the key that a proof was signed with; undefined where its signature is wrong. */
function verify({ alg, jwk, signingInput, signature }: DpopProof): string | undefined {
  const scheme = ALGORITHMS.get(alg);
  const key = importKey(jwk);
  if (scheme === undefined || key === undefined || !scheme.fits(key) || !scheme.verify(signingInput, signature, key)) return undefined;
  return hash('sha256', thumbprintInput(jwk), 'base64url');
}

function importKey(jwk: DpopProof['jwk']): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    // A point that is not on its curve.
    return undefined;
  }
}
