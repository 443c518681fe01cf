import { chooseLocale, type Locale } from '@hufu/protocol/locale';
import type { UserEvent, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { mailRoute } from '../mail/mail-room.ts';
import { putLetter } from '../mail/outbox.ts';
import { type NoticeDetail, writeNotice } from '../mail/templates/notice.ts';
import { MAILED_EVENTS, type MailedEvent, type UserEventKind } from './user-event-kinds.ts';

/** What an event says beside its kind: names of clients, devices and factors; never a secret. `device` and `name` also stand in the mail. */
export type EventDetail = UserEvent['detail'] & NoticeDetail;

/** A notice is still worth reading after so long. */
const NOTICE_SECONDS = 3 * 86_400;
const DAY = 86_400;

/**
 * Writes down what somebody should know about their account, and tells them by mail where it matters: at the address that was verified before, so `user` is the
 * record as it was. Nothing that has happened is undone because it could not be told: what goes wrong here is logged.
 *
 * @param locale of the page on which it happened; without one, the user's own claim decides
 */
export async function tellUser(
  ctx: Context,
  user: UserRecord,
  event: UserEventKind,
  detail: EventDetail = {},
  locale?: Locale,
): Promise<void> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  try {
    await ctx.store.addUserEvent(ctx.tenant, user.id, event, detail, now);
    if (!isMailed(event)) return;
    const to = verifiedAddress(user);
    if (to === undefined || mailRoute(ctx.config) === 'none' || !(await isFirstToday(ctx, user, event, now))) return;
    await putLetter(ctx, to, writeNotice(ctx, event, locale ?? localeOfUser(user), detail, now), now + NOTICE_SECONDS, now);
  } catch (error) {
    ctx.log.error('job.failed', error, { job: 'tell user', about: event });
  }
}

/** The address that a user has shown to be theirs. */
export function verifiedAddress({ claims }: Pick<UserRecord, 'claims'>): string | undefined {
  return typeof claims['email'] === 'string' && claims['email_verified'] === true ? claims['email'] : undefined;
}

/** The language of somebody who is not there to ask (OpenID Connect Core §5.1 `locale`). */
export function localeOfUser({ claims }: Pick<UserRecord, 'claims'>): Locale {
  return chooseLocale(typeof claims['locale'] === 'string' ? claims['locale'] : undefined, undefined);
}

function isMailed(event: UserEventKind): event is MailedEvent {
  return MAILED_EVENTS.some((kind) => kind === event);
}

/** What others can bring about again and again is told once a day. */
async function isFirstToday(ctx: Context, user: UserRecord, event: MailedEvent, now: number): Promise<boolean> {
  if (event !== 'too_many_tries' && event !== 'passkey_suspicious') return true;
  const taken = await ctx.store.takeTry(ctx.tenant, 'mail_address', `told ${event} ${user.id}`, 1, DAY, now);
  return taken.kind === 'taken';
}
