import type { ClientEncryption } from '@hufu/protocol/client-jose';
import { OAuthError } from '@hufu/protocol/errors';
import { SYMMETRIC_ENCRYPTION_ALGS } from '@hufu/protocol/jose-algorithms';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { encryptCompact } from '../jose/encrypt.ts';
import { secretKey } from '../jose/secret-key.ts';
import { findEncryptionKey } from './client-jwks.ts';
import { readableSecrets } from './client-secret.ts';

/**
 * Encrypts something to a client as it registered it (OpenID Connect Core §10.2): to its public key, or with a key made from its secret.
 *
 * @param cty `JWT` for a nested one (RFC 7519 §5.2), undefined for plain JSON.
 */
export async function encryptToClient(
  ctx: Context,
  client: Client,
  { alg, enc }: ClientEncryption,
  text: string,
  cty: 'JWT' | undefined,
  now: number,
): Promise<string> {
  if (SYMMETRIC_ENCRYPTION_ALGS.includes(alg)) {
    const [secret] = readableSecrets(ctx, client, now);
    if (secret === undefined) throw unable(`${client.id} has no secret for ${alg}`);
    return encryptCompact({ alg, enc, key: secretKey(secret, alg, enc) }, text, cty);
  }
  const found = await findEncryptionKey(ctx, client, alg, now);
  if (found === undefined) throw unable(`${client.id} has no key for ${alg} that can be had`);
  // What its owner says of the key (its own `alg`, or none) is no part of what it is used for here.
  const { key, kid } = found;
  return encryptCompact({ alg, enc, key, kid }, text, cty);
}

/** What was promised encrypted is never sent in the clear. */
function unable(detail: string): OAuthError {
  return new OAuthError('server_error', 'the answer could not be encrypted to the client', { detail });
}
