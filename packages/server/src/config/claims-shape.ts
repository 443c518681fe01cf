import { object, optional } from './collection-shapes.ts';
import type { MapNode } from './node.ts';
import { flag, text, textAs, wholeNumber } from './scalar-shapes.ts';
import { FAILED, type Failed, Refused, type Shape, type Spot } from './shape.ts';

const words = text(1000);

const webAddress: Shape<string> = textAs({
  allowed: ['an http or https URL'],
  pattern: '^https?://',
  maxLength: 2048,
  read: (value) => (/^https?:\/\/\S+$/.test(value) && URL.canParse(value) ? value : new Refused('is not a URL')),
});

const emailAddress: Shape<string> = textAs({
  allowed: ['name@domain'],
  pattern: '@',
  maxLength: 254,
  read: (value) => (/^[^\s@]+@[^\s@]+$/.test(value) ? value : new Refused('is not an email address')),
});

const birthdate: Shape<string> = textAs({
  allowed: ['YYYY-MM-DD', '0000-MM-DD', 'YYYY'],
  pattern: '^\\d{4}(-\\d{2}-\\d{2})?$',
  read: (value) => (isBirthdate(value) ? value : new Refused('is not a date')),
});

/** OpenID Connect Core §2: at most 255 ASCII characters. */
const subject: Shape<string> = textAs({
  allowed: ['1 to 255 visible ASCII characters'],
  pattern: '^[\\x21-\\x7e]+$',
  maxLength: 255,
  read: (value) => (isSubject(value) ? value : new Refused('holds a character that a subject cannot hold')),
});

/** Whether a text may be a subject identifier: 1 to 255 visible characters of ASCII (OpenID Connect Core §2). */
export function isSubject(value: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(value);
}

/** OpenID Connect Core §5.1.1. */
const address: Shape<Readonly<Record<string, unknown>>> = object({
  keys: {
    formatted: optional(words, 'Full mailing address.'),
    street_address: optional(words, 'Street, house number, post office box; may have several lines.'),
    locality: optional(words, 'City.'),
    region: optional(words, 'State, province or prefecture.'),
    postal_code: optional(words, 'Postal code; in quotes where it is all digits.'),
    country: optional(words, 'Country.'),
  },
  build: withoutAbsent,
});

/** Claims that there may be translations of, by language tag (BCP 47). */
const TRANSLATED = /^(name|given_name|family_name|middle_name|nickname|profile|picture|website)#[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$/;

/** The standard claims of OpenID Connect Core §5.1 with their types. An unknown claim is refused: nobody would ever be given it. */
export const claimsShape: Shape<Readonly<Record<string, unknown>>> = object({
  keys: {
    sub: optional(subject, 'Subject identifier: never to be changed or given to somebody else. Made at random where it is absent.'),
    name: optional(words, 'Full name as it is displayed.'),
    given_name: optional(words, 'Given name or names.'),
    family_name: optional(words, 'Family name or names.'),
    middle_name: optional(words, 'Middle name or names.'),
    nickname: optional(words, 'Casual name.'),
    preferred_username: optional(words, 'Name that the user wants to be called by.'),
    profile: optional(webAddress, 'URL of the profile page.'),
    picture: optional(webAddress, 'URL of a picture of the user.'),
    website: optional(webAddress, 'URL of a page of the user.'),
    email: optional(emailAddress, 'Preferred email address.'),
    email_verified: optional(flag, 'Whether the address was verified to be the user’s.'),
    gender: optional(words, 'Gender: female, male or another text.'),
    birthdate: optional(birthdate, 'Birthday: YYYY-MM-DD, 0000-MM-DD without the year, or YYYY alone (in quotes).'),
    zoneinfo: optional(words, 'Time zone, as Europe/Paris.'),
    locale: optional(words, 'Language and region, as en-GB.'),
    phone_number: optional(words, 'Preferred telephone number, best as "+8613800000000" (in quotes).'),
    phone_number_verified: optional(flag, 'Whether the number was verified to be the user’s.'),
    address: optional(address, 'Preferred postal address.'),
    updated_at: optional(wholeNumber(0, 253_402_300_799), 'When the claims last changed, in seconds since 1970.'),
  },
  variants: TRANSLATED,
  check: readTranslated,
  build: (values, translated) => ({ ...withoutAbsent(values), ...translated }),
});

/** `name#zh-CN`: the claim in a language (OpenID Connect Core §5.2). */
function readTranslated(node: MapNode, spot: Spot): Readonly<Record<string, unknown>> | Failed {
  const read = node.entries
    .filter(({ key }) => TRANSLATED.test(key))
    .map(({ key, value }) => [key, words.read(value, spot.at(key))] as const);
  return read.some(([, value]) => value === FAILED) ? FAILED : Object.fromEntries(read);
}

function withoutAbsent(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function isBirthdate(value: string): boolean {
  const match = /^\d{4}(?:-(\d{2})-(\d{2}))?$/.exec(value);
  if (match === null) return false;
  const [month, day] = [Number(match[1] ?? 1), Number(match[2] ?? 1)];
  const lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (lengths[month - 1] ?? 0);
}
