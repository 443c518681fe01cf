import type {
  AccentView,
  AppearanceOperations,
  AppearanceQuestion,
  AppearanceSettings,
  MailTemplateView,
} from '@hufu/protocol/admin/appearance';
import { LOCALES } from '@hufu/protocol/locale';
import { stringify } from 'yaml';
import { accentOf, readColour, type ThemeAccent } from '../../appearance/accent.ts';
import { samplePage } from '../../appearance/sample-page.ts';
import { MAIL_TEMPLATES } from '../../config/appearance-shape.ts';
import type { Appearance, MailTemplateName } from '../../config/config.ts';
import type { Json } from '../../config/node.ts';
import { readAppearance } from '../../config/read-appearance.ts';
import { sampleLetter } from '../../mail/sample-letter.ts';
import { wordingOf } from '../../mail/words/words-for.ts';
import type { Perform } from '../call.ts';
import { invalid, notFound } from '../refusal.ts';

/** What pages and mails look like. hufu.yaml owns it: here it is looked at, and tried on. */
export const APPEARANCE: { readonly [N in keyof AppearanceOperations]: Perform<N> } = {
  'appearance.get': async ({ ctx }) => ({ body: settingsOf(ctx.config.policies.appearance) }),

  'appearance.preview': async ({ ctx, body }) => {
    const { page, locale, theme } = body;
    // Words of mails are not asked for: those that hold stay.
    const appearance = { ...requireAppearance(body), mails: ctx.config.policies.appearance.mails };
    const colour = readColour(appearance.accent ?? '');
    const accent = colour === undefined ? undefined : accentOf(colour);
    return {
      body: {
        html: samplePage(page, { appearance, issuer: ctx.issuer, locale, theme }),
        yaml: yamlOf(settingsOf(appearance)),
        ...(accent !== undefined && { accent: { day: accentView(accent.day), night: accentView(accent.night) } }),
      },
    };
  },

  'mail.templates.list': async ({ ctx }) => ({
    body: { items: MAIL_TEMPLATES.map((name) => templateView(ctx.config.policies.appearance, name)) },
  }),

  'mail.templates.get': async ({ ctx, params, query }) => {
    const { locale = 'en' } = query;
    const name = MAIL_TEMPLATES.find((one) => one === params.template);
    if (name === undefined) throw notFound('mail');
    const { subject, text, html } = sampleLetter(ctx, name, locale);
    const words = wordingOf(ctx, name, locale);
    const { mails } = ctx.config.policies.appearance;
    return {
      body: {
        name,
        locale,
        subject,
        text,
        html,
        yaml: yamlOf({ mails: { [name]: { [locale]: words } } }),
        changed: mails[name]?.[locale] !== undefined,
      },
    };
  },
};

function requireAppearance({ appearance }: AppearanceQuestion): Appearance {
  // What came as JSON is JSON.
  const read = readAppearance(appearance as Json);
  if (read.kind === 'appearance') return read.appearance;
  throw invalid(read.faults.map(({ path, message }) => ({ pointer: `/appearance/${path.replaceAll('.', '/')}`, detail: message })));
}

/** Without the words of mails, which are told mail by mail. */
function settingsOf(appearance: Appearance): AppearanceSettings {
  const settings = Object.entries(appearance).filter(
    ([name]) => name !== 'mails' && (name !== 'note' || Object.keys(appearance.note).length > 0),
  );
  return Object.fromEntries(settings);
}

function templateView({ mails }: Appearance, name: MailTemplateName): MailTemplateView {
  const kind = ASKS.has(name) ? 'ask' : name === 'no_password' || name === 'account_there' ? 'tell' : 'notice';
  return {
    name,
    kind,
    setting: `policies.appearance.mails.${name}`,
    changed: LOCALES.filter((locale) => mails[name]?.[locale] !== undefined),
  };
}

const ASKS: ReadonlySet<MailTemplateName> = new Set(['sign_in', 'sign_up', 'verify_email', 'reset_password', 'invite', 'enrol']);

function accentView({ colour, contrast, adapted }: ThemeAccent): AccentView {
  return { colour, contrast: contrast.toFixed(2), adapted };
}

/** To be pasted into hufu.yaml, where a `$` begins a variable. */
function yamlOf(appearance: unknown): string {
  const escaped: unknown = JSON.parse(JSON.stringify({ policies: { appearance } }).replaceAll('$', '$$$$'));
  return stringify(escaped, { lineWidth: 0 });
}
