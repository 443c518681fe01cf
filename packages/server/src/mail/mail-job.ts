import { type Mail, StoreUnavailable } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { workOff } from '../jobs/work-off.ts';
import { keepLetter, mailRoute } from './mail-room.ts';
import { retryAt } from './retry.ts';
import { openLetter } from './sealed-letter.ts';
import { type Sending, type Transport, transportFor } from './transport.ts';

/** What makes the job of a process look now. */
const wakers = new WeakMap<Context, () => void>();

/** Says that a mail has been put into the outbox: it is sent at once, and nobody waits for it. */
export function wakeMail(ctx: Context): void {
  wakers.get(ctx)?.();
}

/**
 * Sends what is in the outbox for as long as the process runs. A mail is removed once the server has taken it: who dies in between sends it again, with the same
 * Message-ID.
 *
 * @returns what stops it, see `WorkingOff`.
 */
export function startMail(ctx: Context): () => Promise<void> {
  const transport = ctx.config.mail === undefined ? undefined : transportFor(ctx.config.mail);
  const job = workOff<Mail>(ctx, {
    names: { take: 'take mails', act: 'send mail' },
    take: (limit, leaseSeconds, now) => ctx.store.takeMails(ctx.tenant, limit, leaseSeconds, now),
    async act(mail, isStopped) {
      const sending = await send(ctx, transport, mail).catch((error: unknown) => ownFault(ctx, error));
      if (!isStopped()) await settle(ctx, mail, sending);
    },
  });
  wakers.set(ctx, job.wake);
  job.wake();
  return async () => {
    wakers.delete(ctx);
    await job.stop();
  };
}

async function send(ctx: Context, transport: Transport | undefined, { sealed }: Mail): Promise<Sending> {
  const letter = openLetter(ctx, sealed);
  if (letter === 'drop') return { kind: 'dropped' };
  // Of a later version, which runs beside this one: it will take it.
  if (letter === undefined) return { kind: 'failed', reason: 'not a mail that this version can read', hope: 'some' };
  if (transport !== undefined) return await transport.send(letter);
  if (mailRoute(ctx.config) === 'none') return { kind: 'failed', reason: 'no mail server is configured', hope: 'none' };
  keepLetter(ctx, letter);
  return { kind: 'sent' };
}

function ownFault(ctx: Context, error: unknown): Sending {
  if (error instanceof StoreUnavailable) throw error;
  ctx.log.error('job.failed', error, { job: 'send mail' });
  return { kind: 'failed', reason: 'an error on our side; the log has it', hope: 'some' };
}

/** Writes down what became of it: gone, due again, or dead. The log has no address. */
async function settle(ctx: Context, mail: Mail, sending: Sending): Promise<void> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  const about = { mail: mail.id, attempt: mail.attempt };
  if (sending.kind !== 'failed') {
    await ctx.store.settleMail(ctx.tenant, mail.id, mail.attempt, { kind: 'sent' }, now);
    if (sending.kind !== 'sent') return;
    ctx.metrics.meter.mailed('sent');
    ctx.log.info('mail.sent', about);
    return;
  }
  const dueAt = sending.hope === 'none' ? undefined : retryAt(mail.attempt, mail, now);
  await ctx.store.settleMail(ctx.tenant, mail.id, mail.attempt, { kind: 'failed', error: sending.reason, dueAt }, now);
  ctx.metrics.meter.mailed(dueAt === undefined ? 'dead' : 'failed');
  if (dueAt === undefined) ctx.log.warn('mail.dead', { ...about, reason: sending.reason });
  else ctx.log.info('mail.failed', { ...about, reason: sending.reason, again_in: dueAt - now });
}
