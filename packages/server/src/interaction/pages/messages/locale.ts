import { en } from './en.ts';
import type { Messages } from './messages.ts';
import { zhCn } from './zh-cn.ts';

/** The languages of the pages, as BCP 47 tags. Adding one is a table and a line here. */
const MESSAGES = { en, 'zh-CN': zhCn } as const satisfies Readonly<Record<string, Messages>>;

export type Locale = keyof typeof MESSAGES;

/** In the order in which the switch shows them. */
export const LOCALES: readonly Locale[] = ['en', 'zh-CN'];

/** The words for a language. */
export function messagesFor(locale: Locale): Messages {
  return MESSAGES[locale];
}

/** More wishes than this are not looked at. */
const MAX_WISHES = 20;

/**
 * The language for a page: the first of `ui_locales` that there is (OpenID Connect Core §3.1.2.1, space separated, in order of
 * preference), else the best of `Accept-Language` (RFC 9110 §12.5.4), else English. A wish is never an error. Every Chinese gets the
 * simplified one: it is nearer to any reader of Chinese than English.
 */
export function readLocale(uiLocales: string | undefined, acceptLanguage: string | undefined): Locale {
  for (const tag of (uiLocales ?? '').split(' ', MAX_WISHES)) {
    const locale = findLocale(tag);
    if (locale !== undefined) return locale;
  }
  let best: { locale: Locale; weight: number } | undefined;
  for (const wish of (acceptLanguage ?? '').split(',', MAX_WISHES)) {
    const [tag = '', ...parameters] = wish.trim().split(/\s*;\s*/, 4);
    const locale = findLocale(tag);
    const weight = readWeight(parameters);
    if (locale !== undefined && weight > 0 && (best === undefined || weight > best.weight)) best = { locale, weight };
  }
  return best?.locale ?? 'en';
}

function findLocale(tag: string): Locale | undefined {
  const language = tag.toLowerCase().split(/[-_]/, 1)[0];
  if (language === 'en') return 'en';
  return language === 'zh' ? 'zh-CN' : undefined;
}

function readWeight(parameters: readonly string[]): number {
  const written = parameters.find((parameter) => parameter.startsWith('q='));
  if (written === undefined) return 1;
  return /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(written) ? Number(written.slice(2)) : 0;
}
