import type { AdministratorOperations, AdministratorView } from '@hufu/protocol/admin/administrators';
import { isRole, type Role } from '@hufu/protocol/admin/roles';
import type { AdministratorRecord, UserRecord } from '@hufu/store/port';
import { configuredAdministrators, configuredRole, leastOwners, MAX_ADMINISTRATORS } from '../administrator-role.ts';
import type { Perform } from '../call.ts';
import { conflict, notFound } from '../refusal.ts';
import { findUserOf } from '../require-user.ts';

const LAST = 'nobody else is an owner: make somebody one first';

export const ADMINISTRATORS: { readonly [N in keyof AdministratorOperations]: Perform<N> } = {
  'me.get': ({ caller: { client, user, role, scopes, token } }) =>
    Promise.resolve({
      body: {
        kind: user === undefined ? 'client' : 'user',
        client_id: client.id,
        ...(user === undefined ? {} : { sub: user.sub, username: user.username }),
        ...(role === undefined ? {} : { role }),
        scopes,
        ...(user === undefined || token.grant.authTime === undefined ? {} : { auth_time: token.grant.authTime }),
      },
    }),

  'administrators.list': async ({ ctx }) => {
    const configured = await configuredAdministrators(ctx);
    const items: AdministratorView[] = configured.map(({ user, role }) => viewOf(user, role));
    const known = new Set(configured.map(({ user }) => user.id));
    for (const record of await ctx.store.listAdministrators(ctx.tenant)) {
      const user = known.has(record.userId) ? undefined : await ctx.store.findUser(ctx.tenant, record.userId);
      if (user !== undefined && isRole(record.role)) items.push(viewOf(user, record.role, record));
    }
    return { body: { items } };
  },

  'administrators.put': async (call) => {
    const { ctx, body, caller, now } = call;
    const user = await findUserOf(call, call.params.sub);
    requireStored(configuredRole(ctx, user));
    // Only owners come here, so whatever role they give is none that they lack.
    const record = { userId: user.id, role: body.role, changedAt: now, changedBy: caller.name };
    const before = await ctx.store.findAdministrator(ctx.tenant, user.id);
    const least = await leastOwners(ctx, user, now);
    const target = { kind: 'administrator', id: user.sub } as const;
    const done = await call.change({ target, before: { role: before?.role }, after: { role: body.role } }, (store) =>
      store.putAdministrator(ctx.tenant, record, least, MAX_ADMINISTRATORS),
    );
    if (done === 'unknown') throw notFound('user');
    if (done === 'last_owner') throw conflict(LAST);
    if (done === 'full') throw conflict('there are as many administrators as there may be');
    return { body: viewOf(user, body.role, record) };
  },

  'administrators.remove': async (call) => {
    const { ctx, now } = call;
    const user = await findUserOf(call, call.params.sub);
    requireStored(configuredRole(ctx, user));
    const before = await ctx.store.findAdministrator(ctx.tenant, user.id);
    if (before === undefined) throw notFound('administrator');
    const least = await leastOwners(ctx, user, now);
    const target = { kind: 'administrator', id: user.sub } as const;
    const done = await call.change({ target, before: { role: before.role } }, (store) =>
      store.removeAdministrator(ctx.tenant, user.id, least),
    );
    if (done === 'unknown') throw notFound('administrator');
    if (done === 'last_owner') throw conflict(LAST);
    return { body: undefined };
  },
};

function requireStored(configured: Role | undefined): void {
  if (configured !== undefined) throw conflict('hufu.yaml gives this user the role: it is changed there (policies.administrators)');
}

function viewOf({ sub, username }: UserRecord, role: Role, stored?: AdministratorRecord): AdministratorView {
  if (stored === undefined) return { sub, username, role, source: 'config' };
  return { sub, username, role, source: 'stored', changed_at: stored.changedAt, changed_by: stored.changedBy };
}
