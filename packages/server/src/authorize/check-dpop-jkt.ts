import { formatConfirmation, readConfirmation } from '@hufu/protocol/confirmation';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';

/**
 * `dpop_jkt` (RFC 9449 §10): the thumbprint of the key that the code is to be bound to. Throws `invalid_request` where it is none, and
 * `invalid_dpop_proof` where a proof that came along was made with another key (§10.1, attacks AUT-46).
 *
 * @param proven the key of that proof, as `formatConfirmation` writes it.
 * @returns the key in the same form.
 */
export function checkDpopJkt(form: Form, proven: string | undefined): string | undefined {
  const thumbprint = form.get('dpop_jkt');
  if (thumbprint === undefined) return proven;
  const key = formatConfirmation({ method: 'jkt', thumbprint });
  if (readConfirmation(key) === undefined) throw new OAuthError('invalid_request', 'dpop_jkt is not the SHA-256 thumbprint of a key');
  if (proven !== undefined && proven !== key) throw new OAuthError('invalid_dpop_proof', 'dpop_jkt is not the key of the DPoP proof');
  return key;
}
