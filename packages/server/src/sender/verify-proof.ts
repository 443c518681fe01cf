import { hash } from 'node:crypto';
import type { Confirmation } from '@hufu/protocol/confirmation';
import { type DpopReading, findProofFault, normalizeHtu, PROOF_SECONDS } from '@hufu/protocol/dpop';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { sha256 } from '../tokens/secrets.ts';
import { isFreshNonce, type NonceKind } from './nonce.ts';
import { verifyProofKey } from './proof-key.ts';

/** Who asks for a proof. */
export interface ProofRules {
  /** Whose nonces count. */
  readonly nonces: NonceKind;
  /** `optional`: one that is there is checked all the same. */
  readonly nonce: 'required' | 'optional';
  /** The access token that the proof comes with; undefined where it comes with none. */
  readonly accessToken: string | undefined;
  /** The thumbprint that the key has to have; undefined: any. */
  readonly thumbprint: string | undefined;
}

const PERIOD_SECONDS = 256;

/** The public description never says more than that: why is for the decision record. */
const PROOF_REFUSED = 'the DPoP proof is not valid for this request';

/**
 * Judges a DPoP proof (RFC 9449 §4.3) and uses it up: of any number of racers with the same one, on any number of nodes, one gets through (§11.1).
 * Nothing is used up by a proof that fails. Throws `invalid_dpop_proof`, `use_dpop_nonce` (§8), or `invalid_token` for another key than
 * the access token's (§7.1).
 *
 * @param now seconds since 1970.
 */
export async function verifyProof(
  ctx: Context,
  http: HttpRequest,
  reading: DpopReading,
  rules: ProofRules,
  trail: Trail,
  now: number,
): Promise<Confirmation> {
  trail.at('dpop_proof');
  if (reading.kind === 'refused') throw refused(`it ${reading.reason}`);
  const { proof } = reading;
  const key = verifyProofKey(proof);
  if (key === undefined) throw refused('its signature is wrong, or its key is none of its alg');
  const uri = normalizeHtu(ctx.issuer + http.path) ?? '';
  const accessTokenHash = rules.accessToken === undefined ? undefined : sha256(rules.accessToken);
  const fault = findProofFault(proof, { method: http.method, uri, accessTokenHash }, now);
  if (fault !== undefined) throw refused(`it ${fault}`);
  trail.at('dpop_nonce');
  requireNonce(ctx, proof.nonce, rules, now);
  if (rules.thumbprint !== undefined && rules.thumbprint !== key.thumbprint) {
    trail.at('sender_key');
    throw new OAuthError('invalid_token', 'the access token is bound to another key', { detail: `proved ${key.thumbprint}` });
  }
  trail.at('dpop_unused');
  const name = hash('sha256', `${key.thumbprint}\n${proof.jti}`, 'base64url');
  if (!(await ctx.store.takeOnce(ctx.tenant, 'dpop_proof', name, endOfMark(proof.iat), now))) throw refused('its jti has been used before');
  return { method: 'jkt', thumbprint: key.thumbprint };
}

/** Of a period, as marks are told apart by it: a `jti` that comes again in a proof of a little later is not new (docs/decisions/0011). */
function endOfMark(iat: number): number {
  return (Math.floor(iat / PERIOD_SECONDS) + 1) * PERIOD_SECONDS + 2 * PROOF_SECONDS;
}

/** Throws `use_dpop_nonce` where a proof has no nonce and needs one, or one that is not of now (RFC 9449 §8). */
export function requireNonce(ctx: Context, nonce: string | undefined, rules: Pick<ProofRules, 'nonces' | 'nonce'>, now: number): void {
  if (nonce === undefined ? rules.nonce === 'optional' : isFreshNonce(ctx, rules.nonces, nonce, now)) return;
  const detail = nonce === undefined ? 'it has no nonce' : 'its nonce is not one of now';
  throw new OAuthError('use_dpop_nonce', 'the DPoP proof needs the nonce that comes with this answer', { detail });
}

function refused(detail: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', PROOF_REFUSED, { detail });
}
