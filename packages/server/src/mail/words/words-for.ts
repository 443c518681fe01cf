import type { Locale } from '@hufu/protocol/locale';
import { MAILED_EVENTS } from '../../accounts/user-event-kinds.ts';
import type { MailTemplateName, MailWording, Policies } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { en } from './en.ts';
import type { MailWords } from './mail-words.ts';
import { zhCn } from './zh-cn.ts';

/** Adding a language is a table here and a line in the protocol's list. */
const WORDS: Readonly<Record<Locale, MailWords>> = { en, 'zh-CN': zhCn };

export function mailWordsFor(locale: Locale): MailWords {
  return WORDS[locale];
}

/** What a mail is written with: the service's name and its accent, and whose address it is from. */
export interface MailGround extends Pick<Context, 'issuer'> {
  readonly config: { readonly policies: Pick<Policies, 'appearance'> };
}

/** Our words, with those of the configuration in their place. */
export function mailWordsOf({ config }: MailGround, locale: Locale): MailWords {
  const { name, mails } = config.policies.appearance;
  const ours = WORDS[locale];
  if (name === undefined && Object.keys(mails).length === 0) return ours;
  const productName = name ?? ours.productName;
  const wording = (template: MailTemplateName): MailWording =>
    Object.fromEntries(
      Object.entries(mails[template]?.[locale] ?? {}).map(([part, text]) => [part, text.replaceAll('{name}', productName)]),
    );
  return {
    ...ours,
    productName,
    signIn: { ...ours.signIn, ...wording('sign_in') },
    signUp: { ...ours.signUp, ...wording('sign_up') },
    verifyEmail: { ...ours.verifyEmail, ...wording('verify_email') },
    resetPassword: { ...ours.resetPassword, ...wording('reset_password') },
    enrol: { ...ours.enrol, ...wording('enrol') },
    noPassword: { ...ours.noPassword, ...wording('no_password') },
    accountThere: { ...ours.accountThere, ...wording('account_there') },
    notices: {
      ...ours.notices,
      ...Object.fromEntries(MAILED_EVENTS.map((event) => [event, { ...ours.notices[event], ...wording(event) }])),
    },
  };
}
