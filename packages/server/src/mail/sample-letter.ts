import type { Locale } from '@hufu/protocol/locale';
import { MAILED_EVENTS } from '../accounts/user-event-kinds.ts';
import type { MailTemplateName } from '../config/config.ts';
import { WAYS } from './ask-by-mail.ts';
import type { Written } from './letter.ts';
import { writeAccountThere } from './templates/account-there.ts';
import { type AskKind, writeAsk } from './templates/ask.ts';
import { writeNoPassword } from './templates/no-password.ts';
import { writeNotice } from './templates/notice.ts';
import type { MailGround } from './words/words-for.ts';

const ASKS: Readonly<Partial<Record<MailTemplateName, AskKind>>> = {
  sign_in: 'signIn',
  sign_up: 'signUp',
  verify_email: 'verifyEmail',
  reset_password: 'resetPassword',
  invite: 'invite',
  enrol: 'enrol',
};
/** 2026-01-01, about noon. */
const NOW = 1_767_268_800;

/** A mail as somebody gets it, with a code that is none, a link that leads to a page that says so, and a device that nobody has. */
export function sampleLetter(ground: MailGround, template: MailTemplateName, locale: Locale): Written {
  const kind = ASKS[template];
  if (kind !== undefined) {
    const { path, seconds, code } = WAYS[kind];
    return writeAsk(ground, kind, locale, {
      code: code === 'code' ? '12345678' : undefined,
      path: path && `${path}?link=sample&ui_locales=${locale}`,
      lifetimeSeconds: seconds,
    });
  }
  if (template === 'no_password') return writeNoPassword(ground, locale);
  if (template === 'account_there') return writeAccountThere(ground, locale);
  return writeNotice(ground, eventOf(template), locale, { device: 'Firefox 140 · Linux' }, NOW);
}

function eventOf(template: MailTemplateName): Parameters<typeof writeNotice>[1] {
  const event = MAILED_EVENTS.find((one) => one === template);
  if (event === undefined) throw new TypeError(`there is no mail ${template}`);
  return event;
}
