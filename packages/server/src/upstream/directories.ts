import type { LdapUpstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { hasName } from './ldap.ts';

/** Those that may be asked now, in the order of the file. */
export function directories(ctx: Pick<Context, 'config'>): readonly LdapUpstream[] {
  return ctx.config.upstreams.filter((upstream) => upstream.kind === 'ldap').filter(({ enabled }) => enabled);
}

/** Whether a directory has the name: then nobody else gets an account of that name here. Throws `temporarily_unavailable`. */
export async function isDirectoryName(ctx: Context, username: string): Promise<boolean> {
  for (const upstream of directories(ctx)) if (await hasName(ctx, upstream, username)) return true;
  return false;
}
