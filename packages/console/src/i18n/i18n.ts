import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { en } from './en.ts';
import type { enFirst } from './en-first.ts';

export const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en & typeof enFirst };
  }
}

const CHECKS = 'checks';
const KEPT = 'hufu-language';

/** The words of a language: those of the first page, and those of all others. */
const WORDS: Readonly<Record<Language, { readonly first: () => Promise<object>; readonly others: () => Promise<object> }>> = {
  en: { first: async () => (await import('./en-first.ts')).enFirst, others: async () => (await import('./en.ts')).en },
  'zh-CN': { first: async () => (await import('./zh-cn-first.ts')).zhCnFirst, others: async () => (await import('./zh-cn.ts')).zhCn },
};
const TEXTS = 'translation';
/** A section that the first page does without. */
const OTHER = 'clients' satisfies keyof typeof en;

/** The language that was chosen here, or else the browser's. */
export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: {},
    // React escapes.
    interpolation: { escapeValue: false },
    showSupportNotice: false,
  } as Parameters<typeof i18next.init>[0]);
  const kept = localStorage.getItem(KEPT);
  const wanted = kept ?? navigator.languages.find((one) => /^(?:zh|en)\b/i.test(one)) ?? 'en';
  await speak(/^zh/i.test(wanted) ? 'zh-CN' : 'en');
}

/** Chosen by hand: kept for the next time. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  await speak(language);
}

/** What a check is called in a language other than the server’s; undefined where nobody has written it. */
export function checkTitle(check: string, language: string): string | undefined {
  const own: unknown = i18next.getResource(language, CHECKS, check);
  return typeof own === 'string' ? own : undefined;
}

/** What every page but the first waits for. */
export async function readOtherWords(): Promise<void> {
  const language = spoken();
  await readOthers(language);
  // Another language was chosen meanwhile.
  if (spoken() !== language) await readOtherWords();
}

async function speak(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, TEXTS)) i18next.addResourceBundle(language, TEXTS, await WORDS[language].first());
  if (hasOthers(spoken())) await readOthers(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

async function readOthers(language: Language): Promise<void> {
  if (hasOthers(language)) return;
  if (language === 'zh-CN') i18next.addResourceBundle(language, CHECKS, (await import('./checks-zh-cn.ts')).checksZhCn);
  i18next.addResourceBundle(language, TEXTS, await WORDS[language].others());
}

function hasOthers(language: Language): boolean {
  return i18next.getResource(language, TEXTS, OTHER) !== undefined;
}

function spoken(): Language {
  return i18next.language === 'zh-CN' ? 'zh-CN' : 'en';
}
