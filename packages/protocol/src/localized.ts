import type { FieldReader, TextRules } from './field-reader.ts';

/** A text that people read, in one language or several (RFC 7591 §2.2): `client_name`, `client_name#zh-CN`. */
export interface Localized {
  /** Without a language tag. */
  readonly untagged: string | undefined;
  /** By BCP 47 tag, as it was written, in the order of the document. */
  readonly tagged: readonly (readonly [tag: string, text: string])[];
}

/** Reads a member and its variants with language tags, at most 20; undefined when there are none. */
export function readLocalized(fields: FieldReader, name: string, rules: TextRules): Localized | undefined {
  const untagged = fields.text(name, rules);
  const tagged: (readonly [string, string])[] = [];
  const variants = fields.unasked().filter((member) => member.startsWith(`${name}#`));
  if (variants.length > MAX_VARIANTS) fields.fault([name], `has more than ${MAX_VARIANTS} languages`);
  for (const member of variants.slice(0, MAX_VARIANTS)) {
    const tag = member.slice(name.length + 1);
    const text = fields.text(member, rules);
    if (!isLanguageTag(tag)) fields.fault([member], 'has no language tag after its # (BCP 47)');
    else if (text !== undefined) tagged.push([tag, text]);
  }
  return untagged === undefined && tagged.length === 0 ? undefined : { untagged, tagged };
}

/** The members of the wire that these texts are. */
export function writeLocalized(
  name: string,
  texts: Localized | undefined,
): readonly (readonly [member: string, text: string | undefined])[] {
  return texts === undefined ? [] : [[name, texts.untagged], ...texts.tagged.map(([tag, text]) => [`${name}#${tag}`, text] as const)];
}

/** The text for a locale, by lookup (RFC 4647 §3.4): its tag, then shorter ones, then the untagged text, then any. */
export function localize(texts: Localized | undefined, locale: string): string | undefined {
  if (texts === undefined) return undefined;
  for (let tag = locale.toLowerCase(); tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
    const found = texts.tagged.find(([known]) => known.toLowerCase() === tag);
    if (found !== undefined) return found[1];
  }
  return texts.untagged ?? texts.tagged[0]?.[1];
}

/**
 * Checks a text that people are shown and strangers may have written: something to see, no control characters, nothing that
 * turns the direction of what stands around it, nothing invisible (RFC 7591 §5). The joiners of Indic scripts and emoji may stay.
 */
export function findDisplayFault(text: string): string | undefined {
  if (text.trim() === '') return 'is blank';
  return UNSEEN.test(text) ? 'has a control, direction or invisible character' : undefined;
}

const MAX_VARIANTS = 20;

/** Controls, line and paragraph separators; soft hyphen; bidi marks, overrides and isolates; zero-width; tags. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

function isLanguageTag(text: string): boolean {
  return text.length <= 35 && text.split('-').every((subtag) => /^[A-Za-z0-9]{1,8}$/.test(subtag));
}
