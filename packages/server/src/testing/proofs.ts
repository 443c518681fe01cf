import { thumbprint } from '../keys/signer.ts';
import { sha256 } from '../tokens/secrets.ts';
import { type ClientKeyPair, clientKeyPair, signWith } from './client-assertions.ts';
import { START } from './world.ts';

/** Somebody with a key, who makes DPoP proofs (RFC 9449 §4.2). */
export interface Prover {
  readonly pair: ClientKeyPair;
  /** Of its key (RFC 7638). */
  readonly jkt: string;
  /** A proof for one request; each has a `jti` of its own. Members that are undefined are left out. */
  prove(request: ProofRequest, claims?: object, header?: object): string;
}

export interface ProofRequest {
  readonly htm: string;
  readonly htu: string;
  /** Seconds since 1970. */
  readonly iat?: number;
  /** The access token that goes with it. */
  readonly token?: string;
  readonly nonce?: string;
}

let jtis = 0;

export async function prover(alg = 'ES256'): Promise<Prover> {
  const pair = await clientKeyPair('none', alg);
  const { kid: _, ...jwk } = pair.jwk;
  return {
    pair,
    jkt: thumbprint(JSON.stringify(jwk)),
    prove({ htm, htu, iat = START, token, nonce }, claims = {}, header = {}) {
      const ath = token === undefined ? undefined : sha256(token);
      return signWith(
        pair,
        { jti: `proof-${jtis++}`, htm, htu, iat, ath, nonce, ...claims },
        { typ: 'dpop+jwt', kid: undefined, jwk, ...header },
      );
    },
  };
}
