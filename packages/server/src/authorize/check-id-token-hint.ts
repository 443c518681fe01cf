import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { readIdTokenHint } from '../tokens/read-id-token-hint.ts';

/**
 * `id_token_hint` (OpenID Connect Core §3.1.2.1): an ID token that we gave this very client, expired or not. It says whom the client
 * expects, and signs nobody in. Throws `invalid_request` for anything else.
 *
 * @returns the subject that is expected.
 */
export async function checkIdTokenHint(ctx: Context, form: Form, client: Client, now: number): Promise<string | undefined> {
  const text = form.get('id_token_hint');
  if (text === undefined) return undefined;
  const hint = await readIdTokenHint(ctx, text, now);
  if (hint === undefined) throw new OAuthError('invalid_request', 'id_token_hint is not an ID token of this server');
  if (hint.aud !== client.id) throw new OAuthError('invalid_request', 'id_token_hint was issued to another client');
  return hint.sub;
}
