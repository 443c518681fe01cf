import type { Locale } from '@hufu/protocol/locale';
import { en } from './en.ts';
import type { MailWords } from './mail-words.ts';
import { zhCn } from './zh-cn.ts';

/** Adding a language is a table here and a line in the protocol's list. */
const WORDS: Readonly<Record<Locale, MailWords>> = { en, 'zh-CN': zhCn };

export function mailWordsFor(locale: Locale): MailWords {
  return WORDS[locale];
}
