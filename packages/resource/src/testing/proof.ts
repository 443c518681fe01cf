import { createHash, randomUUID } from 'node:crypto';
import { thumbprintInput } from '@hufu/protocol/dpop';
import { makeKey, signToken, type TestKey } from './issuer.ts';

/** A key to make DPoP proofs with (RFC 9449 §4.2), and its thumbprint. */
export interface ProofKey {
  readonly key: TestKey;
  readonly thumbprint: string;
}

export function makeProofKey(): ProofKey {
  const key = makeKey('ES256', 'proof');
  const input = thumbprintInput({ kty: '', ...key.publicKey.export({ format: 'jwk' }) });
  return { key, thumbprint: createHash('sha256').update(input).digest('base64url') };
}

export interface ProofClaims {
  readonly htm: string;
  readonly htu: string;
  /** The access token that it goes with. */
  readonly token: string;
  readonly nonce: string | undefined;
}

export function makeProof({ key }: ProofKey, { htm, htu, token, nonce }: ProofClaims): string {
  const ath = createHash('sha256').update(token).digest('base64url');
  // oxlint-disable-next-line hufu/time-and-chance -- the verifiers of these tests have the real clock
  const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ath, nonce };
  return signToken(key, claims, { typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }), kid: undefined });
}
