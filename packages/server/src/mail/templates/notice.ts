import type { Locale } from '@hufu/protocol/locale';
import type { MailedEvent } from '../../accounts/user-event-kinds.ts';
import { displayText } from '../../interaction/pages/display-text.ts';
import type { Written } from '../letter.ts';
import { writeLetter } from '../letter-page.ts';
import { type MailGround, mailWordsOf } from '../words/words-for.ts';
import { linkTo } from './ask.ts';

/** What a notice names beside the time. */
export interface NoticeDetail {
  /** A browser, from our own list of parts (`Firefox 140 · Linux`). */
  readonly device?: string;
  /** Of a factor or an upstream, as its owner or the configuration calls it. */
  readonly name?: string;
}

const MAX_NAME = 64;

/** That something has happened to an account (attacks XSS-05: what somebody else chose is one line of text). */
export function writeNotice(ctx: MailGround, event: MailedEvent, locale: Locale, detail: NoticeDetail, now: number): Written {
  const words = mailWordsOf(ctx, locale);
  const { notice } = words;
  const isGone = event === 'account_deleted';
  const facts: (readonly [string, string])[] = [[notice.when, timeOf(now)]];
  const device = plainName(detail.device);
  const name = plainName(detail.name);
  if (device !== '') facts.push([notice.device, device]);
  if (name !== '') facts.push([notice.name, name]);
  return writeLetter(ctx, {
    ...words.notices[event],
    locale,
    facts,
    ...(isGone ? {} : { link: { href: linkTo(ctx, '/account/security'), act: notice.act } }),
    closing: [isGone ? notice.notYouGone : notice.notYou],
    host: new URL(ctx.issuer).host,
  });
}

/** Nothing in it can pass for an address that mail programs make a link of: a name is no way to send somebody a message of one's own. */
function plainName(text: string | undefined): string {
  const words = (text ?? '').slice(0, MAX_NAME * 4).split(/(\s)/);
  return displayText(words.map((word) => (ADDRESS_LIKE.test(word) ? '…' : word)).join(''), MAX_NAME);
}

const ADDRESS_LIKE = /@|:\/\/|www\.|[\p{L}\p{N}-]\.\p{L}{2}/iu;

function timeOf(now: number): string {
  return `${new Date(now * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
