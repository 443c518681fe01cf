import type { Locale } from '@hufu/protocol/locale';
import type { Context } from '../../context.ts';
import { messagesFor } from '../../interaction/pages/messages/locale.ts';
import type { Written } from '../letter.ts';
import { writeLetter } from '../letter-page.ts';
import { type MailGround, mailWordsOf } from '../words/words-for.ts';

/** What somebody is asked to do with a mail. */
export type AskKind = 'signIn' | 'signUp' | 'verifyEmail' | 'resetPassword' | 'invite' | 'enrol';

/** A mail with a code to type, a link (`path`), or both. */
export function writeAsk(
  ctx: MailGround,
  kind: AskKind,
  locale: Locale,
  secrets: { readonly code: string | undefined; readonly path: string | undefined; readonly lifetimeSeconds: number },
): Written {
  const words = mailWordsOf(ctx, locale)[kind];
  return writeLetter(ctx, {
    locale,
    subject: words.subject,
    heading: words.heading,
    lead: words.lead,
    ...(secrets.code === undefined ? {} : { code: { before: words.code, code: secrets.code } }),
    ...(secrets.path === undefined ? {} : { link: { href: linkTo(ctx, secrets.path), act: words.act } }),
    closing: words.closing(messagesFor(locale).duration(secrets.lifetimeSeconds)),
    host: new URL(ctx.issuer).host,
  });
}

/** Links begin with the issuer of the configuration, whatever a request says of hosts (attacks USR-19). */
export function linkTo({ issuer }: Pick<Context, 'issuer'>, path: string): string {
  return `${issuer}${path}`;
}
