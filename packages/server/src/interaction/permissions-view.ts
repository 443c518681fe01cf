import type { Context } from '../context.ts';
import { findResource, OPENID_SCOPES } from '../tokens/resources.ts';
import type { ApiView, ConsentView } from './pages/consent.ts';

/**
 * What somebody is asked to agree to, as pages show it.
 *
 * @param shown the scopes about the user, where they are other than those asked for (single claims).
 */
export function permissionsView(
  ctx: Context,
  asked: { readonly scopes: readonly string[]; readonly resources: readonly string[] },
  shown: readonly string[] = asked.scopes,
): Pick<ConsentView, 'identity' | 'apis' | 'offlineAccess'> {
  return {
    identity: shown.filter((scope) => OPENID_SCOPES.has(scope) && scope !== 'offline_access').map((scope) => ({ scope })),
    apis: apisOf(ctx, asked),
    offlineAccess: asked.scopes.includes('offline_access'),
  };
}

function apisOf(
  ctx: Context,
  { scopes, resources }: { readonly scopes: readonly string[]; readonly resources: readonly string[] },
): readonly ApiView[] {
  return resources.flatMap((identifier) => {
    const offered = findResource(ctx, identifier)?.scopes ?? [];
    const own = scopes.filter((scope) => offered.includes(scope));
    return own.length === 0 ? [] : [{ resource: identifier, scopes: own.map((scope) => ({ scope })) }];
  });
}
