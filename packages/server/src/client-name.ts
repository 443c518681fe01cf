import type { Locale } from '@hufu/protocol/locale';
import type { Localized } from '@hufu/protocol/localized';
import type { Client } from './clients.ts';

/** What users know the client by. */
export function displayName(client: Client, locale: Locale): string {
  return localized(client.metadata.clientName, locale) ?? client.id;
}

/** The variant for a language (RFC 7591 §2.2), else the one without a tag, else the first. */
export function localized(text: Localized | undefined, locale: Locale): string | undefined {
  if (text === undefined) return undefined;
  const language = locale.slice(0, 2);
  const exact = text.tagged.find(([tag]) => tag.toLowerCase() === locale.toLowerCase());
  const near = text.tagged.find(([tag]) => tag.slice(0, 2).toLowerCase() === language);
  return exact?.[1] ?? near?.[1] ?? text.untagged ?? text.tagged[0]?.[1];
}
