/** The languages of our pages, as BCP 47 tags. The first is the default. */
export const LOCALES: readonly Locale[] = ['en', 'zh-CN'];
export type Locale = 'en' | 'zh-CN';

/**
 * Chooses the language of a page: `ui_locales` (OpenID Connect Core §3.1.2.1) before Accept-Language (RFC 9110 §12.5.4), each by
 * lookup (RFC 4647 §3.4). Any Chinese finds ours: one who reads it reads it more easily than English. What is malformed, or beyond
 * the first 32 ranges, is passed over.
 */
export function chooseLocale(uiLocales: string | undefined, acceptLanguage: string | undefined): Locale {
  return lookUp(readUiLocales(uiLocales ?? '')) ?? lookUp(readAcceptLanguage(acceptLanguage ?? '')) ?? 'en';
}

const MAX_LENGTH = 1024;
const MAX_RANGES = 32;

/** The ranges that end a lookup, in lower case. */
const FOUND: ReadonlyMap<string, Locale> = new Map([
  ['en', 'en'],
  ['zh', 'zh-CN'],
  ['zh-cn', 'zh-CN'],
]);

function readUiLocales(text: string): readonly string[] {
  return text.slice(0, MAX_LENGTH).split(' ', MAX_RANGES);
}

/** The ranges of an Accept-Language header, the heaviest first; those of equal weight in their order. */
function readAcceptLanguage(text: string): readonly string[] {
  return text
    .slice(0, MAX_LENGTH)
    .split(',', MAX_RANGES)
    .map(readWeighted)
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ range }) => range);
}

function readWeighted(part: string): { readonly range: string; readonly weight: number } {
  const [range = '', parameter] = part.split(';', 2);
  if (parameter === undefined) return { range: range.trim(), weight: 1 };
  const weight = parameter.trim();
  return { range: range.trim(), weight: /^q=[01](?:\.[0-9]{0,3})?$/i.test(weight) ? Math.min(1, Number(weight.slice(2))) : 0 };
}

/** RFC 4647 §3.4: the first range that matches, whole or cut from its end; `*` matches nothing by itself. */
function lookUp(ranges: readonly string[]): Locale | undefined {
  for (const range of ranges) {
    if (!/^[A-Za-z0-9-]{1,35}$/.test(range)) continue;
    let tag = range.toLowerCase();
    while (tag !== '') {
      const found = FOUND.get(tag);
      if (found !== undefined) return found;
      tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')));
    }
  }
  return undefined;
}
