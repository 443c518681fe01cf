import type { GrantOperations } from '@hufu/protocol/admin/grants';
import { type GrantId, grantId, isClientId, type UserId } from '@hufu/protocol/ids';
import type { GrantRecord } from '@hufu/store/port';
import { grantAt, placeOf, readPlace, writePlace } from '../../status/place.ts';
import { type AdminCall, type Perform } from '../call.ts';
import { readPage } from '../cursor.ts';
import { MAX_COUNTED } from '../effect.ts';
import { findLineage, nodeOf } from '../lineage.ts';
import { notFound } from '../refusal.ts';
import { requireBelow } from '../require-user.ts';

export const GRANTS: { readonly [N in keyof GrantOperations]: Perform<N> } = {
  'grants.list': async (call) => {
    const { ctx, query, now } = call;
    const page = readPage(call);
    const { user, client_id: client } = query;
    const userId: UserId | undefined = user === undefined ? undefined : (await ctx.store.findUserBySub(ctx.tenant, user))?.id;
    const isNobodys = (user !== undefined && userId === undefined) || (client !== undefined && !isClientId(client));
    const filter = {
      ...(userId === undefined ? {} : { userId }),
      ...(client === undefined || !isClientId(client) ? {} : { clientId: client }),
      ...(page.after === undefined ? {} : { before: grantId(Number(page.after)) }),
    };
    const found = isNobodys ? [] : await ctx.store.listGrants(ctx.tenant, filter, page.limit + 1);
    return {
      body: page.cut(
        found,
        ({ id }) => String(id),
        (grant) => nodeOf(ctx, grant, grant, now),
      ),
    };
  },

  'grants.get': async (call) => {
    const { ctx, now } = call;
    const grant = await requireGrant(call);
    const user = grant.userId === undefined ? undefined : await ctx.store.findUser(ctx.tenant, grant.userId);
    return {
      body: {
        ...nodeOf(ctx, grant, grant, now),
        resources: grant.resources,
        amr: grant.amr,
        ...(grant.authTime === undefined ? {} : { auth_time: grant.authTime }),
        offline: grant.offline,
        ...(user === undefined ? {} : { user: { sub: user.sub, username: user.username } }),
      },
    };
  },

  'grants.lineage': async (call) => {
    const id = readGrantName(call);
    const lineage = id === undefined ? undefined : await findLineage(call.ctx, id, call.now);
    if (lineage === undefined) throw notFound('grant');
    return { body: lineage };
  },

  'grants.revoke': async (call) => {
    const { ctx, now } = call;
    const grant = await requireGrant(call);
    const user = grant.userId === undefined ? undefined : await ctx.store.findUser(ctx.tenant, grant.userId);
    if (user !== undefined) await requireBelow(call, user);
    const node = nodeOf(ctx, grant, grant, now);
    // What comes from it falls with it.
    const falling = await ctx.store.countDescendants(ctx.tenant, grant.id, MAX_COUNTED, now);
    const isFalling = node.state !== 'dead' && node.state !== 'expired';
    const effect = {
      dry_run: call.query.dry_run === true,
      grants: falling.grants + (isFalling ? 1 : 0),
      users: user === undefined ? 0 : 1,
      capped: falling.isCapped,
    };
    if (effect.dry_run) return { body: effect };
    const target = { kind: 'grant', id: writePlace(placeOf(ctx, grant.id)) } as const;
    await call.change({ target, before: { state: node.state } }, (store) =>
      store.revokeGrant(ctx.tenant, grant.id, 'revoked_by_admin', now),
    );
    return { body: effect };
  },
};

type GrantCall = Pick<AdminCall<'grants.get'>, 'ctx' | 'params' | 'trail'>;

function readGrantName({ ctx, params, trail }: GrantCall): GrantId | undefined {
  trail.at('grant_known');
  const place = readPlace(params.grant_id.replace('-', '/'));
  const id = place === undefined ? 0 : grantAt(ctx, place);
  return id === 0 ? undefined : grantId(id);
}

async function requireGrant(call: GrantCall): Promise<GrantRecord> {
  const id = readGrantName(call);
  const grant = id === undefined ? undefined : await call.ctx.store.findGrant(call.ctx.tenant, id);
  if (grant === undefined) throw notFound('grant');
  return grant;
}
