import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Letter, Written } from './letter.ts';
import { wakeMail } from './mail-job.ts';
import { sealLetter } from './sealed-letter.ts';

/**
 * Puts a mail into the outbox before anybody is answered; whichever node looks next sends it. Where `to` is undefined a row of the same size is written that is
 * sent to nobody: who asks learns nothing by the time that it takes. Throws `temporarily_unavailable` where too many wait.
 *
 * @param expiresAt seconds since 1970: not worth sending after it
 */
export async function putLetter(ctx: Context, to: string | undefined, written: Written, expiresAt: number, now: number): Promise<void> {
  const domain = ctx.config.mail?.from.address.split('@').at(-1) ?? 'localhost';
  const letter: Letter = { ...written, to: to ?? 'nobody', messageId: `${ctx.random.text(32)}@${domain}` };
  const put = await ctx.store.putMail(ctx.tenant, sealLetter(ctx, to === undefined ? undefined : letter, letter), expiresAt, now);
  if (put === 'full') throw new OAuthError('temporarily_unavailable', 'too many mails wait to be sent', { retryAfterSeconds: 30 });
  wakeMail(ctx);
}
