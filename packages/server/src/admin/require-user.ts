import { covers } from '@hufu/protocol/admin/roles';
import type { UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { findRole } from './administrator-role.ts';
import { AdminRefusal, notFound } from './refusal.ts';
import type { Caller } from './require-caller.ts';

/** The user of a path, in this tenant. */
export async function findUserOf({ ctx, trail }: { readonly ctx: Context; readonly trail: Trail }, sub: string): Promise<UserRecord> {
  trail.at('admin_target');
  const user = await ctx.store.findUserBySub(ctx.tenant, sub);
  if (user === undefined) throw notFound('user');
  return user;
}

/** Throws `access_denied` where the user has a larger role than who calls: whoever can change an account can come to be it. */
export async function requireBelow(
  { ctx, caller, trail }: { readonly ctx: Context; readonly caller: Caller; readonly trail: Trail },
  user: UserRecord,
): Promise<void> {
  trail.at('admin_below');
  const role = await findRole(ctx, user);
  if (role === undefined || (caller.role !== undefined && covers(caller.role, role))) return;
  throw new AdminRefusal('access_denied', 'the user has a larger role than you', { detail: `theirs is ${role}` });
}
