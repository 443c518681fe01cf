import type { Effect } from '@hufu/protocol/admin/operation';
import type { ClientId, UserId } from '@hufu/protocol/ids';
import type { Context } from '../context.ts';

/** Counting ends there. */
export const MAX_COUNTED = 10_000;

/** What ending everything of a user or of a client ends, counted before it does. */
export async function countEffect(
  ctx: Context,
  of: { readonly userId: UserId } | { readonly clientId: ClientId },
  { dry_run: preview }: { readonly dry_run?: boolean },
  now: number,
): Promise<Effect> {
  const { grants, users } = await ctx.store.countGrants(ctx.tenant, of, MAX_COUNTED, now);
  return { dry_run: preview === true, grants, users: 'userId' in of ? 1 : users, capped: grants === MAX_COUNTED };
}
