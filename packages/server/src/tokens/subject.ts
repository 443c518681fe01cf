import type { UserRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/**
 * The `sub` that a client knows a user by: the user's own, or for a pairwise client one of its sector (OpenID Connect Core §8.1): keyed, so that two
 * sectors cannot find out that they mean the same person, and the same for ever.
 */
export function subjectFor(ctx: Pick<Context, 'keys'>, client: Client, user: Pick<UserRecord, 'sub'>): string {
  if (client.metadata.subjectType === 'public') return user.sub;
  return ctx.keys.keyedHash('pairwise', `${sectorOf(client)}\n${user.sub}`);
}

/**
 * The host of the `sector_identifier_uri`, else of the redirect URIs, which then share it. A scheme of a program's own has no host, and all
 * programs of a machine have the same: there the client is its own sector.
 */
function sectorOf({ id, metadata }: Client): string {
  const uri = metadata.sectorIdentifierUri ?? metadata.redirectUris[0] ?? '';
  const host = uri.startsWith('https:') ? URL.parse(uri)?.host : undefined;
  return host ?? id;
}
