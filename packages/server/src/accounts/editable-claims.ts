import { displayText } from '../interaction/pages/display-text.ts';

/** Standard claims (OpenID Connect Core §5.1) that people may set themselves, as `policies.profile.editable` lists them. */
export const EDITABLE_CLAIMS = [
  'name',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'preferred_username',
  'email',
  'phone_number',
  'birthdate',
  'gender',
  'website',
  'profile',
  'picture',
  'address',
  'zoneinfo',
  'locale',
] as const;

export type EditableClaim = (typeof EDITABLE_CLAIMS)[number];

/** Those that are typed into one field each; an address has its own way (a mail first). */
export type FieldClaim = Exclude<EditableClaim, 'address' | 'email'>;

/** Members of the `address` claim (OpenID Connect Core §5.1.1) that are fields; `formatted` follows from them. */
export const ADDRESS_PARTS = ['street_address', 'postal_code', 'locality', 'region', 'country'] as const;

export type AddressPart = (typeof ADDRESS_PARTS)[number];

export type ClaimFault = 'too_long' | 'characters' | 'not_an_address' | 'not_a_date' | 'not_a_number' | 'not_listed';

/** Characters of a name; the longest are shorter. */
const MAX_NAME = 100;
const MAX_ADDRESS = 2_048;

/** What somebody typed for a claim: '' where they want it gone. */
export type ReadClaim = { readonly kind: 'value'; readonly value: string } | { readonly kind: 'fault'; readonly fault: ClaimFault };

/** Judges one field, before it is ever shown to an app. */
export function readClaim(claim: FieldClaim | AddressPart, typed: string): ReadClaim {
  // A bound on the work, before anything is looked at.
  if (typed.length > MAX_ADDRESS) return fault('too_long');
  const text = typed.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (text === '') return { kind: 'value', value: '' };
  switch (claim) {
    case 'website':
    case 'profile':
    case 'picture':
      return isWebAddress(text) ? { kind: 'value', value: text } : fault('not_an_address');
    case 'birthdate':
      return isDate(text) ? { kind: 'value', value: text } : fault('not_a_date');
    case 'phone_number':
      return readPhoneNumber(text);
    case 'zoneinfo':
      return isTimeZone(text) ? { kind: 'value', value: text } : fault('not_listed');
    case 'locale':
      return isLanguageTag(text) ? { kind: 'value', value: text } : fault('not_listed');
    default:
      return readWords(text);
  }
}

/** Names that a browser shows as they are: nothing that reorders or hides letters (attacks XSS-05). */
function readWords(text: string): ReadClaim {
  if (Array.from(text).length > MAX_NAME) return fault('too_long');
  return displayText(text, MAX_NAME) === text ? { kind: 'value', value: text } : fault('characters');
}

/** Apps put it into a link or an image: https, and nothing that deceives. */
function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && /^[\x21-\x5b\x5d-\x7e]+$/.test(text);
}

/** OpenID Connect Core §5.1: a day, a day of no year (`0000-…`), or a year. */
function isDate(text: string): boolean {
  const [, year = '', month, day] = /^(\d{4})(?:-(\d{2})-(\d{2}))?$/.exec(text) ?? [];
  if (year === '') return false;
  if (month === undefined || day === undefined) return Number(year) >= 1850;
  const leap = year === '0000' ? '2000' : year;
  const at = new Date(`${leap}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(5, 10) === `${month}-${day}` && (year === '0000' || Number(year) >= 1850);
}

/** E.164, with the spaces that people type taken out. */
function readPhoneNumber(text: string): ReadClaim {
  const number = text.replace(/[\s().-]/gu, '');
  return /^\+[1-9]\d{5,14}$/.test(number) ? { kind: 'value', value: number } : fault('not_a_number');
}

/** Names of time zones, as the runtime knows them. */
export function timeZones(): readonly string[] {
  return Intl.supportedValuesOf('timeZone');
}

function isTimeZone(text: string): boolean {
  return timeZones().includes(text);
}

/** BCP 47, as short as browsers send it. */
function isLanguageTag(text: string): boolean {
  return text.length <= 35 && /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/.test(text);
}

function fault(why: ClaimFault): ReadClaim {
  return { kind: 'fault', fault: why };
}
