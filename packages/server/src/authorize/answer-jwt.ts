import { encryptToClient } from '../client-keys/encrypt-to-client.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { usualAlgorithm } from '../keys/usual-algorithm.ts';
import { responseSigner } from '../tokens/response-signer.ts';
import type { AnswerField } from './issue-answer.ts';

/** Seconds; ten minutes are the most that is recommended (JARM §2.1). */
const LIFETIME = 600;

/**
 * An answer of the authorization endpoint as a JWT (JARM §2.1), signed and then perhaps encrypted as the client registered it (§2.2). `iss` is among the
 * answer's own parameters (RFC 9207 §2) and the same.
 */
export async function answerJwt(ctx: Context, client: Client, answer: readonly AnswerField[], now: number): Promise<string> {
  const { authorizationSignedResponseAlg, authorizationEncryption } = client.metadata;
  const claims: Record<string, unknown> = { iss: ctx.issuer, aud: client.id, exp: now + LIFETIME };
  for (const [name, value] of answer) {
    // JSON has numbers where the form of an answer has digits (RFC 6749 §5.1).
    if (value !== undefined) claims[name] = name === 'expires_in' ? Number(value) : value;
  }
  const signed = responseSigner(ctx, client, authorizationSignedResponseAlg ?? usualAlg(ctx), now).sign(claims);
  return authorizationEncryption === undefined ? signed : await encryptToClient(ctx, client, authorizationEncryption, signed, 'JWT', now);
}

/** RS256 (JARM §3), or the first that this server signs with. */
function usualAlg({ config }: Context): string {
  return usualAlgorithm(config.signing.algorithms, 'RS256');
}
