import { ATTESTATION_HEADER, ATTESTATION_PROOF_HEADER } from '@hufu/protocol/client-attestation';
import { type ClientKeyPair, signWith } from './client-assertions.ts';
import { ISSUER, START } from './world.ts';

let jtis = 0;

/** An attestation for the key of an instance; members of either part that are undefined are left out. */
export function attest(
  attester: ClientKeyPair,
  clientId: string,
  instance: ClientKeyPair,
  claims: object = {},
  header: object = {},
): string {
  const { kid: _, ...jwk } = instance.jwk;
  return signWith(
    attester,
    { sub: clientId, iat: START, exp: START + 3_600, cnf: { jwk }, ...claims },
    { typ: 'oauth-client-attestation+jwt', ...header },
  );
}

/** The proof of an instance for one request; each has a `jti` of its own. */
export function proveInstance(instance: ClientKeyPair, claims: object = {}, header: object = {}): string {
  const payload = { aud: ISSUER, jti: `pop-${jtis++}`, iat: START, ...claims };
  return signWith(instance, payload, { typ: 'oauth-client-attestation-pop+jwt', kid: undefined, ...header });
}

export function attestationHeaders(attestation: string, proof: string): Readonly<Record<string, string>> {
  return { [ATTESTATION_HEADER]: attestation, [ATTESTATION_PROOF_HEADER]: proof };
}
