import type { Form } from '@hufu/protocol/form';
import { readCodeChallenge } from '@hufu/protocol/pkce';
import type { ResponseType } from '@hufu/protocol/response-type';
import type { Client } from '../clients.ts';

/**
 * `code_challenge` (RFC 7636 §4.3). Required, unless the client is confidential and its settings say otherwise or it registered itself:
 * OpenID Connect Core knows no PKCE, and its libraries register as they always have (OAuth 2.1 §7.5.1 leaves them the nonce). A request that brings no
 * code has nothing to bind.
 */
export function checkPkce(form: Form, client: Client, { code }: ResponseType, pushed: boolean): string | undefined {
  if (!code) return undefined;
  return readCodeChallenge(form.get('code_challenge'), form.get('code_challenge_method'), pkceOf(client, pushed));
}

function pkceOf({ confidential, metadata, record }: Client, pushed: boolean): 'required' | 'optional' {
  const { codeChallenge } = metadata.rules;
  if (!confidential || codeChallenge === 'required' || (codeChallenge === 'pushed' && pushed)) return 'required';
  return metadata.settings.pkce ?? (record.source === 'registered' ? 'optional' : 'required');
}
