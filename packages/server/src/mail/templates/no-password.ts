import type { Locale } from '@hufu/protocol/locale';
import type { Written } from '../letter.ts';
import { writeLetter } from '../letter-page.ts';
import { type MailGround, mailWordsOf } from '../words/words-for.ts';

/** To an address that no account with a password has: whoever reads it may have another one in mind. */
export function writeNoPassword(ctx: MailGround, locale: Locale): Written {
  const { closing, ...words } = mailWordsOf(ctx, locale).noPassword;
  return writeLetter(ctx, { ...words, locale, closing: [closing], host: new URL(ctx.issuer).host });
}
