import { LOCALES, type Locale } from '@hufu/protocol/locale';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { MAILED_EVENTS } from '../accounts/user-event-kinds.ts';
import { accentOf, readColour } from '../appearance/accent.ts';
import { MAX_PNG_BYTES, readPng } from '../appearance/png.ts';
import { object, optional, withDefault } from './collection-shapes.ts';
import type { Appearance, MailTemplateName, MailWording } from './config.ts';
import { findText } from './node.ts';
import { textAs } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';

/** Every mail that there is, by the name that hufu.yaml has for it. */
export const MAIL_TEMPLATES: readonly MailTemplateName[] = [
  'sign_in',
  'sign_up',
  'verify_email',
  'reset_password',
  'invite',
  'enrol',
  'no_password',
  'account_there',
  ...MAILED_EVENTS,
];

const MAX_NAME = 40;
const MAX_NOTE = 300;
const MAX_SUBJECT = 120;
const MAX_HEADING = 80;
const MAX_LEAD = 400;
/** Control, formatting and private characters: what is written stands there as it is. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
/** What mail programs make a link of: links of mails are ours alone. */
const ADDRESS_LIKE = /@|:\/\/|www\.|[\p{L}\p{N}-]\.\p{L}{2}/iu;

const plain = (maxLength: number): Shape<string> =>
  textAs({
    allowed: ['one line of plain text'],
    maxLength,
    read: (value) => (INVISIBLE.test(value) || value.trim() !== value ? new Refused('is not one line of plain text') : value),
  });

/** Words of a mail: `{name}` is what the service calls itself, and there is nothing else to fill in. */
const mailText = (maxLength: number): Shape<string> =>
  textAs({
    allowed: ['one line of plain text, with {name} for the name of the service'],
    maxLength,
    read(value) {
      if (INVISIBLE.test(value) || value.trim() !== value) return new Refused('is not one line of plain text');
      const bare = value.replaceAll('{name}', '');
      const unknown = /\{[^{}]*\}|[{}]/.exec(bare)?.[0];
      if (unknown !== undefined) return new Refused(`has ${unknown}, which nothing stands for: there is {name}`);
      // The name stands in words of its own: beside a dot it would be a part of an address.
      return ADDRESS_LIKE.test(value.replaceAll('{name}', 'name'))
        ? new Refused('has an address: links of mails are the server’s own')
        : value;
    },
  });

const link: Shape<string> = textAs({
  allowed: ['https://…'],
  maxLength: 2_048,
  read(value) {
    const fault = findWebUriFault(value);
    return fault === undefined ? value : new Refused(fault);
  },
});

const mark: Shape<string> = textAs({
  allowed: [`data:image/png;base64,… of ${MAX_PNG_BYTES} bytes at most`],
  maxLength: 60_000,
  read(value) {
    const png = readPng(value);
    return typeof png === 'string' ? new Refused(png) : value;
  },
});

const hex: Shape<string> = textAs({
  allowed: ['#rrggbb'],
  pattern: '^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$',
  maxLength: 7,
  read: (value) => readColour(value) ?? new Refused('is not a colour'),
});

/** No colour can be read both by day and by night: where one cannot, the nearest that can stands in for it. One that is shown as it is in neither theme is worth a word. */
const accent: Shape<string> = {
  schema: hex.schema,
  read(node, spot) {
    const value = hex.read(node, spot);
    const colour = readColour(findText(node) ?? '');
    if (colour === undefined) return value;
    const { day, night } = accentOf(colour);
    if (day.adapted && night.adapted)
      spot.warn(node, `can be read neither by day nor by night: ${day.colour} and ${night.colour} stand in for it`);
    return value;
  },
};

/** One value for each language that has one. */
function byLocale<T>(shape: Shape<T>, doc: string): Shape<Readonly<Partial<Record<Locale, T>>>> {
  return object({
    keys: Object.fromEntries(LOCALES.map((locale) => [locale, optional(shape, `${doc} In ${locale}.`)])),
    build: (values) => withoutAbsent(values),
  });
}

const wording: Shape<MailWording> = object({
  keys: {
    subject: optional(mailText(MAX_SUBJECT), 'Subject.'),
    heading: optional(mailText(MAX_HEADING), 'Heading.'),
    lead: optional(mailText(MAX_LEAD), 'The sentence or two that say why it came.'),
  },
  build: (values) => withoutAbsent(values),
});

const mails: Shape<Appearance['mails']> = object({
  keys: Object.fromEntries(
    MAIL_TEMPLATES.map((name) => [name, optional(byLocale(wording, 'Words that stand instead of ours.'), `The mail ${name}.`)]),
  ),
  build: (values) => withoutAbsent(values),
});

/** `policies.appearance`: name, mark, accent and words of the pages where people are. Nothing of it is markup, and nothing is loaded from anybody else. */
export const appearanceShape: Shape<Appearance> = object({
  keys: {
    name: optional(plain(MAX_NAME), 'What the service calls itself on its pages and in its mails; Hufu by default.'),
    mark: optional(
      mark,
      `Picture beside the name, 28 pixels high on pages: a PNG as data:image/png;base64,… of ${MAX_PNG_BYTES} bytes at most. Best as \${VARIABLE}.`,
    ),
    accent: optional(
      accent,
      'Colour of buttons and links, as #rrggbb. Where it cannot be read, by day or by night, the nearest one that can stands in for it.',
    ),
    terms: optional(link, 'Address of the terms of the service, at the foot of its pages.'),
    privacy: optional(link, 'Address of its privacy policy.'),
    support: optional(link, 'Address where people get help.'),
    note: withDefault(byLocale(plain(MAX_NOTE), 'Plain text.'), {}, 'A sentence or two on the sign-in page, by language.'),
    mails: withDefault(
      mails,
      {},
      'Words of mails instead of ours, by template and language. Links, codes and what to do if it was somebody else stay ours.',
    ),
  },
  build: ({ name, mark, accent, terms, privacy, support, note, mails }) => ({
    ...withoutAbsent({ name, mark, accent, terms, privacy, support }),
    note,
    mails,
  }),
});

type Present<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

function withoutAbsent<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
