import type { GrantRecord } from '@hufu/store/port';
import { displayName } from '../client-name.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { sha256 } from '../tokens/secrets.ts';

const DAY = 86_400;

/**
 * Tells a user that an app has got a new grant and its oldest has fallen for it (`hufu.max_grants_per_user`): once a day for each app, so that one which connects again and again
 * pushes nothing else off the list. The tokens do not wait for what goes wrong here: it is logged.
 */
export async function tellReplaced(
  ctx: Context,
  client: Client,
  { grant, fell }: { readonly grant: GrantRecord; readonly fell: number },
  now: number,
): Promise<void> {
  const { userId } = grant;
  if (fell === 0 || userId === undefined) return;
  try {
    const subject = `fell ${userId} ${sha256(client.id).slice(0, 22)}`;
    if ((await ctx.store.takeTry(ctx.tenant, 'mail_address', subject, 1, DAY, now)).kind === 'limited') return;
    const user = await ctx.store.findUser(ctx.tenant, userId);
    if (user === undefined) return;
    // Loaded when there is something to tell: no token needs the mails.
    const { localeOfUser, tellUser } = await import('../accounts/tell-user.ts');
    await tellUser(ctx, user, 'grant_replaced', { name: displayName(client, localeOfUser(user)) });
  } catch (error) {
    ctx.log.error('job.failed', error, { job: 'tell user', about: 'grant_replaced' });
  }
}
