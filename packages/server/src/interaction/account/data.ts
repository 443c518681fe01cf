import { foldUsername } from '@hufu/store/username';
import { tellUser } from '../../accounts/tell-user.ts';
import { brandOf } from '../../appearance/brand.ts';
import { asUser } from '../../audit/acting.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { wakeDelivery } from '../../logout/delivery-job.ts';
import { clearCookie } from '../../sessions/cookies.ts';
import { dataPage, deletedPage, deletePage } from '../pages/account/data.ts';
import { pageHeaders } from '../pages/headers.ts';
import { exportOf } from './export.ts';
import { askAgain } from './recent.ts';
import { accountRefusal, accountReply, actOnAccount, goOn, outcomeOf, showAccount, type Visit } from './visit.ts';

export function dataGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'data', async (visit) =>
    accountReply(visit, (frame) => dataPage({ ...frame, csrf: visit.csrf, outcome: outcomeOf(visit), isManaged: isManaged(visit) })),
  );
}

/** Everything that the server has about somebody as a file, for whoever signed in a moment ago. */
export function dataPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'data', async (visit) => {
    const again = await askAgain(visit);
    if (again !== undefined) return again;
    const file = await exportOf(visit);
    await tellUser(ctx, visit.session.user, 'data_exported', {}, visit.locale);
    return {
      status: 200,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': `attachment; filename="account-${new Date(visit.now * 1000).toISOString().slice(0, 10)}.json"`,
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      },
      body: `${JSON.stringify(file, undefined, 2)}\n`,
    };
  });
}

export function deleteGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'delete', async (visit) => {
    if (isManaged(visit)) return goOn(visit, 'data', 'managed');
    return (await askAgain(visit)) ?? accountReply(visit, (frame) => deletePage({ ...frame, csrf: visit.csrf, isWrong: false }));
  });
}

/** Deletes an account for whoever signed in a moment ago and types its name. Users of the configuration cannot: the next start would make them anew. */
export function deletePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'delete', async (visit, form) => {
    const { session, now, locale } = visit;
    const { user } = session;
    if (isManaged(visit)) return goOn(visit, 'data', 'managed');
    const again = await askAgain(visit);
    if (again !== undefined) return again;
    if (foldUsername((form.get('username') ?? '').slice(0, 256)) !== foldUsername(user.username))
      return accountRefusal(visit, 400, 'the user name does not match', (frame) =>
        deletePage({ ...frame, csrf: visit.csrf, isWrong: true }),
      );
    const outcome = await asUser(ctx, user).deleteUser(ctx.tenant, user.id, now);
    // The address is that of the record as it was: nobody is told of what did not happen, nor twice.
    if (outcome === 'deleted') {
      ctx.log.info('user.deleted', { sub: user.sub });
      await tellUser(ctx, user, 'account_deleted', {}, locale);
    }
    wakeDelivery(ctx);
    const cookies = [clearCookie(ctx, 'session'), clearCookie(ctx, 'browser_state')];
    return {
      status: 200,
      headers: { ...pageHeaders({ issuer: ctx.issuer }), 'set-cookie': cookies },
      body: deletedPage({ locale, brand: brandOf(ctx), languages: [] }),
    };
  });
}

function isManaged({ session }: Visit): boolean {
  return session.user.source === 'config';
}
