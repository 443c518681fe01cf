import type { Locale } from '@hufu/protocol/locale';
import { en } from './en.ts';
import type { Messages } from './messages.ts';
import { zhCn } from './zh-cn.ts';

export { chooseLocale as readLocale, LOCALES, type Locale } from '@hufu/protocol/locale';

/** Adding a language is a table here and a line in the protocol's list. */
const MESSAGES: Readonly<Record<Locale, Messages>> = { en, 'zh-CN': zhCn };

/** The words for a language. */
export function messagesFor(locale: Locale): Messages {
  return MESSAGES[locale];
}
