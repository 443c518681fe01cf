import type { GrantRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { placeOf, statusUri, writePlace } from '../status/place.ts';

/**
 * What a token (or what introspection says of it) names its grant by, so that whoever hears of a revocation knows which tokens are dead.
 * `status`: Token Status List §6.2. `lineage`, ours: the grants that its own comes from (RFC 8693), nearest first, and whose they are: the end of any ends it.
 */
export interface StatusClaims {
  readonly status: { readonly status_list: { readonly idx: number; readonly uri: string } };
  readonly lineage?: readonly { readonly grant: string; readonly client_id: string }[];
}

/** Undefined where a grant that it comes from is gone: then it has ended. */
export async function statusClaims(
  ctx: Context,
  { id, parentId }: Pick<GrantRecord, 'id' | 'parentId'>,
): Promise<StatusClaims | undefined> {
  const { list, index } = placeOf(ctx, id);
  const status = { status_list: { idx: index, uri: statusUri(ctx.issuer, list) } };
  if (parentId === undefined) return { status };
  const line = await ctx.store.findLine(ctx.tenant, parentId);
  if (line.length === 0 || line.at(-1)?.parentId !== undefined) return undefined;
  return { status, lineage: line.map((member) => ({ grant: writePlace(placeOf(ctx, member.id)), client_id: member.clientId })) };
}
