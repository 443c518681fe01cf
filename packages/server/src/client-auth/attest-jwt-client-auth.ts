import { hash } from 'node:crypto';
import {
  ATTESTATION_HEADER,
  ATTESTATION_PROOF_HEADER,
  type ClientAttestation,
  findAttestationFault,
  findAttestationProofFault,
  readAttestationProof,
  readClientAttestation,
} from '@hufu/protocol/client-attestation';
import type { Confirmation } from '@hufu/protocol/confirmation';
import { PROOF_SECONDS, thumbprintInput } from '@hufu/protocol/dpop';
import { findSignatureFault } from '../client-keys/find-signature-fault.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { verifyProofKey } from '../sender/proof-key.ts';
import type { AuthMethod } from './auth-method.ts';
import type { AuthenticatedClient } from './authenticated-client.ts';

const NAME = 'attest_jwt_client_auth';

/**
 * An attester that we trust with the client vouches for the key of one of its instances, and the instance proves to have it, for us, now, and once
 * (Attestation-Based Client Authentication §7.1, §7.2). The attestation is shown many times, its proof is used up.
 */
export const attestJwtClientAuth: AuthMethod = {
  name: NAME,
  mechanism: 'client_attestation',
  async prove(ctx, client, { proof: text, request, trail, now }) {
    trail.at('client_attestation');
    const read = readClientAttestation(text);
    if (read.kind === 'refused') return `the attestation ${read.reason}`;
    const { attestation } = read;
    const untrusted = await findAttesterFault(ctx, client, attestation, now);
    if (untrusted !== undefined) return untrusted;
    if (attestation.clientId !== client.id) return 'the attestation is about another client';
    const late = findAttestationFault(attestation, now);
    if (late !== undefined) return `the attestation ${late}`;
    trail.at('client_attestation_proof');
    // Node joins repeated headers with commas, which no JWT has (Attestation-Based Client Authentication §7.2).
    const shown = readAttestationProof(String(request.headers[ATTESTATION_PROOF_HEADER] ?? ''));
    if (shown.kind === 'refused') return `the proof ${shown.reason}`;
    const { proof } = shown;
    const key = verifyProofKey({ ...proof, jwk: attestation.jwk });
    if (key === undefined) return 'the proof is not signed with the key of the attestation';
    const fault = findAttestationProofFault(proof, ctx.issuer, now);
    if (fault !== undefined) return `the proof ${fault}`;
    trail.at('assertion_unused');
    const mark = hash('sha256', `attested\n${key.thumbprint}\n${proof.jti}`, 'base64url');
    const end = Math.ceil(proof.iat) + 2 * PROOF_SECONDS;
    if (!(await ctx.store.takeOnce(ctx.tenant, 'client_assertion', mark, end, now))) return 'the jti of the proof has been used before';
    trail.at('client_authentication');
    return undefined;
  },
};

/**
 * The key of the instance that sent a request, where its client proved itself by an attestation: refresh tokens are bound to it
 * (Attestation-Based Client Authentication §9.3). Undefined for every other client.
 */
export function attestedKey({ metadata }: AuthenticatedClient, { headers }: HttpRequest): Confirmation | undefined {
  if (metadata.tokenEndpointAuthMethod !== NAME) return undefined;
  const read = readClientAttestation(String(headers[ATTESTATION_HEADER] ?? ''));
  if (read.kind === 'refused') return undefined;
  return { method: 'jkt', thumbprint: hash('sha256', thumbprintInput(read.attestation.jwk), 'base64url') };
}

/** Any of those who may speak for that client has signed it; undefined then. Where it names its issuer, only that one counts. */
async function findAttesterFault(
  ctx: Context,
  { id }: Client,
  { issuer, jwt }: ClientAttestation,
  now: number,
): Promise<string | undefined> {
  let last = 'no attester is trusted with this client, or not the one that the attestation names';
  for (const attester of ctx.config.policies.trustedAttesters) {
    if (!attester.clients.includes(id) || (issuer !== undefined && issuer !== attester.issuer)) continue;
    const fault = await findSignatureFault(ctx, attester, 'the attester', jwt, now);
    if (fault === undefined) return undefined;
    last = `of the attestation: ${fault}`;
  }
  return last;
}
