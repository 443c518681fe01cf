import { readClaimsRequest } from '@hufu/protocol/claims-request';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';
import { levelNamed } from '../tokens/acr.ts';

/** How strong an authentication a request asks for, as levels of `tokens/acr.ts`. */
export interface AskedAcr {
  /** Below it there is no answer: the weakest value of an essential `acr` claim; 0 for none. */
  readonly required: number;
  /** What the client would rather have, each once. */
  readonly wished: readonly number[];
}

const MAX_VALUES = 20;

/**
 * `acr_values` (OpenID Connect Core §3.1.2.1, RFC 9470 §4), the client's `default_acr_values` where the request has none, and the claim `acr` (OpenID Connect Core §5.5.1.1). A value that we don't know
 * is passed over, unless it is essential and nothing else would do: then `unmet_authentication_requirements` (OpenID Connect Unmet Authentication Requirements §2).
 */
export function checkAcr(form: Form, client: Client): AskedAcr {
  const claim = readClaimsRequest(form.get('claims')).idToken.get('acr');
  const claimed = known((claim?.values ?? []).filter((value) => typeof value === 'string'));
  const isEssential = claim?.essential === true && claim.values.length > 0;
  if (isEssential && claimed.length === 0)
    throw new OAuthError('unmet_authentication_requirements', 'the essential acr cannot be had here');
  const sent = form.get('acr_values')?.split(' ', MAX_VALUES) ?? client.metadata.defaultAcrValues;
  return { required: isEssential ? Math.min(...claimed) : 0, wished: [...new Set([...known(sent), ...claimed])] };
}

function known(values: readonly string[]): readonly number[] {
  return values.map(levelNamed).filter((level) => level > 0);
}
