import { isRole, type Role } from '@hufu/protocol/admin/roles';
import type { LeastOwners, UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { isActive } from '../accounts/is-active.ts';
import type { Context } from '../context.ts';

/** How many administrators the store has at most. */
export const MAX_ADMINISTRATORS = 1_000;

/**
 * The role that a user has now. hufu.yaml goes before the store, and speaks of its own users alone: whoever took such a name by signing up, or came with it from
 * elsewhere, is nobody whom it means.
 */
export async function findRole(ctx: Context, user: UserRecord): Promise<Role | undefined> {
  const configured = configuredRole(ctx, user);
  if (configured !== undefined) return configured;
  const role = (await ctx.store.findAdministrator(ctx.tenant, user.id))?.role;
  return isRole(role) ? role : undefined;
}

/** The role that hufu.yaml gives; nothing else changes it. */
export function configuredRole({ config }: Context, { username, source }: UserRecord): Role | undefined {
  return source === 'config' ? config.policies.administrators.get(foldUsername(username)) : undefined;
}

/** Users who have a role by hufu.yaml. */
export async function configuredAdministrators(ctx: Context): Promise<readonly { readonly user: UserRecord; readonly role: Role }[]> {
  const found: { user: UserRecord; role: Role }[] = [];
  for (const [name, role] of ctx.config.policies.administrators) {
    const user = await ctx.store.findUserByName(ctx.tenant, name);
    if (user?.source === 'config') found.push({ user, role });
  }
  return found;
}

/** What the store has to keep: an owner, unless hufu.yaml has one who may sign in, other than `but`. */
export async function leastOwners(ctx: Context, but: UserRecord, now: number): Promise<LeastOwners> {
  const others = (await configuredAdministrators(ctx)).filter(({ user }) => user.id !== but.id);
  return others.some(({ user, role }) => role === 'owner' && isActive(user, now)) ? 'none' : 'one_owner';
}

/** Whether nobody would be left who may do everything, were this user not there. */
export async function isLastOwner(ctx: Context, user: UserRecord, now: number): Promise<boolean> {
  if ((await findRole(ctx, user)) !== 'owner' || (await leastOwners(ctx, user, now)) === 'none') return false;
  for (const { userId, role } of await ctx.store.listAdministrators(ctx.tenant)) {
    if (role !== 'owner' || userId === user.id) continue;
    const other = await ctx.store.findUser(ctx.tenant, userId);
    if (other !== undefined && isActive(other, now)) return false;
  }
  return true;
}
