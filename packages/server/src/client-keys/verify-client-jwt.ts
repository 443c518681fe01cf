import { MAC_ALGS, SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/** Every algorithm that a client may sign with. */
export const VERIFICATION_ALGS: readonly string[] = [...SIGNATURE_ALGS, ...MAC_ALGS];

export type ClientJwt =
  | {
      readonly kind: 'verified';
      readonly header: Readonly<Record<string, unknown>>;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** STAND-IN until part C: a JWT that a client has signed with its own key or secret. */
export function verifyClientJwt(
  _ctx: Context,
  _client: Client,
  _text: string,
  _rules: { readonly algs: readonly string[]; readonly now: number },
): Promise<ClientJwt> {
  return Promise.resolve({ kind: 'refused', reason: 'not built yet' });
}
