import { readQuery } from '@hufu/protocol/form';
import type { HttpRequest } from '../http.ts';
import { LOCALES, type Locale, readLocale } from './pages/messages/locale.ts';
import type { LanguageLink } from './pages/page-view.ts';

/** The language of a page: `ui_locales` of its address, then that of the request it serves, then the browser's. */
export function localeOf(request: HttpRequest, uiLocales: string | undefined): Locale {
  const accept = request.headers['accept-language'];
  return readLocale(ownUiLocales(request) ?? uiLocales, typeof accept === 'string' ? accept : undefined);
}

/** The same page in each language. */
export function languageLinks(path: string, parameters: readonly (readonly [string, string])[]): readonly LanguageLink[] {
  return LOCALES.map((locale) => ({ locale, href: pageLink(path, parameters, locale) }));
}

/** The address of a page in a language. */
export function pageLink(path: string, parameters: readonly (readonly [string, string])[], locale: Locale): string {
  return `${path}?${new URLSearchParams([...parameters.map(([a, b]) => [a, b]), ['ui_locales', locale]]).toString()}`;
}

/** The language that the page's own address asks for; undefined where it says nothing. */
export function ownLocale(request: HttpRequest): Locale | undefined {
  const wanted = ownUiLocales(request);
  return wanted === undefined ? undefined : readLocale(wanted, undefined);
}

function ownUiLocales(request: HttpRequest): string | undefined {
  try {
    return readQuery(request.query, { repetition: 'listed' }).get('ui_locales');
  } catch {
    // A query that does not read names no language.
    return undefined;
  }
}
