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

async function speak(language: Language): Promise<void> {
  if (language === 'zh-CN' && !i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', (await import('./zh-cn.ts')).zhCn);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
