import type { TokenScheme } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { LiveAccessToken } from '../tokens/read-access-token.ts';
import { readProofOf } from './read-proof.ts';
import { verifyProof } from './verify-proof.ts';

/** An access token as it was shown. */
export interface PresentedToken {
  readonly text: string;
  readonly scheme: TokenScheme;
  readonly token: LiveAccessToken;
}

/**
 * Makes sure at a resource of ours that whoever shows an access token has its key: a proof beside one that is bound to a JWK (RFC 9449 §7.1), the same
 * certificate below one that is bound to a certificate (RFC 8705 §3), and nothing with the scheme `DPoP` that is bound to no key (RFC 9449 §7.2).
 * Throws `invalid_token`, or what `verifyProof` throws.
 */
export async function requireSender(ctx: Context, http: HttpRequest, presented: PresentedToken, trail: Trail, now: number): Promise<void> {
  const { token, scheme, text } = presented;
  const { confirmation } = token;
  if (confirmation === undefined && scheme === 'Bearer') return;
  trail.at('sender_key');
  if (confirmation?.method === 'jkt') {
    if (scheme !== 'DPoP') throw invalid('the access token is bound to a key: it comes with a DPoP proof');
    const proof = readProofOf(http);
    if (proof === undefined) throw new OAuthError('invalid_dpop_proof', 'there is no DPoP proof beside the access token');
    const client = await findStoredClient(ctx, token.grant.clientId);
    const nonce = client?.metadata.settings.dpopNonce ?? 'optional';
    await verifyProof(ctx, http, proof, { nonces: 'rs', nonce, accessToken: text, thumbprint: confirmation.thumbprint }, trail, now);
    return;
  }
  if (scheme === 'DPoP') throw invalid('the access token is not bound to a DPoP key');
  if (http.certificate?.()?.thumbprint !== confirmation?.thumbprint) throw invalid('the access token is bound to another certificate');
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_token', description);
}
