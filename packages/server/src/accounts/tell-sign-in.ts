import type { Locale } from '@hufu/protocol/locale';
import type { UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { seenDevice } from '../sessions/device-of.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { tellUser } from './tell-user.ts';

/** Writes a sign-in down, and tells of one in a browser that the account has not been used in before, unless it is the first of all. */
export async function tellSignIn(ctx: Context, http: HttpRequest, user: UserRecord, where: 'known' | 'new', locale: Locale): Promise<void> {
  const device = seenDevice(ctx, http, browserOf(ctx, http).id).agent;
  const isNew = where === 'new' && (await ctx.store.listDevices(ctx.tenant, user.id)).length > 1;
  await tellUser(ctx, user, isNew ? 'new_device' : 'signed_in', { device }, locale);
}
