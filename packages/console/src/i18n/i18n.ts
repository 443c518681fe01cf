import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';

export const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

const CHECKS = 'checks';
const KEPT = 'hufu-language';

/** The language that was chosen here, or else the browser's; English comes along, any other when it is wanted. */
export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
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

async function speak(language: Language): Promise<void> {
  if (language === 'zh-CN' && !i18next.hasResourceBundle(language, 'translation')) {
    const [{ zhCn }, { checksZhCn }] = await Promise.all([import('./zh-cn.ts'), import('./checks-zh-cn.ts')]);
    i18next.addResourceBundle(language, 'translation', zhCn);
    i18next.addResourceBundle(language, CHECKS, checksZhCn);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
