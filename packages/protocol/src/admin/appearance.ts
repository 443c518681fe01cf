import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { choice, flag, list, maybe, object, type Shape, text } from './shape.ts';
import type { Items } from './users.ts';

export type AppearanceLocale = 'en' | 'zh-CN';
export type Theme = 'light' | 'dark';

/** Name, mark, accent and words as hufu.yaml has them under `policies.appearance`. What is absent is ours. */
export interface AppearanceSettings {
  readonly name?: string;
  readonly mark?: string;
  readonly accent?: string;
  readonly terms?: string;
  readonly privacy?: string;
  readonly support?: string;
  readonly note?: Readonly<Partial<Record<AppearanceLocale, string>>>;
}

export type PreviewedPage = 'signin' | 'consent' | 'device' | 'account' | 'mail';

/** How a page of ours would look. */
export interface AppearanceQuestion {
  readonly page: PreviewedPage;
  readonly locale: AppearanceLocale;
  readonly theme: Theme;
  readonly appearance: AppearanceSettings;
}

/** An accent as a theme shows it. */
export interface AccentView {
  readonly colour: string;
  /** The least contrast with what it stands on, as `4.51`. */
  readonly contrast: string;
  /** The one that was asked for cannot be read there, and this one stands in for it. */
  readonly adapted: boolean;
}

export interface AppearancePreview {
  readonly html: string;
  readonly yaml: string;
  readonly accent?: { readonly day: AccentView; readonly night: AccentView };
}

/** A mail that people get. */
export interface MailTemplateView {
  readonly name: string;
  /** `ask`: with something to do. `tell`: in the place of one. `notice`: what has happened to an account. */
  readonly kind: 'ask' | 'tell' | 'notice';
  readonly setting: string;
  /** Languages in which hufu.yaml has words of its own. */
  readonly changed: readonly string[];
}

export interface MailSample {
  readonly name: string;
  readonly locale: AppearanceLocale;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What hufu.yaml would say to have these words, to begin with. */
  readonly yaml: string;
  readonly changed: boolean;
}

const LOCALE_WORDS: readonly AppearanceLocale[] = ['en', 'zh-CN'];
const PAGES: readonly PreviewedPage[] = ['signin', 'consent', 'device', 'account', 'mail'];

const settings: Shape<AppearanceSettings> = object<AppearanceSettings>('AppearanceSettings', {
  name: maybe(text('What the service calls itself.', { max: 200 })),
  mark: maybe(text('A PNG as data:image/png;base64,….', { max: 60_000 })),
  accent: maybe(text('As #rrggbb.', { max: 20 })),
  terms: maybe(text('Address of its terms.', { max: 4_096 })),
  privacy: maybe(text('Address of its privacy policy.', { max: 4_096 })),
  support: maybe(text('Address where people get help.', { max: 4_096 })),
  note: maybe(
    object<NonNullable<AppearanceSettings['note']>>('', {
      en: maybe(text('On the sign-in page, in English.', { max: 1_000 })),
      'zh-CN': maybe(text('In Chinese.', { max: 1_000 })),
    }),
  ),
});

const accent: Shape<AccentView> = object<AccentView>('Accent', {
  colour: text('As it is shown.'),
  contrast: text('The least that it has with what it stands on: 4.5 at least (WCAG 2.2).'),
  adapted: flag('Whether it stands in for one that cannot be read there.'),
});

export interface AppearanceOperations {
  readonly 'appearance.get': Operation<never, Nothing, undefined, AppearanceSettings>;
  readonly 'appearance.preview': Operation<never, Nothing, AppearanceQuestion, AppearancePreview>;
  readonly 'mail.templates.list': Operation<never, Nothing, undefined, Items<MailTemplateView>>;
  readonly 'mail.templates.get': Operation<'template', { readonly locale?: AppearanceLocale }, undefined, MailSample>;
}

export const APPEARANCE_OPERATIONS: AppearanceOperations = {
  'appearance.get': {
    method: 'GET',
    path: '/appearance',
    summary: 'What pages and mails look like, as hufu.yaml has it under policies.appearance.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: settings },
  },
  'appearance.preview': {
    method: 'POST',
    path: '/appearance/preview',
    summary: 'A page as it would look, and what hufu.yaml would say for it. Nothing is changed, and the page is nowhere but in this reply.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    body: object<AppearanceQuestion>('AppearanceQuestion', {
      page: choice('Which page, or a mail.', PAGES),
      locale: choice('In which language.', LOCALE_WORDS),
      theme: choice('By day or by night.', ['light', 'dark']),
      appearance: settings,
    }),
    reply: {
      status: 200,
      body: object<AppearancePreview>('AppearancePreview', {
        html: text('A whole document with everything in it. It is to be shown without scripts, in a frame of its own origin.'),
        yaml: text('For hufu.yaml.'),
        accent: maybe(object<NonNullable<AppearancePreview['accent']>>('', { day: accent, night: accent })),
      }),
    },
  },
  'mail.templates.list': {
    method: 'GET',
    path: '/mail/templates',
    summary: 'Mails that people get.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: {
      status: 200,
      body: object<Items<MailTemplateView>>('MailTemplateList', {
        items: list(
          'All there are.',
          object<MailTemplateView>('MailTemplate', {
            name: text('Its name in hufu.yaml.'),
            kind: choice('`ask`: with something to do. `tell`: in the place of one. `notice`: what has happened to an account.', [
              'ask',
              'tell',
              'notice',
            ]),
            setting: text('Where hufu.yaml has words of its own for it.'),
            changed: list('Languages in which it has them.', text('A language.')),
          }),
        ),
      }),
    },
  },
  'mail.templates.get': {
    method: 'GET',
    path: '/mail/templates/{template}',
    summary: 'A mail as people get it, with a sample of what is filled in.',
    role: 'read',
    effect: 'read',
    params: { template: text('Its name.', { min: 1, max: 64 }) },
    query: object<{ readonly locale?: AppearanceLocale }>('', {
      locale: maybe(choice('In which language; English where it is left out.', LOCALE_WORDS)),
    }),
    reply: {
      status: 200,
      body: object<MailSample>('MailSample', {
        name: text('Its name in hufu.yaml.'),
        locale: choice('Its language.', LOCALE_WORDS),
        subject: text('Its subject.'),
        text: text('As plain text.'),
        html: text('As a document. It is to be shown without scripts.'),
        yaml: text('Its words as hufu.yaml would have them: to be changed from there.'),
        changed: flag('Whether some of them are from hufu.yaml.'),
      }),
    },
  },
};
