import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Signer } from './signer.ts';
import { usualAlgorithm } from './usual-algorithm.ts';

/** What signs with an algorithm now. Throws `server_error` where no key does. */
export function requireSigner({ keys }: Pick<Context, 'keys'>, alg: string, now: number): Signer {
  const signer = keys.signerFor(alg, now);
  if (signer === undefined) throw new OAuthError('server_error', 'no signing key', { detail: `no active ${alg} key` });
  return signer;
}

/** What signs for everybody: status lists, batches of the revocation log. Throws `server_error` where no key does. */
export function usualSigner(ctx: Pick<Context, 'keys' | 'config'>, now: number): Signer {
  return requireSigner(ctx, usualAlgorithm(ctx.config.signing.algorithms, 'ES256'), now);
}
