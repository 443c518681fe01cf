import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import type { UserRecord } from '@hufu/store/port';
import type { Client } from '../client-record.ts';
import type { Context } from '../context.ts';

/**
 * The `sub` that a client knows a user by: the user's own, or for a pairwise client one of its sector (OpenID Connect Core §8.1): keyed, so that two
 * sectors cannot find out that they mean the same person, and the same for ever.
 */
export function subjectFor(ctx: Pick<Context, 'keys'>, client: Client, user: Pick<UserRecord, 'sub'>): string {
  if (client.metadata.subjectType === 'public') return user.sub;
  return ctx.keys.keyedHash('pairwise', `${sectorOf(client.metadata) ?? client.id}\n${user.sub}`);
}

/**
 * The sector of a pairwise client (OpenID Connect Core §8.1): the host of the `sector_identifier_uri`, else of the redirect URIs, which then
 * share it. Undefined where the client is its own: a scheme of a program's own has no host, and all programs of a machine have the same.
 */
export function sectorOf({ subjectType, sectorIdentifierUri, redirectUris }: ClientMetadata): string | undefined {
  if (subjectType === 'public') return undefined;
  const uri = sectorIdentifierUri ?? redirectUris[0] ?? '';
  return uri.startsWith('https:') ? URL.parse(uri)?.host : undefined;
}
