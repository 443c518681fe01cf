import type { Locale } from '@hufu/protocol/locale';

/** A mail, written. */
export interface Letter {
  /** One address, as it is stored. */
  readonly to: string;
  readonly locale: Locale;
  readonly subject: string;
  readonly text: string;
  /** A whole document. */
  readonly html: string;
  /** Without its angle brackets: the same for every attempt, so that a mail that came twice can be known for one. */
  readonly messageId: string;
}

/** What a template makes of its particulars. */
export type Written = Pick<Letter, 'locale' | 'subject' | 'text' | 'html'>;

/** As the outbox keeps it, before it is sealed. */
export function packLetter(letter: Letter | undefined, padding: string): string {
  return JSON.stringify(
    letter === undefined
      ? ['drop', padding]
      : ['send', letter.to, letter.locale, letter.subject, letter.text, letter.html, letter.messageId],
  );
}

/** `drop`: written so that a mail and none cost the same, and sent to nobody. Undefined where this version does not know what it is. */
export function unpackLetter(text: string): Letter | 'drop' | undefined {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts)) return undefined;
  const [kind, ...fields]: unknown[] = parts;
  if (kind === 'drop') return 'drop';
  const [to, locale, subject, body, html, messageId] = fields;
  if (kind !== 'send' || typeof to !== 'string' || typeof subject !== 'string' || typeof body !== 'string') return undefined;
  if (typeof html !== 'string' || typeof messageId !== 'string') return undefined;
  return { to, locale: locale === 'zh-CN' ? 'zh-CN' : 'en', subject, text: body, html, messageId };
}
