import { type Confirmation, formatConfirmation } from '@hufu/protocol/confirmation';
import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import type { Trail } from '../decisions/trail.ts';

/**
 * Throws `invalid_grant` unless the request comes with the key that a credential is bound to (RFC 9449 §5, §10; RFC 8705 §4).
 *
 * @param boundKey as `formatConfirmation` wrote it.
 * @param description what whoever has another key learns.
 */
export function requireKey(
  boundKey: string,
  { confirmation, trail }: { readonly confirmation: Confirmation | undefined; readonly trail: Trail },
  description: string,
): void {
  trail.at('sender_key');
  const proved = confirmation === undefined ? undefined : formatConfirmation(confirmation);
  if (proved !== undefined && equalText(proved, boundKey)) return;
  throw new OAuthError('invalid_grant', description, {
    detail: proved === undefined ? 'it is bound to a key, and none was proved' : `it is bound to another key than ${proved}`,
  });
}
