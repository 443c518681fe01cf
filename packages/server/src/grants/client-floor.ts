import { OAuthError } from '@hufu/protocol/errors';
import { floorOfClient } from '../authorize/requirements.ts';
import { levelOf } from '../tokens/acr.ts';
import type { TokenRequest } from './grant.ts';

/**
 * Throws `invalid_grant` where the client (`hufu.sign_in.acr`) wants more shown than `amr` says: what comes by a token or an assertion of somebody else is bound by it as every sign-in is. Before anything
 * is used up.
 *
 * @param amr RFC 8176; empty where an issuer speaks for somebody: nobody here has seen them show anything.
 */
export function requireClientFloor({ client, trail }: Pick<TokenRequest, 'client' | 'trail'>, amr: readonly string[]): void {
  trail.at('sign_in_level');
  const floor = floorOfClient(client);
  const level = levelOf(amr);
  if (level >= floor) return;
  throw new OAuthError('invalid_grant', 'the client takes a stronger authentication than that', {
    detail: `hufu.sign_in.acr wants level ${floor}, and it is ${level}`,
  });
}
