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

/** The words of a mail that the configuration may have instead of ours, as it would write them. */
export function wordingOf({ config }: MailGround, template: MailTemplateName, locale: Locale): Required<MailWording> {
  const { subject, heading, lead } = partOf(WORDS[locale], template);
  return { subject, heading, lead, ...config.policies.appearance.mails[template]?.[locale] };
}

function partOf(words: MailWords, template: MailTemplateName): Required<MailWording> {
  return isAsked(template) ? words[ASKED[template]] : words.notices[template];
}

function isAsked(template: MailTemplateName): template is keyof typeof ASKED {
  return Object.hasOwn(ASKED, template);
}

const ASKED = {
  sign_in: 'signIn',
  sign_up: 'signUp',
  verify_email: 'verifyEmail',
  reset_password: 'resetPassword',
  invite: 'invite',
  enrol: 'enrol',
  no_password: 'noPassword',
  account_there: 'accountThere',
} as const satisfies Partial<Record<MailTemplateName, keyof MailWords>>;

/** Our words, with those of the configuration in their place. */
export function mailWordsOf({ config }: MailGround, locale: Locale): MailWords {
  const { name, mails } = config.policies.appearance;
  const { invite, ...rest } = WORDS[locale];
  const productName = name ?? rest.productName;
  // Whoever gets it has asked for nothing, and learns whose it is.
  const ours: MailWords = { ...rest, productName, invite: named(invite, productName) };
  if (Object.keys(mails).length === 0) return ours;
  const wording = (template: MailTemplateName): MailWording =>
    Object.fromEntries(
      Object.entries(mails[template]?.[locale] ?? {}).map(([part, text]) => [part, text.replaceAll('{name}', () => productName)]),
    );
  return {
    ...ours,
    signIn: { ...ours.signIn, ...wording('sign_in') },
    signUp: { ...ours.signUp, ...wording('sign_up') },
    verifyEmail: { ...ours.verifyEmail, ...wording('verify_email') },
    resetPassword: { ...ours.resetPassword, ...wording('reset_password') },
    invite: { ...ours.invite, ...wording('invite') },
    enrol: { ...ours.enrol, ...wording('enrol') },
    noPassword: { ...ours.noPassword, ...wording('no_password') },
    accountThere: { ...ours.accountThere, ...wording('account_there') },
    notices: {
      ...ours.notices,
      ...Object.fromEntries(MAILED_EVENTS.map((event) => [event, { ...ours.notices[event], ...wording(event) }])),
    },
  };
}

function named<Words extends MailWords['invite']>(words: Words, name: string): Words {
  const { subject, heading, lead } = words;
  const fill = (text: string): string => text.replaceAll('{name}', () => name);
  return { ...words, subject: fill(subject), heading: fill(heading), lead: fill(lead) };
}
