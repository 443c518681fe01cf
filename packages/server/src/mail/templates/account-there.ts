import type { Locale } from '@hufu/protocol/locale';
import type { Written } from '../letter.ts';
import { writeLetter } from '../letter-page.ts';
import { type MailGround, mailWordsOf } from '../words/words-for.ts';
import { linkTo } from './ask.ts';

/** To somebody who signs up with an address that they have an account with: the page says nothing of it to whoever asks. */
export function writeAccountThere(ctx: MailGround, locale: Locale): Written {
  const { closing, act, ...words } = mailWordsOf(ctx, locale).accountThere;
  const link = { href: linkTo(ctx, '/signin'), act };
  return writeLetter(ctx, { ...words, locale, link, closing: [closing], host: new URL(ctx.issuer).host });
}
