import { formatConfirmation } from '@hufu/protocol/confirmation';
import type { TokenRequest } from './grant.ts';

/**
 * The key that a grant's refresh tokens are bound to: that of the instance of an attested client (Attestation-Based Client Authentication §9.3), or the one that a public
 * client proved (RFC 9449 §5, RFC 8705 §4). A client that proves itself otherwise has no need of it.
 */
export function refreshKey({
  client,
  instance,
  confirmation,
}: Pick<TokenRequest, 'client' | 'instance' | 'confirmation'>): string | undefined {
  const key = instance ?? (client.confidential ? undefined : confirmation);
  return key === undefined ? undefined : formatConfirmation(key);
}
