import type { Locale } from '@hufu/protocol/locale';
import type { Context } from '../../context.ts';
import type { Written } from '../letter.ts';
import { writeLetter } from '../letter-page.ts';
import { mailWordsFor } from '../words/words-for.ts';

/** To an address that no account with a password has: whoever reads it may have another one in mind. */
export function writeNoPassword({ issuer }: Pick<Context, 'issuer'>, locale: Locale): Written {
  const { closing, ...words } = mailWordsFor(locale).noPassword;
  return writeLetter({ ...words, locale, closing: [closing], host: new URL(issuer).host });
}
