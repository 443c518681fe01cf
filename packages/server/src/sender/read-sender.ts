import type { Confirmation } from '@hufu/protocol/confirmation';
import { OAuthError } from '@hufu/protocol/errors';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { readProofOf } from './read-proof.ts';
import { requireNonce, verifyProof } from './verify-proof.ts';

/**
 * The key that a token request comes with, which its access token is then bound to: that of its DPoP proof (RFC 9449 §5), or the certificate
 * of a client that registered `tls_client_certificate_bound_access_tokens` (RFC 8705 §3). Undefined: a bearer's token. Without a proof it
 * answers at once: bearers are the hot path.
 *
 * Throws what `verifyProof` throws, `invalid_dpop_proof` where a client with `dpop_bound_access_tokens` brings none (RFC 9449 §5.2), and
 * `invalid_request` where there is no certificate to bind to.
 */
export function readSender(
  ctx: Context,
  http: HttpRequest,
  client: Client,
  trail: Trail,
  now: number,
): Confirmation | undefined | Promise<Confirmation> {
  const { metadata } = client;
  const { binding } = metadata.settings.devices;
  if (metadata.certificateBoundAccessTokens || binding === 'mtls') return requireCertificate(http, trail);
  const proof = readProof(ctx, http, client, trail, now);
  if (proof !== undefined || !(metadata.dpopBoundAccessTokens || binding === 'dpop')) return proof;
  trail.at('dpop_proof');
  throw new OAuthError('invalid_dpop_proof', 'this client has to send a DPoP proof');
}

/** The key of the DPoP proof in a request to the authorization server, if it has one, whatever the client registered. Throws what `verifyProof` throws. */
export function readProof(ctx: Context, http: HttpRequest, client: Client, trail: Trail, now: number): undefined | Promise<Confirmation> {
  const reading = readProofOf(http);
  if (reading === undefined) return undefined;
  const rules = { nonces: 'as', nonce: client.metadata.settings.dpopNonce, accessToken: undefined, thumbprint: undefined } as const;
  return verifyProof(ctx, http, reading, rules, trail, now);
}

/**
 * Asks for a nonce before the client proves itself: what it proves itself with may be good for one request, and this one has to be sent again
 * (RFC 9449 §8). The proof is judged later. Throws `use_dpop_nonce`.
 */
export function expectNonce(ctx: Context, http: HttpRequest, client: Client, trail: Trail, now: number): void {
  const reading = readProofOf(http);
  if (reading === undefined || reading.kind === 'refused') return;
  trail.at('dpop_nonce');
  requireNonce(ctx, reading.proof.nonce, { nonces: 'as', nonce: client.metadata.settings.dpopNonce }, now);
}

function requireCertificate(http: HttpRequest, trail: Trail): Confirmation {
  trail.at('sender_key');
  if (http.headers['dpop'] !== undefined)
    throw new OAuthError('invalid_request', 'tokens of this client are bound to its certificate; a DPoP proof has no place');
  const certificate = http.certificate?.();
  if (certificate === undefined)
    throw new OAuthError('invalid_request', 'tokens of this client are bound to its certificate, and the connection has none');
  return { method: 'x5t#S256', thumbprint: certificate.thumbprint };
}
